// Where the driver works: the site's namespace with its attachments and WAN ports, the driver's
// directory, and the functions it can run. Constant once opened; any thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "linux/netns.h"
#include "southbound/netns/config.h"
#include "southbound/netns/functions/function.h"
#include "southbound/netns/run_dir.h"

namespace terrace::netns {

class Site {
 public:
  // Checks that the machine can, makes the attachments' bridges (they stay; a second time changes
  // nothing). Blocks. As NetnsInfrastructure::open.
  static Result<std::unique_ptr<Site>> open(NetnsConfig config);

  const NetnsConfig& config() const { return config_; }
  const kernel::NetNs& ns() const { return ns_; }
  const RunDir& run() const { return run_; }
  const driver::v1::Inventory& inventory() const { return inventory_; }

  // By the inventory's ids. NOT_FOUND "netns.no-function", "netns.no-attachment", "netns.no-port".
  Result<const Function*> function(const std::string& name) const;
  Result<const NetnsAttachment*> attachment(const std::string& id) const;
  Result<const NetnsWanPort*> wan_port(const std::string& id) const;

 private:
  Site(NetnsConfig config, kernel::NetNs ns, RunDir run)
      : config_(std::move(config)), ns_(std::move(ns)), run_(std::move(run)) {}
  Status choose_functions();
  Status join_attachments() const;
  Status check_wan_ports() const;
  void take_stock();

  NetnsConfig config_;
  kernel::NetNs ns_;
  RunDir run_;
  std::map<std::string, std::unique_ptr<Function>> function_;
  driver::v1::Inventory inventory_;
};

}  // namespace terrace::netns
