// RemotePlatform against a child in the same process, over a channel that loses what it is told to.
#include "southbound/remote/remote_platform.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "northbound/local_channel.h"
#include "tests/support/fake_north_api.h"
#include "tests/support/sim_executor.h"

namespace terrace {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kHold = "6f1c2a3b-0000-4000-8000-000000000001";
constexpr const char* kInstance = "6f1c2a3b-0000-4000-8000-000000000002";

Problem gone() {
  return problem(Problem::UNAVAILABLE, "rpc.unreachable", "the child cannot be reached");
}

// A channel that can be cut: calls under way lose their answers, new ones fail, streams break.
class Cuttable final : public Channel {
 public:
  Cuttable(Executor& executor, Channel& inner) : executor_(executor), inner_(inner) {}

  bool cut = false;
  bool lose_answers = false;  // the call arrives, its answer does not
  std::vector<std::string> methods;
  int streams = 0;

  void cut_now() {
    cut = true;
    for (auto& break_one : std::exchange(breaks_, {})) break_one();
  }

  void unary(std::string_view method, const Call& call, const Message& request,
             const Message& prototype, MessageReply reply) override {
    methods.emplace_back(method.substr(method.rfind('/') + 1));
    if (cut) return executor_.post([reply] { reply(gone()); });
    inner_.unary(method, call, request, prototype,
                 [this, reply](Result<std::unique_ptr<Message>> answer) {
                   if (cut || lose_answers) return reply(gone());
                   reply(std::move(answer));
                 });
  }

  std::unique_ptr<Subscription> stream(std::string_view method, const Call& call,
                                       const Message& request, const Message& prototype,
                                       MessageSink sink) override {
    ++streams;
    auto alive = std::make_shared<bool>(true);
    auto tell = [alive, sink](Result<std::unique_ptr<Message>> event) {
      if (*alive) sink(std::move(event));
    };
    if (cut) {
      executor_.post([tell] { tell(gone()); });
      return std::make_unique<Held>(alive, nullptr);
    }
    breaks_.push_back([this, tell] { executor_.post([tell] { tell(gone()); }); });
    return std::make_unique<Held>(
        alive, inner_.stream(method, call, request, prototype,
                             [this, tell](Result<std::unique_ptr<Message>> event) {
                               if (!cut) tell(std::move(event));
                             }));
  }

 private:
  class Held final : public Subscription {
   public:
    Held(std::shared_ptr<bool> alive, std::unique_ptr<Subscription> inner)
        : alive_(std::move(alive)), inner_(std::move(inner)) {}
    ~Held() override { *alive_ = false; }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    std::shared_ptr<bool> alive_;
    std::unique_ptr<Subscription> inner_;
  };

  Executor& executor_;
  Channel& inner_;
  std::vector<std::function<void()>> breaks_;
};

// A child with holds, whose states the test moves, and a log of changes for its watchers.
class Child final : public FakeNorthApi {
 public:
  using FakeNorthApi::FakeNorthApi;

  std::map<std::string, v1::Hold> holds;
  std::map<std::string, int> commits;  // by hold
  std::optional<v1::UpdateRequest> update;
  std::optional<Problem> refuse_commit;
  bool at_once = false;  // a commit is settled before it is answered
  std::uint64_t revision = 1;
  std::uint64_t oldest = 0;  // resume tokens before it are too old
  std::vector<std::uint64_t> resumed_from;

  v1::Catalogue catalogue;
  std::vector<v1::CatalogueDelta> deltas;
  std::vector<std::uint64_t> catalogue_resumed_from;

  void move(const std::string& id, v1::Hold::State state) {
    auto& hold = holds[id];
    hold.set_id(id);
    hold.set_state(state);
    changed_[id] = ++revision;
    tell(upsert(hold));
  }
  void change_catalogue(const v1::CatalogueDelta& delta) {
    deltas.push_back(delta);
    catalogue.set_revision(delta.revision());
    for (const auto& offer : delta.offer()) *catalogue.add_offer() = offer;
    for (auto& sink : live(catalogue_sinks_)) sink(delta_event(delta));
  }
  void bookmark_all() {
    v1::WatchEvent event;
    event.set_type(v1::WatchEvent::BOOKMARK);
    event.mutable_token()->set_revision(revision);
    tell(event);
  }

  void place_hold(const Call& call, const v1::PlaceHoldRequest& request,
                  Reply<v1::Hold> reply) override {
    note("place_hold", call);
    auto& hold = holds[request.hold_id()];
    hold.set_ns_instance_id(request.ns_instance_id().empty() ? request.hold_id()
                                                             : request.ns_instance_id());
    move(request.hold_id(), v1::Hold::HELD);
    executor_.post([reply, hold] { reply(hold); });
  }
  void get_hold(const Call& call, const v1::GetHoldRequest& request,
                Reply<v1::Hold> reply) override {
    note("get_hold", call);
    const auto found = holds.find(request.hold_id());
    if (found == holds.end()) return refuse("get_hold", call, std::move(reply));
    executor_.post([reply, hold = found->second] { reply(hold); });
  }
  void instantiate_ns(const Call& call, const v1::InstantiateRequest& request,
                      Reply<v1::NsLcmOpOcc> reply) override {
    note("instantiate_ns", call);
    EXPECT_EQ(request.ns_instance_id(), request.hold_id());
    EXPECT_EQ(request.operation_id(), request.hold_id());
    commit(request.hold_id(), std::move(reply));
  }
  void update_ns(const Call& call, const v1::UpdateRequest& request,
                 Reply<v1::NsLcmOpOcc> reply) override {
    note("update_ns", call);
    update = request;
    commit(request.hold_id(), std::move(reply));
  }
  void release_hold(const Call& call, const v1::ReleaseHoldRequest& request,
                    Reply<v1::Hold> reply) override {
    note("release_hold", call);
    if (request.mode() == v1::ReleaseHoldRequest::UNDO)
      move(request.hold_id(), v1::Hold::RELEASING);
    executor_.post([reply, hold = holds[request.hold_id()]] { reply(hold); });
  }
  std::unique_ptr<Subscription> watch(const Call& call, const v1::WatchRequest& request,
                                      Sink<v1::WatchEvent> sink) override {
    note("watch", call);
    const bool resume = request.has_resume();
    const std::uint64_t from = request.resume().revision();
    if (resume) resumed_from.push_back(from);
    auto held = subscribe(watch_sinks_, sink);
    executor_.post([this, sink, resume, from] {
      if (resume && from < oldest) {
        return sink(problem(Problem::OUT_OF_RANGE, "watch.too-old", "too old a token"));
      }
      for (const auto& [id, hold] : holds) {
        if (!resume || changed_[id] > from) sink(upsert(hold));
      }
      v1::WatchEvent end;
      end.set_type(v1::WatchEvent::SNAPSHOT_END);
      end.mutable_token()->set_revision(revision);
      sink(end);
    });
    return held;
  }
  std::unique_ptr<Subscription> watch_catalogue(const Call&,
                                                const v1::WatchCatalogueRequest& request,
                                                Sink<v1::CatalogueEvent> sink) override {
    auto held = subscribe(catalogue_sinks_, sink);
    if (request.has_resume()) catalogue_resumed_from.push_back(request.resume().revision());
    executor_.post([this, sink, request] {
      if (request.has_resume()) {
        for (const auto& delta : deltas) {
          if (delta.revision() > request.resume().revision()) sink(delta_event(delta));
        }
        return;
      }
      v1::CatalogueEvent event;
      event.set_type(v1::CatalogueEvent::SNAPSHOT);
      *event.mutable_snapshot() = catalogue;
      event.mutable_token()->set_revision(catalogue.revision());
      sink(event);
    });
    return held;
  }

 private:
  template <class T>
  using Sinks = std::vector<std::pair<std::weak_ptr<bool>, T>>;
  class Held final : public Subscription {
   public:
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  };

  template <class T>
  static std::unique_ptr<Subscription> subscribe(Sinks<T>& sinks, const T& sink) {
    auto held = std::make_unique<Held>();
    sinks.emplace_back(held->alive, sink);
    return held;
  }
  template <class T>
  static std::vector<T> live(const Sinks<T>& sinks) {
    std::vector<T> result;
    for (const auto& [alive, sink] : sinks) {
      if (!alive.expired()) result.push_back(sink);
    }
    return result;
  }

  void commit(const std::string& id, Reply<v1::NsLcmOpOcc> reply) {
    ++commits[id];
    if (refuse_commit) {
      return executor_.post([reply, why = *refuse_commit] { reply(why); });
    }
    v1::NsLcmOpOcc operation;
    operation.set_id(id);
    operation.set_operation_state(v1::NsLcmOpOcc::PROCESSING);
    if (at_once) {
      move(id, v1::Hold::COMMITTED);
      operation.set_operation_state(v1::NsLcmOpOcc::COMPLETED);
    } else if (holds[id].state() == v1::Hold::HELD) {
      move(id, v1::Hold::COMMITTING);
    }
    executor_.post([reply, operation] { reply(operation); });
  }
  v1::WatchEvent upsert(const v1::Hold& hold) {
    v1::WatchEvent event;
    event.set_type(v1::WatchEvent::UPSERT);
    event.mutable_token()->set_revision(revision);
    *event.mutable_hold() = hold;
    return event;
  }
  static v1::CatalogueEvent delta_event(const v1::CatalogueDelta& delta) {
    v1::CatalogueEvent event;
    event.set_type(v1::CatalogueEvent::DELTA);
    *event.mutable_delta() = delta;
    event.mutable_token()->set_revision(delta.revision());
    return event;
  }
  void tell(const v1::WatchEvent& event) {
    for (auto& sink : live(watch_sinks_)) sink(event);
  }

  std::map<std::string, std::uint64_t> changed_;
  Sinks<Sink<v1::WatchEvent>> watch_sinks_;
  Sinks<Sink<v1::CatalogueEvent>> catalogue_sinks_;
};

class RemotePlatformTest : public testing::Test {
 protected:
  using Answer = std::shared_ptr<std::vector<Result<v1::Hold>>>;

  void SetUp() override {
    hold();
    sim_.run_ready();
  }

  Reply<v1::Hold> into(const Answer& answer) {
    return [answer](Result<v1::Hold> result) { answer->push_back(std::move(result)); };
  }
  Answer hold(const std::string& instance = {}) {
    v1::PlaceHoldRequest request;
    request.set_hold_id(kHold);
    request.set_ns_instance_id(instance);
    auto answer = std::make_shared<std::vector<Result<v1::Hold>>>();
    remote_->hold({}, request, into(answer));
    return answer;
  }
  Answer commit(Call call = {}) {
    v1::CommitHoldRequest request;
    request.set_hold_id(kHold);
    auto answer = std::make_shared<std::vector<Result<v1::Hold>>>();
    remote_->commit(call, request, into(answer));
    return answer;
  }
  Answer release(v1::ReleaseHoldRequest::Mode mode = v1::ReleaseHoldRequest::UNDO) {
    v1::ReleaseHoldRequest request;
    request.set_hold_id(kHold);
    request.set_mode(mode);
    auto answer = std::make_shared<std::vector<Result<v1::Hold>>>();
    remote_->release({}, request, into(answer));
    return answer;
  }

  SimExecutor sim_;
  SeededRandom random_{1};
  Child child_{sim_};
  Dispatch dispatch_{sim_, child_};
  LocalChannel local_{sim_, sim_, dispatch_};
  Cuttable channel_{sim_, local_};
  std::unique_ptr<RemotePlatform> remote_ = std::make_unique<RemotePlatform>(
      sim_, sim_, random_, channel_, RemotePlatformOptions{.name = "child edge"});
};

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
