#include "tests/support/moments.h"

#include <signal.h>

#include <atomic>
#include <set>
#include <sstream>
#include <utility>

#include "terrace/v1/hold.pb.h"
#include "terrace/v1/watch.pb.h"

namespace terrace {
namespace {

// All threads halt, this one at once; they go on after SIGCONT.
void halt() {
  ::raise(SIGSTOP);
}

class HaltingStore final : public Store {
 public:
  HaltingStore(std::unique_ptr<Store> store, Moment moment)
      : store_(std::move(store)), moment_(std::move(moment)) {}

  void commit(Batch batch, Done done) override {
    const bool here = matches(batch) && !halted_.exchange(true);
    if (!here) return store_->commit(std::move(batch), std::move(done));
    if (moment_.when == Moment::When::kAfter)
      return store_->commit(std::move(batch), [done = std::move(done)](auto revision) {
        halt();
        if (done) done(std::move(revision));
      });
    // An empty batch is durable once all before it is; this one follows when we may go on.
    store_->commit({}, [this, batch = std::move(batch), done = std::move(done)](auto) mutable {
      halt();
      store_->commit(std::move(batch), std::move(done));
    });
  }

  Result<std::optional<Record>> get(const RecordKey& key) const override {
    return store_->get(key);
  }
  Result<Page> list(const Query& query) const override { return store_->list(query); }
  const std::string& incarnation() const override { return store_->incarnation(); }
  std::uint64_t revision() const override { return store_->revision(); }
  Result<Changes> changes_since(std::uint64_t revision,
                                const std::vector<std::string>& kinds) const override {
    return store_->changes_since(revision, kinds);
  }
  std::unique_ptr<Subscription> subscribe(Listener listener) override {
    return store_->subscribe(std::move(listener));
  }

 private:
  bool matches(const Batch& batch) const {
    for (const auto& write : batch.writes())
      if (!write.erase && write.key.kind == moment_.kind && write.state == moment_.state)
        return true;
    return false;
  }

  const std::unique_ptr<Store> store_;
  const Moment moment_;
  std::atomic<bool> halted_ = false;
};

const v1::Hold* hold_in(const google::protobuf::Message& message) {
  if (const auto* const event = dynamic_cast<const v1::WatchEvent*>(&message))
    return event->has_hold() ? &event->hold() : nullptr;
  return dynamic_cast<const v1::Hold*>(&message);
}

}  // namespace

// On the daemon's strand only.
struct Heard {
  // In that state; of old, and since.
  std::set<std::string> before, since;
};

std::shared_ptr<Heard> nothing_heard() {
  return std::make_shared<Heard>();
}

namespace {

class HaltingChannel final : public Channel {
 public:
  HaltingChannel(std::unique_ptr<Channel> channel, Moment moment, std::shared_ptr<Heard> heard)
      : channel_(std::move(channel)), moment_(std::move(moment)), heard_(std::move(heard)) {}

  void unary(std::string_view method, const Call& call, const Message& request,
             const Message& prototype, MessageReply reply) override {
    channel_->unary(method, call, request, prototype,
                    [this, reply = std::move(reply)](Result<std::unique_ptr<Message>> answer) {
                      if (answer.ok()) listen(**answer);
                      reply(std::move(answer));
                    });
  }

  std::unique_ptr<terrace::Subscription> stream(std::string_view method, const Call& call,
                                                const Message& request, const Message& prototype,
                                                MessageSink sink) override {
    return channel_->stream(method, call, request, prototype,
                            [this, live = false, sink = std::move(sink)](auto event) mutable {
                              if (event.ok() && *event) live = follow(**event, live);
                              sink(std::move(event));
                            });
  }

 private:
  const v1::Hold* wanted(const Message& message) const {
    const auto* const hold = hold_in(message);
    const bool is_it = hold != nullptr && v1::Hold::State_Name(hold->state()) == moment_.state;
    return is_it ? hold : nullptr;
  }

  void listen(const Message& message) {
    const auto* const hold = wanted(message);
    if (hold == nullptr || heard_->before.contains(hold->id())) return;
    if (heard_->since.insert(hold->id()).second && heard_->since.size() == moment_.count) halt();
  }

  // Whether what follows is new. A snapshot tells of old.
  bool follow(const Message& message, bool live) {
    const auto* const event = dynamic_cast<const v1::WatchEvent*>(&message);
    if (event == nullptr) return live;
    if (event->type() == v1::WatchEvent::SNAPSHOT_END) return true;
    if (live) listen(message);
    else if (const auto* const hold = wanted(message)) heard_->before.insert(hold->id());
    return live;
  }

  const std::unique_ptr<Channel> channel_;
  const Moment moment_;
  const std::shared_ptr<Heard> heard_;
};

}  // namespace

std::optional<Moment> parse_moment(const std::string& text) {
  std::istringstream words(text);
  std::string when;
  Moment moment;
  words >> when;
  if (when == "heard") {
    moment.when = Moment::When::kHeard;
    words >> moment.state;
    if (!(words >> moment.count)) moment.count = 1;
  } else if (when == "before" || when == "after") {
    moment.when = when == "before" ? Moment::When::kBefore : Moment::When::kAfter;
    words >> moment.kind >> moment.state;
  }
  if (moment.state.empty()) return std::nullopt;
  return moment;
}

std::unique_ptr<Store> halting_store(std::unique_ptr<Store> store, const Moment& moment) {
  if (moment.when == Moment::When::kHeard) return store;
  return std::make_unique<HaltingStore>(std::move(store), moment);
}

std::unique_ptr<Channel> halting_channel(std::unique_ptr<Channel> channel, const Moment& moment,
                                         std::shared_ptr<Heard> heard) {
  if (moment.when != Moment::When::kHeard) return channel;
  return std::make_unique<HaltingChannel>(std::move(channel), moment, std::move(heard));
}

}  // namespace terrace
