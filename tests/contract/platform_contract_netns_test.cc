// The contract over a leaf whose infrastructure is real: namespaces, bridges, packet filters and
// web servers, at a site of the test's own.

#include <iostream>
#include <utility>

#include "base/asio_executor.h"
#include "daemon/platform_stack.h"
#include "linux/features.h"
#include "recursion/hold_book.h"
#include "store/memory_store.h"
#include "tests/contract/platform_contract.h"
#include "tests/support/netns_bench.h"

namespace terrace {
namespace {

NetnsConfig config_of(const std::string& site, const std::string& run_dir) {
  NetnsConfig config;
  config.site = site;
  config.run_dir = run_dir;
  auto& node = config.node.emplace_back();
  node.set_id("node-1");
  node.set_vcpus(16);
  node.set_memory_mib(4096);
  for (const char* number : {"1", "2"}) {
    auto& attachment = config.attachment.emplace_back();
    attachment.attachment.set_id(std::string("ap-") + number);
    attachment.interface = std::string("cust-") + number;
  }
  return config;
}

// A whole platform over the netns driver, at a site with two customers' ports. Its end is a test
// too: what is still held is released, and then nothing may be left of it.
class OverNetns final : public PlatformUnderTest {
 public:
  OverNetns() {
    for (const std::string number : {"1", "2"}) {
      join(site_.ns(), "cust-" + number, "", customers_.ns(), "port-" + number, "", 1500);
    }
    driver_ = must(NetnsInfrastructure::open(config_of(site_.path(), run_dir()), executor_, Log()));
    site_links_ = site_.links();
    StackOptions options;
    options.platform_id = PlatformId(id());
    options.book.pools.prefixes.push_back(*Prefix::parse("10.10.0.0/16"));
    stack_.emplace(std::move(options), store_, executor_, clock_, random_);
    stack_->set_leaf(firewall_and_web(), *driver_);
    auto started = std::make_shared<Told<bool>>();
    run_on(executor_,
           [&] { stack_->start([started](Status status) { started->push(status.ok()); }); });
    EXPECT_EQ(started->next(), true);
  }
  ~OverNetns() override {
    release_all();
    EXPECT_TRUE(run_until([this] { return open_holds().empty(); }));
    expect_no_resources();
    executor_.stop();
    EXPECT_EQ(site_.links(), site_links_);
    for (const char* below : {"/ns", "/vnf"}) {
      EXPECT_TRUE(std::filesystem::is_empty(run_dir() + below)) << below;
    }
  }

  Platform& platform() override { return stack_->platform(); }
  std::string id() override { return "site"; }
  const Clock& clock() override { return clock_; }
  void on_strand(const std::function<void()>& work) override { run_on(executor_, work); }
  bool run_until(const std::function<bool()>& predicate) override {
    return run_until_on(executor_, predicate);
  }

 private:
  std::string run_dir() const { return directory_.path() / "run"; }

  std::vector<std::string> open_holds() const {
    std::vector<std::string> open;
    for (const auto* record : stack_->book().records()) {
      if (!ended(record->hold().state())) open.push_back(record->hold().id());
    }
    return open;
  }
  void release_all() {
    run_on(executor_, [this] {
      for (const auto& id : open_holds()) {
        v1::ReleaseHoldRequest request;
        request.set_hold_id(id);
        request.set_mode(v1::ReleaseHoldRequest::UNDO);
        platform().release({}, request, [](Result<v1::Hold> released) {
          EXPECT_TRUE(released.ok()) << describe(released.problem());
        });
      }
    });
  }
  void expect_no_resources() {
    using Resources = Result<std::vector<v1::Resource>>;
    auto told = std::make_shared<Told<Resources>>();
    run_on(executor_, [&] {
      driver_->inspect({}, [told](Resources there) { told->push(std::move(there)); });
    });
    const auto there = told->next(std::chrono::seconds(60));
    ASSERT_TRUE(there && there->ok());
    for (const auto& resource : **there) ADD_FAILURE() << resource.ShortDebugString();
  }

  TempDir directory_;
  KeptNetNs site_{directory_.path() / "site"};
  KeptNetNs customers_{directory_.path() / "customers"};
  std::set<std::string> site_links_;
  SystemClock clock_;
  SeededRandom random_{7};
  AsioExecutor executor_;
  MemoryStore store_{executor_, random_};
  std::unique_ptr<NetnsInfrastructure> driver_;
  std::optional<PlatformStack> stack_;
};

INSTANTIATE_TEST_SUITE_P(Netns, PlatformContract,
                         ::testing::Values(PlatformFactory{
                             "Kernel", [] { return std::make_unique<OverNetns>(); }}),
                         platform_name);

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
