#include "base/asio_executor.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <thread>
#include <utility>

namespace terrace {
namespace {

struct Pending {
  explicit Pending(boost::asio::io_context& context) : timer(context) {}
  boost::asio::steady_timer timer;
  bool cancelled = false;  // the strand's
};

// The handler inside the io_context owns what is pending, the timer handed out only looks at it:
// so a timer may outlive the executor, and an executor with pending timers leaks nothing.
class AsioTimer final : public Executor::Timer {
 public:
  explicit AsioTimer(std::weak_ptr<Pending> pending) : pending_(std::move(pending)) {}
  ~AsioTimer() override {
    const auto pending = pending_.lock();
    if (!pending) return;
    // The flag, because cancel() no longer reaches a handler that is already queued.
    pending->cancelled = true;
    pending->timer.cancel();
  }
  AsioTimer(const AsioTimer&) = delete;
  AsioTimer& operator=(const AsioTimer&) = delete;

 private:
  std::weak_ptr<Pending> pending_;
};

}  // namespace

class AsioExecutor::Impl {
 public:
  // No concurrency hint of 1, although one thread runs it: with it, what the strand posts waits in
  // a queue of its own until the handler ends, and another thread's later post overtakes it.
  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
      context.get_executor()};
  std::atomic<bool> stopped = false;
  std::mutex join_mutex;
  std::thread thread{[this] { context.run(); }};
};

AsioExecutor::AsioExecutor() : impl_(std::make_unique<Impl>()) {}

AsioExecutor::~AsioExecutor() {
  stop();
}

void AsioExecutor::stop() {
  impl_->stopped = true;
  impl_->context.stop();
  const std::lock_guard lock(impl_->join_mutex);
  if (impl_->thread.joinable()) impl_->thread.join();
}

bool AsioExecutor::on_strand() const {
  return impl_->context.get_executor().running_in_this_thread();
}

void AsioExecutor::post(std::function<void()> work) {
  if (impl_->stopped) return;
  boost::asio::post(impl_->context, std::move(work));
}

std::unique_ptr<Executor::Timer> AsioExecutor::after(Duration delay, std::function<void()> work) {
  if (impl_->stopped) return std::make_unique<AsioTimer>(std::weak_ptr<Pending>());
  const auto pending = std::make_shared<Pending>(impl_->context);
  pending->timer.expires_after(delay);
  pending->timer.async_wait(
      [pending, work = std::move(work)](const boost::system::error_code& error) {
        if (!error && !pending->cancelled) work();
      });
  return std::make_unique<AsioTimer>(pending);
}

}  // namespace terrace
