// Time, injected. Nothing else in the project asks the machine what time it is.
#pragma once

#include <chrono>

namespace terrace {

using Duration = std::chrono::nanoseconds;
// UTC. Instants cross platforms (a hold's not-after), so they are wall-clock time.
using Instant = std::chrono::time_point<std::chrono::system_clock, Duration>;

class Clock {
 public:
  virtual ~Clock() = default;
  // Any thread.
  virtual Instant now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override;
};

}  // namespace terrace
