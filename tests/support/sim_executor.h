// Time and executor of a simulation: one thread, and time stands still until it is told to move.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/executor.h"

namespace terrace {

// All of it on the thread that made it; a call from another aborts. Work may post and set timers.
class SimExecutor final : public Executor, public Clock {
 public:
  // 2026-01-01T00:00:00Z.
  static constexpr Instant kStart{std::chrono::seconds(1'767'225'600)};

  SimExecutor();
  // Drops what was still to run.
  ~SimExecutor() override;
  SimExecutor(const SimExecutor&) = delete;
  SimExecutor& operator=(const SimExecutor&) = delete;

  void post(std::function<void()> work) override;
  [[nodiscard]] std::unique_ptr<Timer> after(Duration delay, std::function<void()> work) override;
  Instant now() const override { return now_; }

  // Runs what is posted, and what that posts, until none is left. Time does not move; a timer that
  // is due now fires too. Returns how many pieces of work ran.
  std::size_t run_ready();

  // run_ready(), then moves time on by `duration`, firing timers when due: in order of due time,
  // those due together in the order they were set, what they post before the next of them.
  void advance(Duration duration);

  // Runs work and timers until neither is left, moving time to each timer in turn, but no further
  // than `limit` from now. False: timers are left (a heartbeat never ends).
  bool run_until_idle(Duration limit = std::chrono::hours(24));

  // Runs and moves time likewise, until `predicate` holds, which is looked at after each piece of
  // work; true at once when it does. False: it did not within `limit`, which has then passed.
  bool run_until(const std::function<bool()>& predicate, Duration limit);

 private:
  class SimTimer;
  // Due time, then the order set.
  using TimerKey = std::pair<Instant, std::uint64_t>;
  struct State {
    std::map<TimerKey, std::function<void()>> timers;
  };

  void check_thread() const;
  // Runs one piece of work, or fires one timer due now.
  bool step();
  // Moves time to the next timer, if that is no later than `deadline`.
  bool move_to_next_timer(Instant deadline);

  const std::thread::id thread_;
  Instant now_ = kStart;
  std::deque<std::function<void()>> ready_;
  std::shared_ptr<State> state_;  // timers may outlive the executor
  std::uint64_t timers_set_ = 0;
};

}  // namespace terrace
