// RemotePlatform against a child in the same process, over a channel that loses what it is told to.
#include "tests/unit/remote_platform_fixture.h"

namespace terrace {
namespace {

// Shows: R5
TEST_F(RemotePlatformTest, ACommitIsAnsweredWhenTheWatchShowsItSettled) {
  const auto answer = commit();
  sim_.advance(seconds(3));
  EXPECT_TRUE(answer->empty()) << "recorded is not settled";
  child_.move(kHold, v1::Hold::COMMITTED);
  EXPECT_TRUE(sim_.run_until([&] { return !answer->empty(); }, seconds(1)));
  ASSERT_TRUE(answer->front().ok());
  EXPECT_EQ(answer->front()->state(), v1::Hold::COMMITTED);
  EXPECT_EQ(child_.calls["get_hold"], 0) << "nothing is polled";
  EXPECT_EQ(child_.calls["watch"], 1) << "one stream";
}

TEST_F(RemotePlatformTest, ACommitThatFailsIsAnsweredWithHowItEnded) {
  const auto answer = commit();
  sim_.run_ready();
  child_.move(kHold, v1::Hold::RELEASING);
  sim_.run_ready();
  EXPECT_TRUE(answer->empty());
  child_.move(kHold, v1::Hold::ROLLED_BACK);
  sim_.run_ready();
  ASSERT_EQ(answer->size(), 1u);
  ASSERT_TRUE(answer->front().ok());
  EXPECT_EQ(answer->front()->state(), v1::Hold::ROLLED_BACK);
}

TEST_F(RemotePlatformTest, ACommitThatWasReleasedMeanwhileIsRefused) {
  const auto answer = commit();
  sim_.run_ready();
  child_.move(kHold, v1::Hold::RELEASED);
  sim_.run_ready();
  ASSERT_EQ(answer->size(), 1u);
  ASSERT_FALSE(answer->front().ok());
  EXPECT_EQ(answer->front().problem().code(), Problem::FAILED_PRECONDITION);
}

// Shows: R9
TEST_F(RemotePlatformTest, ARefusalIsTheAnswer) {
  child_.refuse_commit = problem(Problem::ABORTED, "hold.old-epoch", "epoch 3 was seen");
  const auto answer = commit();
  sim_.run_ready();
  ASSERT_EQ(answer->size(), 1u);
  EXPECT_EQ(answer->front().problem().type(), "hold.old-epoch");
}

// Shows: R6
TEST_F(RemotePlatformTest, ACommitSettledLongAgoIsAnsweredWithoutAWatchEvent) {
  channel_.cut_now();
  child_.move(kHold, v1::Hold::COMMITTED);
  sim_.run_ready();
  channel_.cut = false;
  child_.at_once = true;
  const auto answer = commit();
  // Not so long that the watch has reconnected.
  sim_.advance(milliseconds(10));
  ASSERT_EQ(answer->size(), 1u);
  EXPECT_EQ(answer->front()->state(), v1::Hold::COMMITTED);
}

// Shows: R6, R9
TEST_F(RemotePlatformTest, ALostReplyIsResolvedByTheSnapshotAfterReconnecting) {
  const auto answer = commit();
  // The commit arrives; its answer and the stream do not survive.
  EXPECT_TRUE(sim_.run_until([&] { return child_.commits[kHold] == 1; }, seconds(1)));
  channel_.cut_now();
  sim_.advance(seconds(1));
  EXPECT_TRUE(answer->empty()) << "unknown is never an end state";
  child_.move(kHold, v1::Hold::COMMITTED);
  channel_.cut = false;
  sim_.advance(seconds(10));
  ASSERT_EQ(answer->size(), 1u);
  ASSERT_TRUE(answer->front().ok());
  EXPECT_EQ(answer->front()->state(), v1::Hold::COMMITTED);
  EXPECT_EQ(child_.commits[kHold], 1);
}

// Shows: R6, R9
TEST_F(RemotePlatformTest, ACommitThatNeverArrivedIsAnsweredAsUnknownOnceTheChildIsBack) {
  channel_.cut_now();
  const auto answer = commit();
  sim_.advance(seconds(5));
  EXPECT_TRUE(answer->empty());
  channel_.cut = false;
  sim_.advance(seconds(10));
  ASSERT_EQ(answer->size(), 1u);
  ASSERT_FALSE(answer->front().ok());
  EXPECT_TRUE(outcome_unknown(answer->front().problem()));
  EXPECT_EQ(child_.commits[kHold], 0);
  // Asked again, it is done.
  const auto again = commit();
  sim_.run_ready();
  child_.move(kHold, v1::Hold::COMMITTED);
  sim_.run_ready();
  ASSERT_EQ(again->size(), 1u);
  EXPECT_TRUE(again->front().ok());
}

// Shows: R9
TEST_F(RemotePlatformTest, ADeadlineThatPassesIsAnUnknownOutcomeAndTheOnlyAnswer) {
  Call call;
  call.deadline = sim_.now() + seconds(4);
  const auto answer = commit(call);
  sim_.advance(seconds(5));
  ASSERT_EQ(answer->size(), 1u);
  EXPECT_EQ(answer->front().problem().code(), Problem::DEADLINE_EXCEEDED);
  child_.move(kHold, v1::Hold::COMMITTED);
  sim_.advance(seconds(5));
  EXPECT_EQ(answer->size(), 1u);
}

// Shows: R25
TEST_F(RemotePlatformTest, ACommitOfAChangeGoesToTheInstanceThatChanges) {
  hold(kInstance);
  sim_.run_ready();
  const auto answer = commit();
  sim_.run_ready();
  ASSERT_TRUE(child_.update);
  EXPECT_EQ(child_.update->ns_instance_id(), kInstance);
  EXPECT_EQ(child_.update->operation_id(), kHold);
  EXPECT_EQ(child_.update->hold_id(), kHold);
  child_.move(kHold, v1::Hold::COMMITTED);
  sim_.run_ready();
  EXPECT_EQ(answer->size(), 1u);
}

// Shows: R25
TEST_F(RemotePlatformTest, AfterARestartTheChildIsAskedWhoseChangeAHoldIs) {
  hold(kInstance);
  sim_.run_ready();
  remote_ = std::make_unique<RemotePlatform>(sim_, sim_, random_, channel_,
                                             RemotePlatformOptions{.name = "child edge"});
  commit();
  sim_.run_ready();
  ASSERT_TRUE(child_.update);
  EXPECT_EQ(child_.update->ns_instance_id(), kInstance);
}

// Shows: R11
TEST_F(RemotePlatformTest, AReleaseIsAnsweredOnceNothingIsLeft) {
  const auto answer = release();
  sim_.advance(seconds(2));
  EXPECT_TRUE(answer->empty());
  child_.move(kHold, v1::Hold::RELEASED);
  sim_.run_ready();
  ASSERT_EQ(answer->size(), 1u);
  EXPECT_EQ(answer->front()->state(), v1::Hold::RELEASED);
}

// Shows: R7, R11
TEST_F(RemotePlatformTest, AReleaseIsSettledAcrossAnOutage) {
  const auto answer = release();
  sim_.run_ready();
  channel_.cut_now();
  sim_.advance(seconds(60));
  EXPECT_TRUE(answer->empty());
  child_.move(kHold, v1::Hold::RELEASED);
  channel_.cut = false;
  sim_.advance(seconds(10));
  ASSERT_EQ(answer->size(), 1u);
  EXPECT_EQ(answer->front()->state(), v1::Hold::RELEASED);
}

// Shows: R25
TEST_F(RemotePlatformTest, KeepIsAnsweredWhenTheChildHasRecordedItAndNotBefore) {
  child_.move(kHold, v1::Hold::COMMITTED);
  sim_.run_ready();
  channel_.lose_answers = true;
  const auto lost = release(v1::ReleaseHoldRequest::KEEP);
  sim_.run_ready();
  ASSERT_EQ(lost->size(), 1u);
  ASSERT_FALSE(lost->front().ok()) << "COMMITTED was its state before, too";
  EXPECT_TRUE(outcome_unknown(lost->front().problem()));
  channel_.lose_answers = false;
  const auto answer = release(v1::ReleaseHoldRequest::KEEP);
  sim_.run_ready();
  ASSERT_EQ(answer->size(), 1u);
  EXPECT_TRUE(answer->front().ok());
}

TEST_F(RemotePlatformTest, TheWatchResumesWhereItWas) {
  child_.bookmark_all();
  sim_.run_ready();
  channel_.cut_now();
  sim_.run_ready();
  const auto from = child_.revision;
  child_.move(kHold, v1::Hold::EXPIRED);
  channel_.cut = false;
  sim_.advance(seconds(10));
  EXPECT_EQ(child_.resumed_from, std::vector<std::uint64_t>{from});
}

// Shows: R26
TEST_F(RemotePlatformTest, TooOldATokenIsFollowedByASnapshotThatDropsWhatIsGone) {
  std::vector<Result<v1::WatchEvent>> seen;
  const auto observation =
      remote_->observe({}, [&](Result<v1::WatchEvent> event) { seen.push_back(std::move(event)); });
  sim_.run_ready();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0]->hold().id(), kHold);
  EXPECT_EQ(seen[1]->type(), v1::WatchEvent::SNAPSHOT_END);
  channel_.cut_now();
  sim_.run_ready();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_FALSE(seen[2].ok()) << "the child is away, and the observer is told";
  child_.holds.clear();
  child_.oldest = child_.revision + 1;
  channel_.cut = false;
  sim_.advance(seconds(10));
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[3]->type(), v1::WatchEvent::SNAPSHOT_END) << "a whole snapshot: nothing is left";
  EXPECT_EQ(child_.resumed_from.size(), 1u);
}

TEST_F(RemotePlatformTest, ALateObserverIsToldTheWholeFirst) {
  child_.move(kHold, v1::Hold::COMMITTED);
  sim_.run_ready();
  std::vector<v1::WatchEvent> seen;
  const auto observation =
      remote_->observe({}, [&](Result<v1::WatchEvent> event) { seen.push_back(*event); });
  child_.move(kHold, v1::Hold::RELEASING);
  sim_.run_ready();
  ASSERT_GE(seen.size(), 2u);
  EXPECT_EQ(seen.back().type() == v1::WatchEvent::SNAPSHOT_END
                ? seen[seen.size() - 2].hold().state()
                : seen.back().hold().state(),
            v1::Hold::RELEASING);
}

TEST_F(RemotePlatformTest, ReconnectsWithAPauseThatGrowsToItsCap) {
  channel_.cut_now();
  sim_.run_ready();
  channel_.streams = 0;
  sim_.advance(seconds(1));
  const int early = channel_.streams;
  EXPECT_GE(early, 2);
  EXPECT_LE(early, 8);
  sim_.advance(seconds(60));
  channel_.streams = 0;
  sim_.advance(seconds(60));
  EXPECT_GE(channel_.streams, 11);
  EXPECT_LE(channel_.streams, 25);
}

TEST_F(RemotePlatformTest, AStreamThatFallsSilentIsOpenedAgain) {
  Dispatch mute(sim_, child_, {.heartbeat = seconds(3600)});
  LocalChannel local(sim_, sim_, mute);
  Cuttable channel(sim_, local);
  RemotePlatform remote(sim_, sim_, random_, channel, {.name = "mute", .silence = seconds(20)});
  const auto observation = remote.observe({}, [](Result<v1::WatchEvent>) {});
  sim_.advance(seconds(15));
  EXPECT_EQ(channel.streams, 1);
  sim_.advance(seconds(40));
  EXPECT_GE(channel.streams, 2);
}

// Shows: R21
TEST_F(RemotePlatformTest, TheCatalogueIsASnapshotThenDeltasAndResumesAfterAnOutage) {
  child_.catalogue.set_platform_id("edge");
  child_.catalogue.set_revision(5);
  std::vector<Result<v1::CatalogueEvent>> seen;
  const auto subscription =
      remote_->publish([&](Result<v1::CatalogueEvent> event) { seen.push_back(std::move(event)); });
  sim_.run_ready();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0]->type(), v1::CatalogueEvent::SNAPSHOT);

  v1::CatalogueDelta delta;
  delta.set_revision(6);
  delta.add_offer()->set_id("fw");
  child_.change_catalogue(delta);
  sim_.run_ready();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[1]->type(), v1::CatalogueEvent::DELTA);

  channel_.cut_now();
  sim_.run_ready();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_FALSE(seen[2].ok());
  EXPECT_FALSE(remote_->condition().connected);
  delta.set_revision(7);
  delta.mutable_offer(0)->set_id("nat");
  child_.change_catalogue(delta);
  channel_.cut = false;
  sim_.advance(seconds(10));
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[3]->type(), v1::CatalogueEvent::SNAPSHOT) << "after a Problem, the whole";
  EXPECT_EQ(seen[3]->snapshot().offer_size(), 2);
  EXPECT_EQ(child_.catalogue_resumed_from, std::vector<std::uint64_t>{6});
  EXPECT_TRUE(remote_->condition().connected);
  EXPECT_EQ(remote_->condition().catalogue_revision, 7u);
  EXPECT_EQ(remote_->condition().offers, 2u);
}

TEST_F(RemotePlatformTest, ClosingAnswersWhatIsPending) {
  const auto answer = commit();
  sim_.run_ready();
  remote_.reset();
  sim_.run_ready();
  ASSERT_EQ(answer->size(), 1u);
  EXPECT_EQ(answer->front().problem().code(), Problem::CANCELLED);
}

}  // namespace
}  // namespace terrace
