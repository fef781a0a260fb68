// A server stream that is opened again whenever it broke, for as long as this lives.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/executor.h"
#include "base/random.h"
#include "rpc/channel.h"
#include "southbound/remote/remote_platform.h"

namespace terrace {

// On the strand.
class LiveStream {
 public:
  using Message = Channel::Message;
  struct Handlers {
    // The request of the next opening.
    std::function<std::unique_ptr<Message>()> request;
    std::function<void(const Message&)> event;
    // It broke, or cannot be opened: told once, until there is an event again.
    std::function<void(const Problem&)> lost;
    // OUT_OF_RANGE: what the request resumed from is too old. The next request must do without.
    std::function<void()> stale;
  };

  // All references outlive it; `prototype` is an event's default instance.
  LiveStream(Executor& executor, Random& random, Channel& channel,
             const RemotePlatformOptions& options, std::string method, Call call,
             const Message& prototype, Handlers handlers);
  ~LiveStream();
  LiveStream(const LiveStream&) = delete;
  LiveStream& operator=(const LiveStream&) = delete;

  // Ends what is open and begins anew, as if it had broken for this reason.
  void restart(const Problem& why);

  // Why it is not heard just now; unset: it is.
  const std::optional<Problem>& lost() const { return lost_; }

 private:
  void open();
  void arrived(std::uint64_t opening, Result<std::unique_ptr<Message>> event);
  void broke(const Problem& why);
  void watch_silence();
  Duration next_pause();

  Executor& executor_;
  Random& random_;
  Channel& channel_;
  const RemotePlatformOptions& options_;
  const std::string method_;
  const Call call_;
  const Message& prototype_;
  const Handlers handlers_;

  std::unique_ptr<Subscription> stream_;
  std::uint64_t opening_ = 0;   // which one is open: what others still say is not heard
  std::uint32_t failures_ = 0;  // in a row
  std::optional<Problem> lost_;
  bool silent_ = true;
  std::unique_ptr<Executor::Timer> timer_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace terrace
