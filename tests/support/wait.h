// Waiting, in a test's own thread, for what happens on an executor's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/executor.h"

namespace terrace {

// What was told, in order; any thread.
template <class T>
class Told {
 public:
  void push(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  // The next one; unset when none comes within `limit`.
  std::optional<T> next(std::chrono::seconds limit = std::chrono::seconds(20)) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, limit, [this] { return read_ < values_.size(); })) return {};
    return std::move(values_[read_++]);
  }
  std::size_t unread() {
    const std::lock_guard lock(mutex_);
    return values_.size() - read_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> values_;
  std::size_t read_ = 0;
};

// Runs `work` on the strand and returns when it has run.
inline void run_on(Executor& executor, const std::function<void()>& work) {
  auto told = std::make_shared<Told<bool>>();
  executor.post([&work, told] {
    work();
    told->push(true);
  });
  told->next(std::chrono::seconds(60));
}

}  // namespace terrace
