// Infrastructure in memory: real in its manners (takes time, refuses, breaks), emulated in effect.
// Ships in the binary: labs and scale tests run on it. Deterministic for one seed and one order of
// calls.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/random.h"
#include "southbound/emulated/config.h"
#include "southbound/emulated/underlay.h"
#include "southbound/leaf/infrastructure.h"

namespace terrace {

// All on the executor's strand; destroyed only once it has stopped, or when nothing is under way.
class EmulatedInfrastructure final : public Infrastructure {
 public:
  // The underlay holds what is made, and is shared by all that are to reach each other; a driver
  // alone in its daemon has one of its own. All references outlive the driver.
  EmulatedInfrastructure(EmulatedConfig config, EmulatedUnderlay& underlay, Executor& executor,
                         Random& random);
  ~EmulatedInfrastructure() override;
  EmulatedInfrastructure(const EmulatedInfrastructure&) = delete;
  EmulatedInfrastructure& operator=(const EmulatedInfrastructure&) = delete;

  driver::v1::Inventory inventory() const override { return config_.inventory; }
  // Refusals as EmulatedUnderlay::put; of the configured faults UNAVAILABLE "driver.fault". With a
  // digest that is there already it changes nothing.
  void apply(const driver::v1::DesiredPart& part, Reply<driver::v1::AppliedPart> reply) override;
  void remove(const std::string& hold_id, std::function<void(Status)> reply) override;
  // A "link" for each link (name: its id) and a "function" for each VNF (name: its instance id),
  // with details "digest", "function", "address" and "packets".
  void inspect(std::optional<std::string> hold_id, Reply<std::vector<v1::Resource>> reply) override;
  void probe(const driver::v1::ProbeOrder& order, Reply<v1::ProbeResult> reply) override;

  // For tests and experiments.
  void add_fault(EmulatedFault fault) { config_.fault.push_back(std::move(fault)); }
  void clear_faults() { config_.fault.clear(); }
  void cut_link(const std::string& hold_id, const std::string& link_id, bool cut);
  void cut_wan_port(const std::string& wan_port_id, bool cut);
  // The part as it was last applied; null when there is none.
  const driver::v1::DesiredPart* part(const std::string& hold_id) const;
  std::optional<EmulatedCounters> counters(const std::string& hold_id,
                                           const std::string& vnf_profile_id,
                                           std::uint32_t index) const;
  // Calls of an operation so far.
  std::uint64_t calls(EmulatedFault::Operation operation) const;

 private:
  using Operation = EmulatedFault::Operation;

  // The fault that this call (the nth of its operation) meets; counts the call.
  const EmulatedFault* next_fault(Operation operation, const std::string& hold_id);
  void later(const EmulatedDelay& delay, std::function<void()> work);
  void after(Duration delay, std::function<void()> work);
  Result<driver::v1::AppliedPart> make(const driver::v1::DesiredPart& part);
  void start_functions(const driver::v1::DesiredPart& part);

  EmulatedConfig config_;
  EmulatedUnderlay& underlay_;
  Executor& executor_;
  Random& random_;
  const EmulatedUnderlay::SiteId site_;
  std::map<Operation, std::uint64_t> calls_;
  std::map<std::uint64_t, std::unique_ptr<Executor::Timer>> timer_;
  std::uint64_t last_timer_ = 0;
};

}  // namespace terrace
