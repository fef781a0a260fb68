#include "tests/contract/infrastructure_contract.h"

#include "base/random.h"
#include "southbound/emulated/emulated_infrastructure.h"
#include "tests/support/sim_executor.h"

namespace terrace {
namespace {

class EmulatedUnderTest final : public InfrastructureUnderTest {
 public:
  explicit EmulatedUnderTest(EmulatedDelay delay)
      : infrastructure_(config(delay), underlay_, executor_, random_) {}

  Infrastructure& infrastructure() override { return infrastructure_; }
  void on_strand(std::function<void()> work) override {
    executor_.post(std::move(work));
    executor_.run_ready();
  }
  bool run_until(std::function<bool()> predicate) override {
    return executor_.run_until(predicate, std::chrono::seconds(60));
  }

 private:
  static EmulatedConfig config(EmulatedDelay delay) {
    EmulatedConfig config;
    auto& node = *config.inventory.add_node();
    node.set_id("node-1");
    node.set_vcpus(16);
    node.set_memory_mib(4096);
    for (auto& function : emulated_functions()) *config.inventory.add_function() = function;
    config.apply_delay = config.remove_delay = config.probe_delay = delay;
    return config;
  }

  SimExecutor executor_;
  SeededRandom random_{7};
  EmulatedUnderlay underlay_;
  EmulatedInfrastructure infrastructure_;
};

InfrastructureFactory factory(const std::string& name, EmulatedDelay delay) {
  return {name, [delay] { return std::make_unique<EmulatedUnderTest>(delay); }};
}

INSTANTIATE_TEST_SUITE_P(
    Emulated, InfrastructureContract,
    ::testing::Values(factory("AtOnce", {}),
                      factory("TakingItsTime", {std::chrono::milliseconds(20),
                                                std::chrono::milliseconds(90)})),
    contract_name);

}  // namespace
}  // namespace terrace
