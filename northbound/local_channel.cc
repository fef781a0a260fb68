#include "northbound/local_channel.h"

#include <optional>
#include <string>
#include <utility>

namespace terrace {
namespace {

using Message = Channel::Message;
using MessageReply = Channel::MessageReply;

Problem deadline_passed() {
  return problem(Problem::DEADLINE_EXCEEDED, "rpc.deadline",
                 "the platform did not answer in time; what became of the call is not known");
}

Problem malformed(const Message& prototype) {
  return problem(Problem::INTERNAL, "rpc.malformed",
                 "the platform answered with something that is no " + prototype.GetTypeName());
}

Problem cancelled() {
  return problem(Problem::CANCELLED, "rpc.cancelled", "the channel was closed");
}

Result<std::unique_ptr<Message>> parsed(const std::string& bytes, const Message& prototype) {
  std::unique_ptr<Message> message(prototype.New());
  if (!message->ParseFromString(bytes)) return malformed(prototype);
  return message;
}

}  // namespace

// A call's last word: said once, by whoever comes first of answer, deadline and close.
class LocalChannel::Pending : public std::enable_shared_from_this<Pending> {
 public:
  Pending(const Message& prototype, MessageReply sink)
      : prototype_(prototype), sink_(std::move(sink)) {}

  void event(const std::string& bytes) {
    if (ended_) return;
    auto message = parsed(bytes, prototype_);
    if (!message.ok()) return end(std::move(message).problem());
    sink_(std::move(message));
  }
  void answer(Result<std::string> bytes) {
    if (ended_) return;
    close();
    if (!bytes.ok()) return sink_(std::move(bytes).problem());
    sink_(parsed(*bytes, prototype_));
  }
  void end(std::optional<Problem> problem) {
    if (ended_) return;
    close();
    if (problem) return sink_(*std::move(problem));
    sink_(std::unique_ptr<Message>());
  }
  void close() {
    ended_ = true;
    timer_.reset();
  }
  bool ended() const { return ended_; }

  void arm(Executor& executor, Duration left) {
    timer_ = executor.after(left, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->end(deadline_passed());
    });
  }

 private:
  const Message& prototype_;
  const MessageReply sink_;
  std::unique_ptr<Executor::Timer> timer_;
  bool ended_ = false;
};

class LocalChannel::Stream final : public Subscription {
 public:
  Stream(std::shared_ptr<Pending> pending, std::unique_ptr<Subscription> source)
      : pending_(std::move(pending)), source_(std::move(source)) {}
  ~Stream() override { pending_->close(); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

 private:
  const std::shared_ptr<Pending> pending_;
  const std::unique_ptr<Subscription> source_;
};

LocalChannel::LocalChannel(Executor& executor, const Clock& clock, Dispatch& dispatch)
    : executor_(executor), clock_(clock), dispatch_(dispatch) {}

LocalChannel::~LocalChannel() {
  for (const auto& pending : pending_) {
    if (!pending->ended()) executor_.post([pending] { pending->end(cancelled()); });
  }
}

std::shared_ptr<LocalChannel::Pending> LocalChannel::begin(const Call& call,
                                                           const Message& prototype,
                                                           MessageReply sink) {
  if (pending_.size() >= sweep_at_) {
    std::erase_if(pending_, [](const auto& each) { return each->ended(); });
    sweep_at_ = 2 * pending_.size() + 16;
  }
  auto pending = std::make_shared<Pending>(prototype, std::move(sink));
  if (call.deadline) pending->arm(executor_, *call.deadline - clock_.now());
  pending_.push_back(pending);
  return pending;
}

void LocalChannel::unary(std::string_view method, const Call& call, const Message& request,
                         const Message& prototype, MessageReply reply) {
  const auto pending = begin(call, prototype, std::move(reply));
  dispatch_.unary(method, call, call.context.SerializeAsString(), request.SerializeAsString(),
                  [pending](Result<std::string> bytes) { pending->answer(std::move(bytes)); });
}

std::unique_ptr<Subscription> LocalChannel::stream(std::string_view method, const Call& call,
                                                   const Message& request, const Message& prototype,
                                                   MessageSink sink) {
  const auto pending = begin(call, prototype, std::move(sink));
  auto source =
      dispatch_.stream(method, call, call.context.SerializeAsString(), request.SerializeAsString(),
                       [pending](Result<std::optional<std::string>> bytes) {
                         if (!bytes.ok()) return pending->end(std::move(bytes).problem());
                         if (!*bytes) return pending->end(std::nullopt);
                         pending->event(**bytes);
                       });
  return std::make_unique<Stream>(pending, std::move(source));
}

}  // namespace terrace
