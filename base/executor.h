// Where a platform's logic runs: one strand. Whatever is posted runs one after another, in the
// order posted, never inside the call that posts. Blocking work belongs elsewhere (WorkerPool).
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"

namespace terrace {

class Executor {
 public:
  // Cancels its timer when destroyed. Own it on the executor's strand.
  class Timer {
   public:
    virtual ~Timer() = default;
  };

  virtual ~Executor() = default;

  // Any thread. Work posted after the executor has stopped is dropped.
  virtual void post(std::function<void()> work) = 0;

  // Any thread. Runs `work` on the strand once `delay` has passed, unless the timer is destroyed
  // first. The timer must be destroyed on the strand (or after the executor has stopped).
  [[nodiscard]] virtual std::unique_ptr<Timer> after(Duration delay,
                                                     std::function<void()> work) = 0;
};

}  // namespace terrace
