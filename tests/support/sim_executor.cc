#include "tests/support/sim_executor.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace terrace {

class SimExecutor::SimTimer final : public Executor::Timer {
 public:
  SimTimer(std::weak_ptr<State> state, TimerKey key) : state_(std::move(state)), key_(key) {}
  ~SimTimer() override {
    if (const auto state = state_.lock()) state->timers.erase(key_);
  }
  SimTimer(const SimTimer&) = delete;
  SimTimer& operator=(const SimTimer&) = delete;

 private:
  std::weak_ptr<State> state_;
  const TimerKey key_;
};

SimExecutor::SimExecutor()
    : thread_(std::this_thread::get_id()), state_(std::make_shared<State>()) {}

SimExecutor::~SimExecutor() {
  // What the dropped work owned may cancel timers or post while it goes: let go of it piece by
  // piece, never inside a container that is being changed.
  while (!ready_.empty() || !state_->timers.empty()) {
    if (!ready_.empty()) {
      const auto dropped = std::move(ready_.front());
      ready_.pop_front();
    } else {
      const auto dropped = state_->timers.extract(state_->timers.begin());
    }
  }
}

void SimExecutor::check_thread() const {
  if (std::this_thread::get_id() == thread_) return;
  std::fputs("SimExecutor used from another thread: a simulation has one\n", stderr);
  std::abort();
}

void SimExecutor::post(std::function<void()> work) {
  check_thread();
  ready_.push_back(std::move(work));
}

std::unique_ptr<Executor::Timer> SimExecutor::after(Duration delay, std::function<void()> work) {
  check_thread();
  const TimerKey key{now_ + std::max(delay, Duration::zero()), timers_set_++};
  state_->timers.emplace(key, std::move(work));
  return std::make_unique<SimTimer>(state_, key);
}

bool SimExecutor::step() {
  std::function<void()> work;
  if (!ready_.empty()) {
    work = std::move(ready_.front());
    ready_.pop_front();
  } else {
    const auto first = state_->timers.begin();
    if (first == state_->timers.end() || first->first.first > now_) return false;
    work = std::move(first->second);
    state_->timers.erase(first);
  }
  work();
  return true;
}

bool SimExecutor::move_to_next_timer(Instant deadline) {
  const auto first = state_->timers.begin();
  if (first == state_->timers.end() || first->first.first > deadline) return false;
  now_ = std::max(now_, first->first.first);
  return true;
}

std::size_t SimExecutor::run_ready() {
  check_thread();
  std::size_t count = 0;
  while (step()) ++count;
  return count;
}

void SimExecutor::advance(Duration duration) {
  const Instant deadline = now_ + duration;
  run_ready();
  while (move_to_next_timer(deadline)) run_ready();
  now_ = deadline;
}

bool SimExecutor::run_until_idle(Duration limit) {
  const Instant deadline = now_ + limit;
  run_ready();
  while (move_to_next_timer(deadline)) run_ready();
  return state_->timers.empty();
}

bool SimExecutor::run_until(const std::function<bool()>& predicate, Duration limit) {
  check_thread();
  const Instant deadline = now_ + limit;
  while (!predicate()) {
    if (step() || move_to_next_timer(deadline)) continue;
    now_ = deadline;
    return false;
  }
  return true;
}

}  // namespace terrace
