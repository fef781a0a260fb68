// How long a blocking call may still wait. Calls take a Duration; inside, the end is fixed once on
// the monotonic clock, so that neither retries nor a stepped wall clock lengthen the wait.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.h"

namespace terrace::kernel {

class Deadline {
 public:
  explicit Deadline(Duration within) : end_(Monotonic::now() + within) {}

  Duration left() const {
    const auto rest = std::chrono::duration_cast<Duration>(end_ - Monotonic::now());
    return std::max(Duration::zero(), rest);
  }
  bool passed() const { return left() == Duration::zero(); }
  // For poll(2): milliseconds, rounded up, so that a short rest is waited for and not spun away.
  int poll_ms() const {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left()).count();
    return static_cast<int>(std::min<long long>(ms, 1 << 30));
  }

 private:
  using Monotonic = std::chrono::steady_clock;
  Monotonic::time_point end_;
};

}  // namespace terrace::kernel
