#include "daemon/wire.h"

#include <algorithm>
#include <filesystem>
#include <future>
#include <utility>

#include "base/asio_executor.h"
#include "daemon/platform_stack.h"
#include "northbound/grpc/server.h"
#include "rpc/grpc_channel.h"
#include "southbound/emulated/emulated_infrastructure.h"
#include "southbound/netns/netns_infrastructure.h"
#include "southbound/remote/remote_platform.h"
#include "store/sqlite_store.h"

namespace terrace {
namespace {

struct Child {
  std::unique_ptr<Channel> channel;
  std::unique_ptr<RemotePlatform> platform;
};

// A driver with what it alone needs. A new driver adds a branch to make_infrastructure().
struct Driver {
  std::unique_ptr<Random> random;
  std::unique_ptr<EmulatedUnderlay> underlay;
  std::unique_ptr<Infrastructure> infrastructure;
};

Status use_emulated_functions(driver::v1::Inventory& inventory,
                              const std::vector<LeafFunction>& sold) {
  std::string known;
  const auto all = emulated_functions();
  for (const auto& function : all) {
    *inventory.add_function() = function;
    known += (known.empty() ? "" : ", ") + function.name();
  }
  for (const auto& function : sold) {
    const auto has = [&](const auto& each) { return each.name() == function.function; };
    if (std::any_of(all.begin(), all.end(), has)) continue;
    return make_problem(Problem::INVALID_ARGUMENT, "config.no-function",
                        "the driver has no function '" + function.function + "'")
        .at_path("infrastructure.functions")
        .constraint("functions", known, function.function);
  }
  return {};
}

Result<Driver> make_emulated(const InfrastructureConfig& config, Executor& executor) {
  EmulatedConfig emulated;
  emulated.inventory = config.inventory;
  emulated.apply_delay = config.apply_delay;
  emulated.remove_delay = config.remove_delay;
  emulated.probe_delay = config.probe_delay;
  emulated.assume_far_ends = config.assume_far_ends;
  auto status = use_emulated_functions(emulated.inventory, config.function);
  if (!status.ok()) return std::move(status).problem();
  Driver driver;
  driver.random = std::make_unique<SeededRandom>(config.seed);
  driver.underlay = std::make_unique<EmulatedUnderlay>();
  driver.infrastructure = std::make_unique<EmulatedInfrastructure>(
      std::move(emulated), *driver.underlay, executor, *driver.random);
  return driver;
}

Result<Driver> make_netns(const InfrastructureConfig& config, Executor& executor, const Log& log) {
  NetnsConfig netns;
  netns.site = config.site;
  netns.run_dir = config.run_dir;
  netns.program = config.program;
  netns.node.assign(config.inventory.node().begin(), config.inventory.node().end());
  for (const auto& function : config.function) netns.function.push_back({function.function, {}});
  for (const auto& attachment : config.inventory.attachment()) {
    netns.attachment.push_back({attachment, config.attachment_interface.at(attachment.id())});
  }
  for (const auto& port : config.inventory.wan_port()) {
    netns.wan_port.push_back({port, config.wan_interface.at(port.id())});
  }
  auto opened = NetnsInfrastructure::open(std::move(netns), executor, log);
  if (!opened.ok()) return std::move(opened).problem();
  Driver driver;
  driver.infrastructure = *std::move(opened);
  return driver;
}

Result<Driver> make_infrastructure(const InfrastructureConfig& config, Executor& executor,
                                   const Log& log) {
  if (config.kind == "emulated") return make_emulated(config, executor);
  if (config.kind == "netns") return make_netns(config, executor, log);
  return make_problem(Problem::UNIMPLEMENTED, "config.no-driver",
                      "this daemon has no driver for '" + config.kind + "' infrastructure")
      .at_path("infrastructure.kind")
      .possible("emulated, netns");
}

StackOptions stack_options(const Config& config, const std::string& version, const Log& log) {
  StackOptions options;
  options.log = log;
  options.platform_id = PlatformId(config.platform_id);
  options.provider = config.provider;
  options.version = version;
  options.max_depth = config.max_depth;
  options.limits.largest = config.max_descriptor_bytes;
  options.book.pools = config.addresses;
  options.book.default_life = config.hold_life;
  options.book.commit_deadline = config.commit_deadline;
  options.book.memory = config.memory;
  options.republishing.margins.standard = config.margin;
  for (const auto& child : config.children) {
    if (child.margin) options.republishing.margins.by_child[child.name] = *child.margin;
  }
  return options;
}

class WiredDaemon final : public Daemon {
 public:
  WiredDaemon(Config config, Log log, Wrapping wrapping)
      : config_(std::move(config)), log_(std::move(log)), wrapping_(std::move(wrapping)) {}
  ~WiredDaemon() override { stop(Duration::zero()); }
  WiredDaemon(const WiredDaemon&) = delete;
  WiredDaemon& operator=(const WiredDaemon&) = delete;

  Status start(const std::string& version) {
    if (auto status = open_store(); !status.ok()) return status;
    stack_ = std::make_unique<PlatformStack>(stack_options(config_, version, log_), *store_,
                                             executor_, clock_, random_);
    if (auto status = add_infrastructure(); !status.ok()) return status;
    for (const auto& child : config_.children) add_child(child);
    if (auto status = start_stack(); !status.ok()) return status;
    return serve();
  }

  void stop(Duration grace) override {
    if (server_) server_->stop(grace);
    executor_.stop();
  }

  std::vector<std::string> addresses() const override {
    std::vector<std::string> addresses = config_.listen;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const int port = server_->ports()[i];
      if (port == 0) continue;
      addresses[i] = addresses[i].substr(0, addresses[i].rfind(':') + 1) + std::to_string(port);
    }
    return addresses;
  }

 private:
  Status open_store() {
    std::error_code error;
    std::filesystem::create_directories(config_.state, error);
    if (error) {
      return make_problem(Problem::PERMISSION_DENIED, "store.no-directory",
                          "cannot make the directory " + config_.state + ": " + error.message())
          .at_path("state");
    }
    auto store = SqliteStore::open(config_.state + "/terrace.db", executor_, random_);
    if (!store.ok()) return std::move(store).problem();
    store_ = std::move(store).value();
    if (wrapping_.store) store_ = wrapping_.store(std::move(store_));
    return {};
  }

  Status add_infrastructure() {
    if (!config_.infrastructure) return {};
    auto driver = make_infrastructure(*config_.infrastructure, executor_, log_);
    if (!driver.ok()) return std::move(driver).problem();
    driver_ = std::move(driver).value();
    LeafConfig leaf;
    leaf.function = config_.infrastructure->function;
    stack_->set_leaf(std::move(leaf), *driver_.infrastructure);
    return {};
  }

  void add_child(const ChildConfig& config) {
    Child child;
    child.channel = std::make_unique<GrpcChannel>(executor_, config.address);
    if (wrapping_.channel) child.channel = wrapping_.channel(std::move(child.channel));
    child.platform = std::make_unique<RemotePlatform>(executor_, clock_, random_, *child.channel,
                                                      RemotePlatformOptions{.name = config.name});
    stack_->add_child(config.name, *child.platform, "remote", config.address);
    children_.push_back(std::move(child));
  }

  Status start_stack() {
    std::promise<Status> started;
    auto outcome = started.get_future();
    executor_.post([this, &started] {
      stack_->start([&started](Status status) { started.set_value(std::move(status)); });
    });
    return outcome.get();
  }

  Status serve() {
    dispatch_ = std::make_unique<Dispatch>(
        executor_, stack_->api(), DispatchOptions{.max_message_bytes = config_.max_message_bytes});
    GrpcServerOptions options;
    options.listen = config_.listen;
    options.max_message_bytes = config_.max_message_bytes;
    auto server = GrpcServer::start(executor_, *dispatch_, std::move(options));
    if (!server.ok()) return std::move(server).problem();
    server_ = std::move(server).value();
    for (const auto& address : addresses()) log_.info("serving", {{"address", address}});
    return {};
  }

  const Config config_;
  const Log log_;
  const Wrapping wrapping_;
  SystemClock clock_;
  SystemRandom random_;
  // Destroyed from the bottom up, after the executor has stopped.
  AsioExecutor executor_;
  std::unique_ptr<Store> store_;
  Driver driver_;
  std::vector<Child> children_;
  std::unique_ptr<PlatformStack> stack_;
  std::unique_ptr<Dispatch> dispatch_;
  std::unique_ptr<GrpcServer> server_;
};

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::start(Config config, const std::string& version, Log log,
                                              Wrapping wrapping) {
  auto daemon =
      std::make_unique<WiredDaemon>(std::move(config), std::move(log), std::move(wrapping));
  if (auto status = daemon->start(version); !status.ok()) return std::move(status).problem();
  return std::unique_ptr<Daemon>(std::move(daemon));
}

}  // namespace terrace
