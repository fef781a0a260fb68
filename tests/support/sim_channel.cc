#include "tests/support/sim_channel.h"

#include <utility>

namespace terrace {
namespace {

constexpr Duration kOneWay = std::chrono::microseconds(100);

Problem unreachable() {
  return problem(Problem::UNAVAILABLE, "rpc.unreachable", "The other side is down.");
}

std::string last_word(std::string_view method) {
  return std::string(method.substr(method.rfind('/') + 1));
}

}  // namespace

// One call or stream under way. `inner` lives on the other side and is let go when that goes down.
struct SimChannel::Pending {
  MessageSink sink;
  bool ends_with_reply = true;
  std::unique_ptr<Subscription> inner;
};

class SimChannel::Stream final : public Subscription {
 public:
  Stream(SimChannel& channel, std::uint64_t id) : channel_(channel), id_(id) {}
  ~Stream() override { channel_.pending_.erase(id_); }

 private:
  SimChannel& channel_;
  std::uint64_t id_;
};

SimChannel::SimChannel(SimExecutor& sim, NodeExecutor& here, NodeExecutor& there, Target target)
    : sim_(sim), here_(here), there_(there), target_(std::move(target)) {}

SimChannel::~SimChannel() = default;

void SimChannel::cut() {
  for (auto& [id, pending] : std::exchange(pending_, {})) {
    pending->inner.reset();
    here_.post([sink = pending->sink] { sink(unreachable()); });
  }
}

std::shared_ptr<SimChannel::Exchange> SimChannel::note(const std::string& method,
                                                       const Call& call, const Message& request) {
  if (!recording_) return nullptr;
  auto kept = std::make_shared<Exchange>();
  kept->method = method;
  kept->context = call.context;
  std::shared_ptr<Message> copy(request.New());
  copy->CopyFrom(request);
  kept->request = std::move(copy);
  exchanges_.push_back(kept);
  return kept;
}

void SimChannel::came_back(const std::string& method, const Message& request, Exchange* kept,
                           Answer& answer) const {
  if (answer && bend_) bend_(method, request, **answer);
  if (kept == nullptr) return;
  if (!answer) {
    kept->refusal = answer.problem();
    return;
  }
  std::shared_ptr<Message> copy((*answer)->New());
  copy->CopyFrom(**answer);
  kept->answer = std::move(copy);
}

void SimChannel::unary(std::string_view method, const Call& call, const Message& request,
                       const Message& prototype, MessageReply reply) {
  const std::string name = last_word(method);
  const auto kept = note(name, call, request);
  const Fate fate = decide_ ? decide_(name, request) : Fate::kDeliver;
  const std::uint64_t id = ++last_;
  auto pending = std::make_shared<Pending>();
  pending->sink = std::move(reply);
  pending_[id] = pending;
  // A lost call is answered by nobody; its deadline, or the connection's end, is.
  if (call.deadline) {
    auto timer = std::make_shared<std::unique_ptr<Executor::Timer>>();
    *timer = here_.after(*call.deadline - here_.now(), [this, id, timer] {
      const auto it = pending_.find(id);
      if (it == pending_.end()) return;
      auto sink = std::move(it->second->sink);
      pending_.erase(it);
      sink(problem(Problem::DEADLINE_EXCEEDED, "rpc.deadline", "No answer in time."));
    });
  }
  if (target_() == nullptr) {
    pending_.erase(id);
    return here_.post([sink = pending->sink] { sink(unreachable()); });
  }
  if (fate == Fate::kLoseCall) return;
  std::shared_ptr<Message> copy(request.New());
  copy->CopyFrom(request);
  auto over_there = std::make_shared<std::unique_ptr<Executor::Timer>>();
  *over_there = there_.after(kOneWay, [this, id, copy, call, &prototype, fate, over_there, name,
                                       kept, method = std::string(method)] {
    Channel* const target = target_();
    if (target == nullptr) return;
    target->unary(method, call, *copy, prototype,
                  [this, id, fate, name, copy, kept](Result<std::unique_ptr<Message>> result) {
                    if (fate == Fate::kLoseReply) return;
                    came_back(name, *copy, kept.get(), result);
                    auto shared = std::make_shared<Result<std::unique_ptr<Message>>>(
                        std::move(result));
                    auto back = std::make_shared<std::unique_ptr<Executor::Timer>>();
                    *back = here_.after(kOneWay, [this, id, shared, back] {
                      const auto it = pending_.find(id);
                      if (it == pending_.end()) return;
                      auto sink = std::move(it->second->sink);
                      pending_.erase(it);
                      sink(std::move(*shared));
                    });
                  });
  });
}

std::unique_ptr<Subscription> SimChannel::stream(std::string_view method, const Call& call,
                                                 const Message& request, const Message& prototype,
                                                 MessageSink sink) {
  const std::uint64_t id = ++last_;
  auto pending = std::make_shared<Pending>();
  pending->sink = std::move(sink);
  pending_[id] = pending;
  if (Channel* const target = target_()) {
    pending->inner = target->stream(
        method, call, request, prototype,
        [this, id](Result<std::unique_ptr<Message>> event) {
          auto shared = std::make_shared<Result<std::unique_ptr<Message>>>(std::move(event));
          auto back = std::make_shared<std::unique_ptr<Executor::Timer>>();
          *back = here_.after(kOneWay, [this, id, shared, back] {
            const auto it = pending_.find(id);
            if (it == pending_.end()) return;
            const auto alive = it->second;
            alive->sink(std::move(*shared));
          });
        });
  } else {
    here_.post([this, id] {
      const auto it = pending_.find(id);
      if (it == pending_.end()) return;
      const auto alive = it->second;
      alive->sink(unreachable());
    });
  }
  return std::make_unique<Stream>(*this, id);
}

}  // namespace terrace
