#include "base/worker_pool.h"

#include <utility>

namespace terrace {

WorkerPool::WorkerPool(std::size_t threads) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void WorkerPool::run(std::function<void()> work, std::function<void()> then, Executor& executor) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({std::move(work), std::move(then), &executor});
  }
  changed_.notify_one();
}

void WorkerPool::serve() {
  while (true) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job.work();
    // What the work captured must not live on, here, after `then` has run on the strand.
    job.work = nullptr;
    job.executor->post(std::move(job.then));
  }
}

}  // namespace terrace
