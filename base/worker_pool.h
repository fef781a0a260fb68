// Threads for work that blocks: files, processes, the kernel.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/executor.h"

namespace terrace {

class WorkerPool {
 public:
  // Precondition: threads > 0.
  explicit WorkerPool(std::size_t threads);
  // Joins: what has begun ends, and its `then` is posted; what still queued is dropped with its
  // `then`. Not on one of its own threads.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Any thread, never blocks. Runs `work` on a worker (begun in the order asked for, several at a
  // time), then posts `then` to `executor`, which must outlive the pool.
  void run(std::function<void()> work, std::function<void()> then, Executor& executor);

 private:
  struct Job {
    std::function<void()> work, then;
    Executor* executor = nullptr;
  };
  void serve();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace terrace
