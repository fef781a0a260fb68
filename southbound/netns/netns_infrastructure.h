// Real infrastructure on Linux: each function a network namespace, links of bridges, veth pairs and
// VXLAN, packet filters, and servers that run in them.
//
// What is made outlives the driver, and is found again by what is in its directory and in the
// kernel (R27): nothing else is remembered. Needs neither `ip` nor `nft` nor a PATH; needs root, or
// a user namespace with the rights to its network.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/log.h"
#include "base/result.h"
#include "southbound/leaf/infrastructure.h"
#include "southbound/netns/config.h"

namespace terrace {

// All on the executor's strand; the work itself on threads of its own, several holds at once, and
// what concerns one hold in the order asked for. Destroyed once the executor has stopped, or when
// nothing is under way; takes as long as what is under way.
class NetnsInfrastructure final : public Infrastructure {
 public:
  // Blocks, some milliseconds. Finds out whether this machine can: PERMISSION_DENIED
  // "linux.permission", UNIMPLEMENTED "linux.unsupported", FAILED_PRECONDITION "netns.no-program"
  // (with the package to install), "netns.no-interface", "netns.no-vtep", INVALID_ARGUMENT
  // "netns.run-dir". Makes a bridge for each attachment, which stays. The executor outlives it.
  static Result<std::unique_ptr<NetnsInfrastructure>> open(NetnsConfig config, Executor& executor,
                                                           Log log);
  ~NetnsInfrastructure() override;
  NetnsInfrastructure(const NetnsInfrastructure&) = delete;
  NetnsInfrastructure& operator=(const NetnsInfrastructure&) = delete;

  driver::v1::Inventory inventory() const override;
  // Refuses what cannot be made before anything is touched: "netns.no-function",
  // "netns.no-attachment", "netns.no-port", "netns.encapsulation", "function.bad-parameter",
  // "function.bad-shape". DEADLINE_EXCEEDED or ABORTED "netns.not-serving", with what the program
  // wrote.
  void apply(const driver::v1::DesiredPart& part, Reply<driver::v1::AppliedPart> reply) override;
  void remove(const std::string& hold_id, std::function<void(Status)> reply) override;
  // Kinds "netns", "bridge", "veth", "vxlan", "process" and "file". What belongs to no hold that
  // the directory tells of carries "stray:<name>", which `remove` takes.
  void inspect(std::optional<std::string> hold_id, Reply<std::vector<v1::Resource>> reply) override;
  void probe(const driver::v1::ProbeOrder& order, Reply<v1::ProbeResult> reply) override;

 private:
  class Impl;
  explicit NetnsInfrastructure(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace terrace
