#include "southbound/remote/live_stream.h"

#include <algorithm>
#include <utility>

namespace terrace {

LiveStream::LiveStream(Executor& executor, Random& random, Channel& channel,
                       const RemotePlatformOptions& options, std::string method, Call call,
                       const Message& prototype, Handlers handlers)
    : executor_(executor),
      random_(random),
      channel_(channel),
      options_(options),
      method_(std::move(method)),
      call_(std::move(call)),
      prototype_(prototype),
      handlers_(std::move(handlers)) {
  open();
}

LiveStream::~LiveStream() {
  *alive_ = false;
}

void LiveStream::open() {
  ++opening_;
  silent_ = true;
  const auto request = handlers_.request();
  stream_ = channel_.stream(
      method_, call_, *request, prototype_,
      [this, alive = alive_, opening = opening_](Result<std::unique_ptr<Message>> event) {
        if (*alive) arrived(opening, std::move(event));
      });
  watch_silence();
}

void LiveStream::arrived(std::uint64_t opening, Result<std::unique_ptr<Message>> event) {
  if (opening != opening_) return;
  if (!event.ok()) {
    if (event.problem().code() == Problem::OUT_OF_RANGE) handlers_.stale();
    return broke(event.problem());
  }
  if (!*event) {
    return broke(problem(Problem::UNAVAILABLE, "remote.stream-ended",
                         options_.name + " ended a stream that has no end"));
  }
  silent_ = false;
  failures_ = 0;
  lost_.reset();
  handlers_.event(**event);
}

void LiveStream::restart(const Problem& why) {
  broke(why);
}

void LiveStream::broke(const Problem& why) {
  ++opening_;
  // Not destroyed here: this may run inside what it tells.
  executor_.post([stream = std::shared_ptr<Subscription>(std::move(stream_))] {});
  const bool told = lost_.has_value();
  lost_ = why;
  timer_ = executor_.after(next_pause(), [this] { open(); });
  if (!told) handlers_.lost(why);
}

void LiveStream::watch_silence() {
  timer_ = executor_.after(options_.silence, [this] {
    if (silent_) {
      return broke(problem(Problem::UNAVAILABLE, "remote.silent",
                           options_.name + " has not been heard for too long"));
    }
    silent_ = true;
    watch_silence();
  });
}

// Doubling, with jitter of up to a half: children that lost their parent do not return as one.
Duration LiveStream::next_pause() {
  const std::uint32_t doublings = std::min<std::uint32_t>(failures_++, 16);
  const Duration whole =
      std::min<Duration>(options_.reconnect_last, options_.reconnect_first * (1LL << doublings));
  const auto half = static_cast<std::uint64_t>(whole.count() / 2);
  return whole - Duration(static_cast<std::int64_t>(half == 0 ? 0 : random_.next() % half));
}

}  // namespace terrace
