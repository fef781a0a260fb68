#include "lab/ready.h"

#include <deque>
#include <fstream>
#include <future>
#include <memory>

#include "base/asio_executor.h"
#include "rpc/grpc_channel.h"
#include "terrace/v1/capability_service.pb.h"

namespace terrace::lab {
namespace {

// A daemon that is starting does not listen yet, and the kernel tells nobody when it does.
constexpr Duration kRetry = std::chrono::milliseconds(20);

void expect(const Layout& layout, const Platform& platform, Expected& expected) {
  if (platform.infrastructure) {
    const Infrastructure& own = *platform.infrastructure;
    for (const auto& function : own.functions) ++expected.functions[function.name];
    for (const auto& customer : layout.topology().customers)
      if (customer.site == own.site)
        expected.attachment_points.insert(layout.attachment_id(customer));
    if (layout.topology().wan && own.first_segment != 0)
      expected.interconnects.insert(layout.interconnect_id(own.site));
  }
  for (const auto& below : platform.below)
    if (const auto* const child = layout.topology().platform(below.platform))
      expect(layout, *child, expected);
}

// Everything on the executor's strand; `finish` ends it.
class Waiter {
 public:
  Waiter(const Layout& layout, Executor& executor,
         const std::function<bool(const std::string&)>& alive,
         const std::function<void(const std::string&)>& ready)
      : layout_(layout), executor_(executor), alive_(alive), ready_(ready) {}

  void start(Duration within) {
    for (const auto& platform : layout_.topology().platforms) {
      auto& one = watched_.emplace_back();
      one.name = platform.name;
      one.expected = expected_of(layout_, platform);
      one.channel = std::make_unique<GrpcChannel>(executor_, layout_.admin_address(platform.name));
      watch(one);
    }
    deadline_ = executor_.after(within, [this] { finish(late()); });
  }

  std::future<Status> done() { return done_.get_future(); }
  // Before the executor stops, on its strand.
  void drop() {
    deadline_.reset();
    for (auto& one : watched_) {
      one.retry.reset();
      one.events.reset();
    }
  }

 private:
  struct Watched {
    std::string name;
    Expected expected;
    std::unique_ptr<GrpcChannel> channel;
    std::unique_ptr<Subscription> events;
    std::unique_ptr<Executor::Timer> retry;
    std::string lacks = "it does not answer";
    bool is_ready = false;
  };

  void watch(Watched& one) {
    one.events = call_stream<v1::CatalogueEvent>(
        *one.channel, "/terrace.v1.CapabilityService/WatchCatalogue", Call(),
        v1::WatchCatalogueRequest(), [this, &one](auto event) { heard(one, std::move(event)); });
  }

  // A delta is reason enough to look at the whole again.
  void heard(Watched& one, Result<std::unique_ptr<v1::CatalogueEvent>> event) {
    if (finished_) return;
    if (!event.ok() || *event == nullptr) return try_again(one);
    if ((*event)->type() == v1::CatalogueEvent::SNAPSHOT) look(one, (*event)->snapshot());
    if ((*event)->type() == v1::CatalogueEvent::DELTA) ask(one);
  }

  void ask(Watched& one) {
    call_unary<v1::Catalogue>(*one.channel, "/terrace.v1.CapabilityService/GetCatalogue", Call(),
                              v1::GetCatalogueRequest(), [this, &one](auto catalogue) {
                                if (catalogue.ok() && !finished_) look(one, *catalogue);
                              });
  }

  void look(Watched& one, const v1::Catalogue& catalogue) {
    one.lacks = missing(one.expected, catalogue);
    if (!one.lacks.empty() || one.is_ready) return;
    one.is_ready = true;
    ready_(one.name);
    for (const auto& other : watched_)
      if (!other.is_ready) return;
    finish({});
  }

  void try_again(Watched& one) {
    if (!alive_(one.name))
      return finish(make_problem(Problem::ABORTED, "lab.platform-ended",
                                 "The daemon of `" + one.name +
                                     "` ended: " + tail(layout_.log_path(one.name), 5))
                        .at_resource("file/" + layout_.log_path(one.name)));
    one.retry = executor_.after(kRetry, [this, &one] { watch(one); });
  }

  Status late() const {
    auto problem = make_problem(Problem::DEADLINE_EXCEEDED, "lab.not-ready",
                                "The platforms did not become ready in time.");
    for (const auto& one : watched_)
      if (!one.is_ready)
        problem = std::move(problem).cause(make_problem(Problem::UNAVAILABLE, "lab.not-ready",
                                                        "`" + one.name + "`: " + one.lacks + ".")
                                               .at_resource("file/" + layout_.log_path(one.name)));
    return problem;
  }

  void finish(Status status) {
    if (std::exchange(finished_, true)) return;
    done_.set_value(std::move(status));
  }

  const Layout& layout_;
  Executor& executor_;
  const std::function<bool(const std::string&)>& alive_;
  const std::function<void(const std::string&)>& ready_;
  std::deque<Watched> watched_;
  std::unique_ptr<Executor::Timer> deadline_;
  std::promise<Status> done_;
  bool finished_ = false;
};

void run_on(Executor& executor, const std::function<void()>& work) {
  std::promise<void> done;
  executor.post([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace

Expected expected_of(const Layout& layout, const Platform& platform) {
  Expected expected;
  expect(layout, platform, expected);
  return expected;
}

std::string missing(const Expected& expected, const v1::Catalogue& catalogue) {
  std::map<std::string, int> offered;
  std::set<std::string> points, interconnects;
  for (const auto& offer : catalogue.offer()) ++offered[offer.function().capability()];
  for (const auto& point : catalogue.attachment_point()) points.insert(point.id());
  for (const auto& one : catalogue.interconnect()) interconnects.insert(one.id());
  for (const auto& [function, count] : expected.functions)
    if (offered[function] < count)
      return "its catalogue has " + std::to_string(offered[function]) + " of " +
             std::to_string(count) + " offers of " + function;
  for (const auto& point : expected.attachment_points)
    if (points.count(point) == 0) return "its catalogue lacks the attachment point " + point;
  for (const auto& one : expected.interconnects)
    if (interconnects.count(one) == 0) return "its catalogue lacks the interconnect " + one;
  return "";
}

Status wait_ready(const Layout& layout, Duration within,
                  const std::function<bool(const std::string& platform)>& alive,
                  const std::function<void(const std::string& platform)>& ready) {
  AsioExecutor executor;
  Waiter waiter(layout, executor, alive, ready);
  auto done = waiter.done();
  executor.post([&] { waiter.start(within); });
  Status status = done.get();
  run_on(executor, [&] { waiter.drop(); });
  return status;
}

std::string tail(const std::string& path, std::size_t lines) {
  std::ifstream file(path);
  std::deque<std::string> last;
  for (std::string line; std::getline(file, line);) {
    last.push_back(line);
    if (last.size() > lines) last.pop_front();
  }
  std::string text;
  for (const auto& line : last) text += "\n    " + line;
  return text.empty() ? "its log is empty" : text;
}

std::vector<Result<v1::ListResourcesResponse>> resources_of(
    const std::vector<std::string>& addresses, Duration within) {
  using Answer = Result<v1::ListResourcesResponse>;
  AsioExecutor executor;
  Call call;
  call.deadline = SystemClock().now() + within;
  // All channels live until all have answered: gRPC 1.51 now and then aborts when the last channel
  // of a process goes while another is made.
  std::deque<GrpcChannel> channels;
  std::deque<std::promise<Answer>> promises(addresses.size());
  for (const auto& address : addresses) channels.emplace_back(executor, address);
  executor.post([&] {
    for (std::size_t i = 0; i < channels.size(); ++i)
      call_unary<v1::ListResourcesResponse>(
          channels[i], "/terrace.v1.PlatformService/ListResources", call,
          v1::ListResourcesRequest(),
          [promise = &promises[i]](Answer reply) { promise->set_value(std::move(reply)); });
  });
  std::vector<Answer> answers;
  for (auto& promise : promises) answers.push_back(promise.get_future().get());
  return answers;
}

}  // namespace terrace::lab
