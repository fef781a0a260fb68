#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/sim_executor.h"

namespace terrace {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using Timers = std::vector<std::unique_ptr<Executor::Timer>>;

TEST(SimExecutor, RunsWhatIsPostedAndWhatThatPosts) {
  SimExecutor executor;
  std::string order;
  executor.post([&] {
    order += "a";
    executor.post([&] { order += "c"; });
    order += "b";
  });
  EXPECT_EQ(order, "");
  EXPECT_EQ(executor.run_ready(), 2u);
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(executor.now(), SimExecutor::kStart);
}

TEST(SimExecutor, FiresTimersByDueTimeThenByOrderSet) {
  SimExecutor executor;
  std::string order;
  Timers timers;
  timers.push_back(executor.after(seconds(2), [&] { order += "c"; }));
  timers.push_back(executor.after(seconds(1), [&] {
    EXPECT_EQ(executor.now(), SimExecutor::kStart + seconds(1));
    order += "a";
    executor.post([&] { order += "'"; });
    timers.push_back(executor.after(seconds(1), [&] { order += "d"; }));
  }));
  timers.push_back(executor.after(seconds(1), [&] { order += "b"; }));
  timers.push_back(executor.after(seconds(9), [&] { order += "late"; }));
  executor.advance(seconds(3));
  EXPECT_EQ(order, "a'bcd");
  EXPECT_EQ(executor.now(), SimExecutor::kStart + seconds(3));
}

TEST(SimExecutor, ADestroyedTimerDoesNotFire) {
  SimExecutor executor;
  bool fired = false;
  auto second = executor.after(seconds(1), [&] { fired = true; });
  Timers timers;
  timers.push_back(executor.after(seconds(1), [&] { fired = true; }));
  timers.clear();
  executor.post([&] { second.reset(); });
  executor.advance(seconds(2));
  EXPECT_FALSE(fired);
}

TEST(SimExecutor, RunsUntilIdleButNotForEver) {
  SimExecutor executor;
  Timers timers;
  int beats = 0;
  std::function<void()> beat = [&] {
    if (++beats < 5) timers.push_back(executor.after(seconds(10), beat));
  };
  executor.post(beat);
  EXPECT_TRUE(executor.run_until_idle());
  EXPECT_EQ(beats, 5);
  EXPECT_EQ(executor.now(), SimExecutor::kStart + seconds(40));
  beats = -1000;
  executor.post(beat);
  EXPECT_FALSE(executor.run_until_idle(seconds(60)));
  EXPECT_EQ(beats, -1000 + 7);
}

TEST(SimExecutor, RunsUntilAPredicateHoldsAndNoFurther) {
  SimExecutor executor;
  Timers timers;
  int count = 0;
  for (int i = 1; i <= 5; ++i) timers.push_back(executor.after(seconds(i), [&] { ++count; }));
  EXPECT_TRUE(executor.run_until([&] { return count == 3; }, hours(1)));
  EXPECT_EQ(count, 3);
  EXPECT_EQ(executor.now(), SimExecutor::kStart + seconds(3));
  EXPECT_FALSE(executor.run_until([&] { return count == 9; }, seconds(7)));
  EXPECT_EQ(count, 5);
  EXPECT_EQ(executor.now(), SimExecutor::kStart + seconds(10));
}

TEST(SimExecutor, DropsWhatIsLeftEvenWhenThatCancelsTimers) {
  const auto held = std::make_shared<int>(1);
  std::unique_ptr<Executor::Timer> survivor;
  {
    SimExecutor executor;
    std::shared_ptr<Executor::Timer> inner = executor.after(seconds(1), [held] {});
    executor.post([inner, held] {});
    survivor = executor.after(seconds(2), [held] {});
  }
  EXPECT_EQ(held.use_count(), 1);
  survivor.reset();
}

TEST(SimExecutorDeathTest, RefusesASecondThread) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  SimExecutor executor;
  EXPECT_DEATH(std::thread([&] { executor.post([] {}); }).join(), "another thread");
}

}  // namespace
}  // namespace terrace
