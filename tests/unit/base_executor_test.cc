#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "base/asio_executor.h"
#include "base/worker_pool.h"

namespace terrace {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

void on_strand(AsioExecutor& executor, const std::function<void()>& work) {
  std::promise<void> done;
  executor.post([&] {
    work();
    done.set_value();
  });
  done.get_future().get();
}

TEST(AsioExecutor, RunsOneAfterAnotherInTheOrderPosted) {
  AsioExecutor executor;
  std::vector<int> order;  // unguarded: that is the point
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) executor.post([&order, i] { order.push_back(i); });
    });
  }
  for (auto& thread : threads) thread.join();
  on_strand(executor, [] {});
  EXPECT_EQ(order.size(), 3000u);
  order.clear();
  for (int i = 0; i < 1000; ++i) executor.post([&order, i] { order.push_back(i); });
  on_strand(executor, [] {});
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(AsioExecutor, APostFromElsewhereDoesNotOvertakeOneOfTheStrands) {
  AsioExecutor executor;
  std::vector<int> order;
  std::promise<void> posted, over;
  executor.post([&] {
    executor.post([&order] { order.push_back(1); });
    posted.set_value();
    over.get_future().get();  // the strand is busy until the other thread has posted too
  });
  posted.get_future().get();
  executor.post([&order] { order.push_back(2); });
  over.set_value();
  on_strand(executor, [] {});
  EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(AsioExecutor, NeverRunsInsideThePost) {
  AsioExecutor executor;
  std::promise<void> inner;
  on_strand(executor, [&] {
    EXPECT_TRUE(executor.on_strand());
    bool posting = true;
    executor.post([&inner] { inner.set_value(); });
    posting = inner.get_future().wait_for(milliseconds(0)) == std::future_status::ready;
    EXPECT_FALSE(posting);
  });
  on_strand(executor, [] {});
  EXPECT_FALSE(executor.on_strand());
}

TEST(AsioExecutor, TimersFireOnTheStrandInOrderOfDueTime) {
  AsioExecutor executor;
  std::vector<int> order;
  std::promise<void> last;
  std::vector<std::unique_ptr<Executor::Timer>> timers;
  const auto start = std::chrono::steady_clock::now();
  on_strand(executor, [&] {
    timers.push_back(executor.after(milliseconds(30), [&] {
      EXPECT_TRUE(executor.on_strand());
      order.push_back(2);
      last.set_value();
    }));
    timers.push_back(executor.after(milliseconds(5), [&] { order.push_back(1); }));
  });
  last.get_future().get();
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(30));
  EXPECT_EQ(order, (std::vector{1, 2}));
  on_strand(executor, [&] { timers.clear(); });
}

TEST(AsioExecutor, ADestroyedTimerDoesNotFireEvenWhenDue) {
  AsioExecutor executor;
  bool fired = false;
  on_strand(executor, [&] {
    auto timer = executor.after(milliseconds(1), [&] { fired = true; });
    // It falls due while the strand is busy: its handler may be queued already.
    const auto due = std::chrono::steady_clock::now() + milliseconds(20);
    while (std::chrono::steady_clock::now() < due) std::this_thread::yield();
    timer.reset();
  });
  std::promise<void> later;
  auto after = executor.after(milliseconds(5), [&] { later.set_value(); });
  later.get_future().get();
  EXPECT_FALSE(fired);
  on_strand(executor, [&] { after.reset(); });
}

TEST(AsioExecutor, StoppingDropsTheRestAndTimersMayOutliveIt) {
  std::unique_ptr<Executor::Timer> timer;
  const auto held = std::make_shared<int>(1);
  int ran = 0;
  {
    AsioExecutor executor;
    on_strand(executor, [&] { timer = executor.after(hours(1), [held] {}); });
    EXPECT_EQ(held.use_count(), 2);
    executor.stop();
    executor.stop();
    executor.post([&ran] { ++ran; });
    auto late = executor.after(milliseconds(0), [&ran] { ++ran; });
  }
  EXPECT_EQ(held.use_count(), 1) << "a pending timer's work was leaked";
  timer.reset();
  EXPECT_EQ(ran, 0);
}

TEST(WorkerPool, WorksAsideAndAnswersOnTheStrand) {
  AsioExecutor executor;
  WorkerPool pool(2);
  std::promise<void> answered;
  std::thread::id worker;
  pool.run([&] { worker = std::this_thread::get_id(); },
           [&] {
             EXPECT_TRUE(executor.on_strand());
             EXPECT_NE(worker, std::thread::id());
             EXPECT_NE(worker, std::this_thread::get_id());
             answered.set_value();
           },
           executor);
  answered.get_future().get();
}

TEST(WorkerPool, WorksOnSeveralThingsAtOnce) {
  AsioExecutor executor;
  WorkerPool pool(3);
  std::latch together(3);  // hangs unless all three run at a time
  std::promise<void> answered;
  int answers = 0;
  for (int i = 0; i < 3; ++i) {
    pool.run([&] { together.arrive_and_wait(); },
             [&] {
               if (++answers == 3) answered.set_value();
             },
             executor);
  }
  answered.get_future().get();
}

TEST(WorkerPool, EndingFinishesWhatHasBegunAndDropsTheRest) {
  AsioExecutor executor;
  std::atomic<int> worked = 0;
  int answered = 0;
  std::promise<void> begun, go;
  auto pool = std::make_unique<WorkerPool>(1);
  pool->run(
      [&] {
        begun.set_value();
        go.get_future().get();
        ++worked;
      },
      [&] { ++answered; }, executor);
  const auto held = std::make_shared<int>(1);
  pool->run([&worked, held] { ++worked; }, [&] { ++answered; }, executor);
  begun.get_future().get();
  std::thread ending([&] { pool.reset(); });
  go.set_value();
  ending.join();
  on_strand(executor, [] {});
  EXPECT_GE(worked, 1);
  EXPECT_EQ(worked, answered);
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace terrace
