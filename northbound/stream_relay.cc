#include "northbound/stream_relay.h"

#include <utility>

namespace terrace {

// Ends the telling first: the source's end may be told while it is destroyed.
class StreamRelay::Held final : public Subscription {
 public:
  Held(std::shared_ptr<StreamRelay> relay, std::unique_ptr<Subscription> source)
      : relay_(std::move(relay)), source_(std::move(source)) {}
  ~Held() override {
    relay_->ended_ = true;
    relay_->timer_.reset();
    source_.reset();
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  const std::shared_ptr<StreamRelay> relay_;
  std::unique_ptr<Subscription> source_;
};

StreamRelay::StreamRelay(Executor& executor, Duration heartbeat, Dispatch::ByteSink sink)
    : executor_(executor), heartbeat_(heartbeat), sink_(std::move(sink)) {}

std::unique_ptr<Subscription> StreamRelay::subscription(std::shared_ptr<StreamRelay> relay,
                                                        std::unique_ptr<Subscription> source) {
  return std::make_unique<Held>(std::move(relay), std::move(source));
}

NorthApi::Sink<v1::WatchEvent> StreamRelay::sink_for(NorthApi::Sink<v1::WatchEvent>*) {
  start_heartbeat<v1::WatchEvent>();
  return [self = shared_from_this()](Result<v1::WatchEvent> event) {
    if (!event.ok()) return self->end(std::move(event).problem());
    // A token from the middle of a snapshot is nothing to resume from: the rest would be missed.
    const bool whole = self->token_ || event->type() == v1::WatchEvent::SNAPSHOT_END ||
                       event->type() == v1::WatchEvent::BOOKMARK;
    if (whole && event->has_token()) self->token_ = event->token();
    self->pass(event->SerializeAsString());
  };
}

NorthApi::Sink<v1::CatalogueEvent> StreamRelay::sink_for(NorthApi::Sink<v1::CatalogueEvent>*) {
  start_heartbeat<v1::CatalogueEvent>();
  return [self = shared_from_this()](Result<v1::CatalogueEvent> event) {
    if (!event.ok()) return self->end(std::move(event).problem());
    if (event->has_token()) self->token_ = event->token();
    self->pass(event->SerializeAsString());
  };
}

NorthApi::EndingSink<v1::NsLcmOpOcc> StreamRelay::sink_for(NorthApi::EndingSink<v1::NsLcmOpOcc>*) {
  return [self = shared_from_this()](Result<std::optional<v1::NsLcmOpOcc>> event) {
    if (!event.ok()) return self->end(std::move(event).problem());
    if (!*event) return self->end(std::nullopt);
    self->pass((*event)->SerializeAsString());
  };
}

void StreamRelay::pass(std::string bytes) {
  if (ended_) return;
  silent_ = false;
  sink_(std::optional<std::string>(std::move(bytes)));
}

void StreamRelay::end(std::optional<Problem> problem) {
  if (ended_) return;
  ended_ = true;
  timer_.reset();
  if (problem) return sink_(*std::move(problem));
  sink_(std::optional<std::string>());
}

template <class Event>
void StreamRelay::start_heartbeat() {
  timer_ = executor_.after(heartbeat_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->beat<Event>();
  });
}

template <class Event>
void StreamRelay::beat() {
  if (ended_) return;
  if (silent_) {
    Event event;
    event.set_type(Event::BOOKMARK);
    if (token_) *event.mutable_token() = *token_;
    sink_(std::optional<std::string>(event.SerializeAsString()));
  }
  if (ended_) return;  // the sink may have dropped the subscription
  silent_ = true;
  start_heartbeat<Event>();
}

}  // namespace terrace
