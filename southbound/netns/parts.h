// Parts made real and taken down: the driver's work, blocking, free of threads and executors.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "southbound/netns/plumbing.h"
#include "southbound/netns/segments.h"
#include "southbound/netns/site.h"
#include "terrace/driver/v1/driver.pb.h"
#include "terrace/v1/platform.pb.h"
#include "terrace/v1/probe.pb.h"

namespace terrace::netns {

// Any thread; never two calls for one hold at once, but inspect.
class Parts {
 public:
  explicit Parts(const Site& site) : site_(site), segments_(site) {}

  // Compares what is there with what is wanted and makes the difference (R27). What cannot be made
  // is refused before anything is touched.
  Result<driver::v1::AppliedPart> apply(const driver::v1::DesiredPart& part);
  // Until it is observed gone. `hold_id` may also be a stranger's name, as inspect gives it.
  Status remove(const std::string& hold_id);
  // As Infrastructure::inspect: kinds "netns", "bridge", "veth", "vxlan", "process", "file".
  Result<std::vector<v1::Resource>> inspect(const std::optional<std::string>& hold_id) const;
  // From a namespace made for it, plugged into the link's bridge.
  Result<v1::ProbeResult> probe(const driver::v1::ProbeOrder& order);

 private:
  struct Work;
  struct Made;

  Result<std::vector<FunctionPlan>> plan(const driver::v1::DesiredPart& part,
                                         const std::string& key) const;
  Status drop_unwanted(const Work& work);
  Status make_links(const Work& work, Fabric& fabric);
  Status plug_attachments(const Work& work, Fabric& fabric);
  Result<Made> make_function(const Work& work, int index, Fabric& fabric);
  Status make_functions(const Work& work, Fabric& fabric, driver::v1::AppliedPart& applied);
  Status drop_namespaces(const std::vector<std::string>& names) const;
  Status drop_stranger(const std::string& name);
  // All that the hold with this key has.
  Status drop_key(const std::string& key);

  const Site& site_;
  Segments segments_;
  std::atomic<std::uint32_t> probes_{0};
};

// The name that inspect gives for the hold of what no hold is known to own: "stray:<what>".
inline constexpr char kStray[] = "stray:";

}  // namespace terrace::netns
