#include "cli/client.h"

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>

#include "base/executor.h"
#include "rpc/channel.h"

namespace terrace::cli {
namespace {

using Event = Result<std::unique_ptr<google::protobuf::Message>>;

// Between the strand, which hears, and the command's thread, which acts.
class Events {
 public:
  void push(Event event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_one();
  }
  Event pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !events_.empty(); });
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> events_;
};

}  // namespace

Client::Client(ClientOptions options, Executor& executor, Channel& channel, const Clock& clock)
    : options_(std::move(options)), executor_(executor), channel_(channel), clock_(clock) {}

std::optional<Instant> Client::deadline(bool watching) {
  if (options_.timeout) {
    if (!last_) last_ = clock_.now() + *options_.timeout;
    return last_;
  }
  if (watching) return std::nullopt;
  return clock_.now() + options_.patience;
}

Problem Client::explain(Problem problem) const {
  if (problem.type() == "rpc.unreachable") {
    Problem plain = make_problem(problem.code(), problem.type(),
                                 "No platform answers at " + options_.address + ".")
                        .at_resource(options_.address)
                        .possible(
                            "Start terraced there, or name another platform with --platform "
                            "(or TERRACE_PLATFORM).");
    if (!problem.what().empty()) *plain.add_causes() = std::move(problem);
    return plain;
  }
  if (problem.type() == "rpc.deadline")
    problem.add_possible("Wait longer: --timeout SECONDS. What was asked for may go on.");
  return problem;
}

Result<std::unique_ptr<Client::Message>> Client::unary(std::string_view method,
                                                       const Message& request,
                                                       const Message& prototype) {
  Call call;
  call.context.set_tenant(options_.tenant);
  call.deadline = deadline(false);
  std::promise<Event> answered;
  executor_.post([&] {
    channel_.unary(method, call, request, prototype,
                   [&answered](Event reply) { answered.set_value(std::move(reply)); });
  });
  Event reply = answered.get_future().get();
  if (!reply.ok()) return explain(std::move(reply).problem());
  return reply;
}

Status Client::stream(std::string_view method, const Message& request, const Message& prototype,
                      const std::function<bool(const Message&)>& each) {
  Call call;
  call.context.set_tenant(options_.tenant);
  call.deadline = deadline(true);
  Events events;
  std::unique_ptr<Subscription> subscription;
  executor_.post([&] {
    subscription = channel_.stream(method, call, request, prototype,
                                   [&events](Event event) { events.push(std::move(event)); });
  });
  Status status;
  for (;;) {
    Event event = events.pop();
    if (!event.ok()) status = explain(std::move(event).problem());
    if (!status || *event == nullptr || !each(**event)) break;
  }
  std::promise<void> ended;
  executor_.post([&] {
    subscription.reset();
    ended.set_value();
  });
  ended.get_future().wait();
  return status;
}

}  // namespace terrace::cli
