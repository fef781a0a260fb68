// Links that continue outside. Each segment (a WAN port and a VXLAN id) has one namespace with a
// bridge and the tunnel device, whose underlay socket stays in the site; the fabrics of the holds
// that use it are plugged in there. So two holds on one link are joined locally (R10), the kernel's
// rule of one device per id and port is kept, and either may go first.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "base/result.h"
#include "linux/links.h"
#include "southbound/netns/site.h"

namespace terrace::netns {

// Any thread; calls take turns.
class Segments {
 public:
  // Learns from what is in the directory who uses what.
  explicit Segments(const Site& site);

  // Makes the segment of a stitched link as it should be (the tunnel's far ends are those of all
  // its holds) and plugs the fabric's bridge in. Refuses UNIMPLEMENTED "netns.encapsulation",
  // "netns.vxlan-port".
  Status join(const std::string& key, const driver::v1::DesiredLink& link,
              const kernel::NetNs& fabric);
  // The hold no longer uses segments other than those of these links. Where nobody else does, the
  // segment is gone when this returns. The fabric's side is the caller's.
  Status leave(const std::string& key, const driver::v1::DesiredPart& still_used);
  // Takes down a segment's namespace, used or not.
  Status drop(const std::string& namespace_name);

 private:
  // By the file name of its namespace.
  struct Segment {
    // Underlay addresses of the far ends, by the key of the hold that told them.
    std::map<std::string, std::set<std::string>> far_end;
  };
  Status make(const std::string& name, const driver::v1::DesiredLink& link);
  Status set_far_ends(kernel::Netlink& segment, const std::string& name);

  const Site& site_;
  std::mutex mutex_;
  std::map<std::string, Segment> segment_;
};

bool is_stitched(const driver::v1::DesiredLink& link);
// Its namespace's file name. Precondition: is_stitched(link).
std::string segment_of(const driver::v1::DesiredLink& link);

}  // namespace terrace::netns
