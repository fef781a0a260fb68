// Platforms in one process, in a few lines:
//
//   Sandbox sandbox(seed);
//   sandbox.leaf("edge", {"firewall"}, {"ap-client"});
//   sandbox.platform("regional", {"edge"}, {"nat", "loadbalancer"});
//   sandbox.leaf("wholesale", {"web"});
//   sandbox.platform("top", {"regional", "wholesale"});
//   sandbox.up();
//   Hold hold = sandbox.instantiate("top", sandbox.web_shop());
//
// Each is a whole platform (store, engine or leaf, book, decorators, lifecycle, dispatch) on a
// strand of its own over simulated time; parents reach children as over the network, by
// RemotePlatform and the API's own bytes. Infrastructure is emulated, on one underlay "wan", and
// outlives its daemon.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/platform_stack.h"
#include "northbound/dispatch.h"
#include "northbound/local_channel.h"
#include "southbound/emulated/emulated_infrastructure.h"
#include "southbound/emulated/underlay.h"
#include "southbound/remote/remote_platform.h"
#include "store/memory_store.h"
#include "tests/support/sim_channel.h"

namespace terrace {

struct SandboxOptions {
  Duration hold_life = std::chrono::seconds(60);
  Duration commit_deadline = std::chrono::seconds(60);
  Duration hold_patience = std::chrono::seconds(10);
  std::size_t max_depth = 64;
};

class Sandbox {
 public:
  explicit Sandbox(std::uint64_t seed = 1, SandboxOptions options = {});
  ~Sandbox();

  // A platform of infrastructure alone, with these functions (10 instances each) and attachment
  // points. `price`: of one instance, a month.
  void leaf(const std::string& name, const std::vector<std::string>& functions,
            const std::vector<std::string>& attachments = {}, const std::string& price = "10");
  // One with children, and infrastructure of its own when it has functions. `margin`: percent.
  void platform(const std::string& name, const std::vector<std::string>& children,
                const std::vector<std::string>& functions = {},
                const std::vector<std::string>& attachments = {}, const std::string& margin = "10");
  // Before up(): the node's inventory, to change.
  EmulatedConfig& infrastructure(const std::string& name);
  // From the node's next start: what an instance of that function costs there a month.
  void price(const std::string& name, const std::string& function, const std::string& amount);

  // Starts all, and runs until every platform publishes what its children offer.
  void up();
  void kill(const std::string& name);
  void restart(const std::string& name);
  bool is_up(const std::string& name) const;
  // Of one that is down: its disk is lost. Its infrastructure lives on.
  void lose_store(const std::string& name);

  PlatformStack& stack(const std::string& name);
  EmulatedInfrastructure& driver(const std::string& name);
  SimChannel& channel(const std::string& parent, const std::string& child);
  Store& store(const std::string& name);
  const std::vector<std::string>& names() const { return order_; }
  const std::vector<std::string>& children(const std::string& name) const;
  SimExecutor& sim() { return sim_; }
  bool run_until(const std::function<bool()>& predicate, Duration limit = std::chrono::minutes(10));

  // The order of examples/three-tier: client, firewall, NAT, load balancer, two web servers.
  v1::Fragment web_shop() const;
  // A customer's calls at that platform, run until answered.
  Result<v1::Hold> hold(const std::string& at, const v1::PlaceHoldRequest& request);
  Result<v1::Hold> commit(const std::string& at, const std::string& hold_id);
  Result<v1::Hold> release(const std::string& at, const std::string& hold_id);
  // Hold and commit in one; the settled hold.
  Result<v1::Hold> instantiate(const std::string& at, const v1::Fragment& order,
                               const std::string& id = "");
  // The answer to a dry hold.
  Result<v1::Hold> plan(const std::string& at, const v1::Fragment& order);
  // An order for nine instances of one function, and nothing else: leaves one of ten.
  v1::PlaceHoldRequest take_all(const std::string& function);
  std::string new_id();
  v1::Catalogue catalogue(const std::string& name);

  // Empty when nothing is left anywhere of what is not COMMITTED (or, with `all`, of anything):
  // else what is left, a line each.
  std::vector<std::string> leftovers(bool all = true);
  // Runs until there are none, or the limit.
  bool clean(bool all = true);

 private:
  struct Node;

  Node& node(const std::string& name);
  void boot(Node& node);
  LeafConfig leaf_config(const Node& node) const;
  template <class R>
  Result<R> wait(const std::function<void(Reply<R>)>& call);

  const SandboxOptions options_;
  SimExecutor sim_;
  SeededRandom random_;
  EmulatedUnderlay underlay_;
  std::vector<std::string> order_;
  std::map<std::string, std::unique_ptr<Node>> nodes_;
};

}  // namespace terrace
