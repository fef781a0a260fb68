// The executor of a running daemon: a Boost.Asio io_context and the one thread that runs it.
#pragma once

#include <memory>

#include "base/executor.h"

namespace terrace {

class AsioExecutor final : public Executor {
 public:
  // The thread runs from here on.
  AsioExecutor();
  // Stops, joins, and drops what was still to run. Not on the strand.
  ~AsioExecutor() override;
  AsioExecutor(const AsioExecutor&) = delete;
  AsioExecutor& operator=(const AsioExecutor&) = delete;

  // Lets the work that runs end, and joins; what was posted and has not begun never will. Timers
  // may outlive the executor. Any thread but the strand; repeating it is harmless.
  void stop();

  // Whether the caller is on the strand.
  bool on_strand() const;

  void post(std::function<void()> work) override;
  [[nodiscard]] std::unique_ptr<Timer> after(Duration delay, std::function<void()> work) override;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace terrace
