#include "tests/contract/infrastructure_contract.h"

#include <iostream>

#include "base/asio_executor.h"
#include "linux/features.h"
#include "linux/netns.h"
#include "southbound/netns/netns_infrastructure.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace terrace {
namespace {

class NetnsUnderTest final : public InfrastructureUnderTest {
 public:
  NetnsUnderTest() {
    auto site = kernel::NetNs::create(site_path());
    if (!site) return;
    NetnsConfig config;
    config.site = site_path();
    config.run_dir = directory_.path() / "run";
    auto& node = config.node.emplace_back();
    node.set_id("node-1");
    node.set_vcpus(16);
    node.set_memory_mib(4096);
    auto opened = NetnsInfrastructure::open(config, executor_, Log());
    if (opened) {
      infrastructure_ = *std::move(opened);
    } else {
      ADD_FAILURE() << describe(opened.problem());
    }
  }
  ~NetnsUnderTest() override {
    infrastructure_.reset();
    EXPECT_TRUE(kernel::NetNs::remove(site_path()).ok());
    const auto left = kernel::NetNs::list(directory_.path() / "run/ns");
    EXPECT_TRUE(left && left->empty());
  }

  Infrastructure& infrastructure() override { return *infrastructure_; }
  void on_strand(std::function<void()> work) override { run_on(executor_, work); }
  bool run_until(std::function<bool()> predicate) override {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < end) {
      bool holds = false;
      run_on(executor_, [&] { holds = predicate(); });
      if (holds) return true;
      std::this_thread::yield();
    }
    return false;
  }

 private:
  std::string site_path() const { return directory_.path() / "site"; }

  TempDir directory_;
  AsioExecutor executor_;
  std::unique_ptr<NetnsInfrastructure> infrastructure_;
};

INSTANTIATE_TEST_SUITE_P(Netns, InfrastructureContract,
                         ::testing::Values(InfrastructureFactory{
                             "Kernel", [] { return std::make_unique<NetnsUnderTest>(); }}),
                         contract_name);

}  // namespace
}  // namespace terrace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const auto features = terrace::kernel::detect_features();
  if (!features) {
    std::cout << "NOT TESTED: " << terrace::describe(features.problem()) << "\n";
    return 77;
  }
  return RUN_ALL_TESTS();
}
