// The contract over the platforms there are: an engine over a leaf, a leaf, and a lower one over
// gRPC on a socket.

#include "tests/contract/platform_contract.h"

#include "base/asio_executor.h"
#include "northbound/grpc/server.h"
#include "rpc/grpc_channel.h"
#include "tests/support/sandbox.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace terrace {
namespace {

// One of a simulated tree's platforms.
class Simulated final : public PlatformUnderTest {
 public:
  explicit Simulated(std::string name) : name_(std::move(name)) {
    sandbox_.leaf("leaf", {"firewall", "web"}, {"ap-1", "ap-2", "ap-3"});
    sandbox_.platform("engine", {"leaf"});
    sandbox_.up();
  }
  Platform& platform() override { return sandbox_.stack(name_).platform(); }
  std::string id() override { return name_; }
  const Clock& clock() override { return sandbox_.sim(); }
  void on_strand(const std::function<void()>& work) override { work(); }
  bool run_until(const std::function<bool()>& predicate) override {
    return sandbox_.run_until(predicate, std::chrono::minutes(1));
  }

 private:
  const std::string name_;
  Sandbox sandbox_;
};

driver::v1::Inventory remote_inventory() {
  driver::v1::Inventory inventory;
  auto& node = *inventory.add_node();
  node.set_id("node");
  node.mutable_location()->set_nfvi_pop("pop");
  node.set_vcpus(64);
  node.set_memory_mib(65536);
  for (auto& function : emulated_functions()) *inventory.add_function() = function;
  for (const char* id : {"ap-1", "ap-2", "ap-3"}) inventory.add_attachment()->set_id(id);
  return inventory;
}

// A whole platform in one executor, served on a socket, and our view of it in another.
class OverGrpc final : public PlatformUnderTest {
 public:
  OverGrpc()
      : store_(far_, random_),
        driver_(emulated(), underlay_, far_, random_),
        channel_(near_, address()) {
    StackOptions options;
    options.platform_id = PlatformId("lower");
    options.book.pools.prefixes.push_back(*Prefix::parse("10.10.0.0/16"));
    stack_.emplace(std::move(options), store_, far_, clock_, random_);
    stack_->set_leaf(firewall_and_web(), driver_);
    auto started = std::make_shared<Told<bool>>();
    run_on(far_, [&] { stack_->start([started](Status status) { started->push(status.ok()); }); });
    EXPECT_EQ(started->next(), true);
    run_on(far_, [&] { dispatch_.emplace(far_, stack_->api()); });
    auto server = GrpcServer::start(far_, *dispatch_, {.listen = {address()}});
    EXPECT_TRUE(server.ok());
    server_ = std::move(server).value();
    run_on(near_, [&] {
      remote_.emplace(near_, clock_, near_random_, channel_,
                      RemotePlatformOptions{.name = "lower"});
    });
  }
  ~OverGrpc() override {
    run_on(near_, [&] { remote_.reset(); });
    server_->stop(std::chrono::seconds(1));
    near_.stop();
    far_.stop();
  }

  Platform& platform() override { return *remote_; }
  std::string id() override { return "lower"; }
  const Clock& clock() override { return clock_; }
  void on_strand(const std::function<void()>& work) override { run_on(near_, work); }
  bool run_until(const std::function<bool()>& predicate) override {
    return run_until_on(near_, predicate);
  }

 private:
  static EmulatedConfig emulated() {
    EmulatedConfig config;
    config.inventory = remote_inventory();
    return config;
  }
  std::string address() const { return "unix:" + (directory_.path() / "lower.sock").string(); }

  TempDir directory_;
  SystemClock clock_;
  SeededRandom random_{7};
  SeededRandom near_random_{8};
  EmulatedUnderlay underlay_;
  AsioExecutor far_;
  AsioExecutor near_;
  MemoryStore store_;
  EmulatedInfrastructure driver_;
  std::optional<PlatformStack> stack_;
  std::optional<Dispatch> dispatch_;
  std::unique_ptr<GrpcServer> server_;
  GrpcChannel channel_;
  std::optional<RemotePlatform> remote_;
};

INSTANTIATE_TEST_SUITE_P(
    Platforms, PlatformContract,
    ::testing::Values(PlatformFactory{"Leaf", [] { return std::make_unique<Simulated>("leaf"); }},
                      PlatformFactory{"Engine",
                                      [] { return std::make_unique<Simulated>("engine"); }},
                      PlatformFactory{"Remote", [] { return std::make_unique<OverGrpc>(); }}),
    platform_name);

}  // namespace
}  // namespace terrace
