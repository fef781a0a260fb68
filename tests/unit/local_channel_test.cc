#include "northbound/local_channel.h"

#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/fake_north_api.h"
#include "tests/support/sim_executor.h"

namespace terrace {
namespace {

using std::chrono::seconds;

class Watchable final : public FakeNorthApi {
 public:
  using FakeNorthApi::FakeNorthApi;
  Sink<v1::WatchEvent> sink;
  std::unique_ptr<Subscription> watch(const Call&, const v1::WatchRequest&,
                                      Sink<v1::WatchEvent> given) override {
    sink = std::move(given);
    return std::make_unique<Subscription>();
  }
  void get_hold(const Call&, const v1::GetHoldRequest&, Reply<v1::Hold>) override {}  // never
};

class LocalChannelTest : public testing::Test {
 protected:
  void begin_watch() {
    stream_ = call_stream<v1::WatchEvent>(channel_, "/terrace.v1.HoldService/Watch", {},
                                          v1::WatchRequest(),
                                          [this](Result<std::unique_ptr<v1::WatchEvent>> event) {
                                            if (!event.ok()) {
                                              problem_ = event.problem();
                                            } else if (*event) {
                                              events_.push_back(**event);
                                            }
                                          });
    sim_.run_ready();
  }
  v1::WatchEvent event(v1::WatchEvent::Type type, std::uint64_t revision) {
    v1::WatchEvent event;
    event.set_type(type);
    event.mutable_token()->set_revision(revision);
    return event;
  }

  SimExecutor sim_;
  Watchable api_{sim_};
  Dispatch dispatch_{sim_, api_, {.heartbeat = seconds(5)}};
  LocalChannel channel_{sim_, sim_, dispatch_};
  std::unique_ptr<Subscription> stream_;
  std::vector<v1::WatchEvent> events_;
  std::optional<Problem> problem_;
};

TEST_F(LocalChannelTest, RunsTheSameChecksAsTheWire) {
  v1::ReleaseHoldRequest request;
  request.set_hold_id("not a uuid");
  std::optional<Problem> refused;
  call_unary<v1::Hold>(channel_, "/terrace.v1.HoldService/ReleaseHold", {}, request,
                       [&](Result<v1::Hold> answer) { refused = answer.problem(); });
  EXPECT_FALSE(refused) << "a reply never comes inside the call";
  sim_.run_ready();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->type(), "request.malformed-id");
  EXPECT_EQ(api_.calls.count("release_hold"), 0u);
}

TEST_F(LocalChannelTest, ADeadlineAnswersWhenThePlatformDoesNot) {
  v1::GetHoldRequest request;
  request.set_hold_id("6f1c2a3b-0000-4000-8000-000000000001");
  Call call;
  call.deadline = sim_.now() + seconds(3);
  std::optional<Problem> refused;
  call_unary<v1::Hold>(channel_, "/terrace.v1.HoldService/GetHold", call, request,
                       [&](Result<v1::Hold> answer) { refused = answer.problem(); });
  sim_.advance(seconds(2));
  EXPECT_FALSE(refused);
  sim_.advance(seconds(2));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code(), Problem::DEADLINE_EXCEEDED);
}

TEST_F(LocalChannelTest, SilenceIsFilledWithHeartbeatsThatCarryTheLastToken) {
  begin_watch();
  api_.sink(event(v1::WatchEvent::SNAPSHOT_END, 9));
  sim_.advance(seconds(6));
  ASSERT_EQ(events_.size(), 1u) << "something was told meanwhile: no heartbeat is due";
  sim_.advance(seconds(5));
  ASSERT_EQ(events_.size(), 2u);
  EXPECT_EQ(events_[1].type(), v1::WatchEvent::BOOKMARK);
  EXPECT_EQ(events_[1].token().revision(), 9u);
}

TEST_F(LocalChannelTest, AHeartbeatInsideASnapshotHasNoToken) {
  begin_watch();
  api_.sink(event(v1::WatchEvent::UPSERT, 9));
  sim_.advance(seconds(11));
  ASSERT_EQ(events_.size(), 2u);
  EXPECT_EQ(events_[1].type(), v1::WatchEvent::BOOKMARK);
  EXPECT_FALSE(events_[1].has_token());
}

TEST_F(LocalChannelTest, NothingIsToldAfterTheLastWordOrTheSubscription) {
  begin_watch();
  api_.sink(problem(Problem::OUT_OF_RANGE, "watch.too-old", "too old"));
  ASSERT_TRUE(problem_);
  api_.sink(event(v1::WatchEvent::UPSERT, 1));
  EXPECT_TRUE(events_.empty());

  begin_watch();
  stream_.reset();
  api_.sink(event(v1::WatchEvent::UPSERT, 1));
  sim_.advance(seconds(20));
  EXPECT_TRUE(events_.empty());
}

}  // namespace
}  // namespace terrace
