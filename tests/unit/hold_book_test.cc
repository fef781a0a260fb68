// The hold book around a maker that answers when it is told to: what happens when calls meet.
#include "recursion/hold_book.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "base/time.h"
#include "store/memory_store.h"
#include "tests/support/service_builder.h"
#include "tests/support/sim_executor.h"

namespace terrace {
namespace {

using Answer = std::optional<Result<v1::Hold>>;

// Keeps what it is asked until the test answers, and notices what the book must never do.
class ManualMaker final : public Maker {
 public:
  struct Asked {
    std::shared_ptr<HoldEntry> entry;
    std::function<void(Status)> done;
  };

  void restore(const record::v1::HoldRecord&) override {}
  void hold(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) override {
    begin(holds, std::move(entry), std::move(done));
  }
  void commit(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) override {
    begin(commits, std::move(entry), std::move(done));
  }
  void release(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) override {
    begin(releases, std::move(entry), std::move(done));
  }
  void probe(const HoldEntry&, const Call&, const v1::ProbeRequest&,
             Reply<v1::ProbeResult>) override {}
  std::unique_ptr<Subscription> publish(Platform::CatalogueSink) override { return nullptr; }

  // Answers the oldest of them; a hold with a proof.
  void settle(std::vector<Asked>& asked, Status status = {}) {
    ASSERT_FALSE(asked.empty());
    Asked first = std::move(asked.front());
    asked.erase(asked.begin());
    --busy_[first.entry->record().hold().id()];
    if (&asked == &holds && status)
      first.entry->record().mutable_hold()->mutable_proof()->set_realm("r");
    first.done(std::move(status));
  }

  std::vector<Asked> holds;
  std::vector<Asked> commits;
  std::vector<Asked> releases;

 private:
  void begin(std::vector<Asked>& asked, std::shared_ptr<HoldEntry> entry,
             std::function<void(Status)> done) {
    EXPECT_EQ(++busy_[entry->record().hold().id()], 1) << "two calls at a time for one entry";
    asked.push_back({std::move(entry), std::move(done)});
  }

  std::map<std::string, int> busy_;
};

// A disk that is full while the test says so.
class FullStore final : public Store {
 public:
  FullStore(SimExecutor& executor, Random& random)
      : executor_(executor), inner_(executor, random) {}

  void commit(Batch batch, Done done) override {
    ++commits;
    if (!full) return inner_.commit(std::move(batch), std::move(done));
    executor_.post([done = std::move(done)] {
      done(problem(Problem::RESOURCE_EXHAUSTED, "store.full", "The disk is full."));
    });
  }
  Result<std::optional<Record>> get(const RecordKey& key) const override { return inner_.get(key); }
  Result<Page> list(const Query& query) const override { return inner_.list(query); }
  const std::string& incarnation() const override { return inner_.incarnation(); }
  std::uint64_t revision() const override { return inner_.revision(); }
  Result<Changes> changes_since(std::uint64_t revision,
                                const std::vector<std::string>& kinds) const override {
    return inner_.changes_since(revision, kinds);
  }
  std::unique_ptr<Subscription> subscribe(Listener listener) override {
    return inner_.subscribe(std::move(listener));
  }

  bool full = false;
  int commits = 0;

 private:
  SimExecutor& executor_;
  MemoryStore inner_;
};

// May be set back.
class WallClock final : public Clock {
 public:
  explicit WallClock(const Clock& clock) : clock_(clock) {}
  Instant now() const override { return clock_.now() - back; }
  Duration back{};

 private:
  const Clock& clock_;
};

class HoldBookTest : public ::testing::Test {
 protected:
  void boot() {
    HoldBookConfig config;
    config.platform_id = PlatformId("p");
    maker_ = std::make_unique<ManualMaker>();
    book_ = std::make_unique<HoldBook>(std::move(config), *maker_, store_, sim_, clock_);
    ASSERT_TRUE(book_->load());
    book_->resume();
  }
  void SetUp() override { boot(); }

  static Call call(std::uint64_t epoch = 1, const std::vector<std::string>& replaces = {}) {
    Call call;
    call.context.set_tenant("t");
    call.context.set_epoch(epoch);
    for (const auto& id : replaces) call.context.add_replaces(id);
    return call;
  }

  std::shared_ptr<Answer> hold(const std::string& id, const Call& call = HoldBookTest::call()) {
    testing::ServiceBuilder builder;
    builder.function("web", 1, {{"eth0", "link"}});
    v1::PlaceHoldRequest request;
    request.set_hold_id(id);
    *request.mutable_fragment() = builder.order();
    request.mutable_envelope()->set_realm("r");
    auto answer = std::make_shared<Answer>();
    book_->hold(call, request, [answer](Result<v1::Hold> result) { *answer = std::move(result); });
    return answer;
  }
  std::shared_ptr<Answer> commit(const std::string& id, const Call& call = HoldBookTest::call()) {
    v1::CommitHoldRequest request;
    request.set_hold_id(id);
    auto answer = std::make_shared<Answer>();
    book_->commit(call, request,
                  [answer](Result<v1::Hold> result) { *answer = std::move(result); });
    return answer;
  }
  std::shared_ptr<Answer> release(const std::string& id, const Call& call = HoldBookTest::call()) {
    v1::ReleaseHoldRequest request;
    request.set_hold_id(id);
    request.set_mode(v1::ReleaseHoldRequest::UNDO);
    auto answer = std::make_shared<Answer>();
    book_->release(call, request,
                   [answer](Result<v1::Hold> result) { *answer = std::move(result); });
    return answer;
  }
  void held(const std::string& id) {
    const auto answer = hold(id);
    sim_.run_ready();
    maker_->settle(maker_->holds);
    sim_.run_ready();
    ASSERT_TRUE(answer->has_value() && **answer && (**answer)->state() == v1::Hold::HELD);
  }
  v1::Hold::State state(const std::string& id) const {
    const auto* const record = book_->look_up("t", id);
    return record == nullptr ? v1::Hold::STATE_UNSPECIFIED : record->hold().state();
  }

  SimExecutor sim_;
  WallClock clock_{sim_};
  SeededRandom random_{1};
  FullStore store_{sim_, random_};
  std::unique_ptr<ManualMaker> maker_;
  std::unique_ptr<HoldBook> book_;
};

// Shows: R7
TEST_F(HoldBookTest, AReleaseThatMeetsARefusalIsAnswered) {
  const auto placed = hold("a");
  sim_.run_ready();
  const auto released = release("a");
  maker_->settle(maker_->holds, problem(Problem::RESOURCE_EXHAUSTED, "full", "Full."));
  sim_.run_ready();
  ASSERT_TRUE(placed->has_value());
  ASSERT_TRUE(released->has_value()) << "the release was never answered";
  EXPECT_TRUE((*released)->ok());
  EXPECT_TRUE(maker_->releases.empty());
}

// Shows: R7
TEST_F(HoldBookTest, AReleaseWhileHeldIsBeingRecordedKeepsACommitOut) {
  const auto placed = hold("a");
  sim_.run_ready();
  std::shared_ptr<Answer> committed;
  // Whoever waits for the hold commits it in the same breath.
  testing::ServiceBuilder builder;
  builder.function("web", 1, {{"eth0", "link"}});
  v1::PlaceHoldRequest again;
  again.set_hold_id("a");
  *again.mutable_fragment() = builder.order();
  again.mutable_envelope()->set_realm("r");
  book_->hold(call(), again, [&](const Result<v1::Hold>&) { committed = commit("a"); });
  maker_->settle(maker_->holds);
  const auto released = release("a");
  sim_.run_ready();
  EXPECT_TRUE(maker_->commits.empty()) << "committed although its release was recorded";
  while (!maker_->releases.empty()) {
    maker_->settle(maker_->releases);
    sim_.run_ready();
  }
  ASSERT_TRUE(released->has_value() && (*released)->ok());
  EXPECT_EQ((**released)->state(), v1::Hold::RELEASED);
  ASSERT_TRUE(committed && committed->has_value());
  EXPECT_FALSE((*committed)->ok());
}

// Shows: R8
TEST_F(HoldBookTest, AHoldWaitsForAnEarlierAttemptThatIsBeingReleasedUnderANewerEpoch) {
  held("a");
  const auto released = release("a", call(2));
  sim_.run_ready();
  ASSERT_EQ(maker_->releases.size(), 1U);
  const auto next = hold("b", call(1, {"a"}));
  sim_.run_ready();
  EXPECT_TRUE(maker_->holds.empty()) << "placed while the earlier attempt's values are taken";
  maker_->settle(maker_->releases);
  sim_.run_ready();
  EXPECT_EQ(maker_->holds.size(), 1U);
}

// Shows: R8, R9
TEST_F(HoldBookTest, AnOldWorkersHoldDoesNotReleaseANewerOnesAttempt) {
  const auto newer = hold("a", call(5));
  sim_.run_ready();
  maker_->settle(maker_->holds);
  sim_.run_ready();
  const auto next = hold("b", call(1, {"a"}));
  sim_.run_ready();
  EXPECT_TRUE(maker_->holds.empty());
  ASSERT_TRUE(next->has_value());
  ASSERT_FALSE((*next)->ok());
  EXPECT_EQ((*next)->problem().epoch_seen(), 5U);
  EXPECT_EQ(state("a"), v1::Hold::HELD);
}

// Shows: R6
TEST_F(HoldBookTest, ACommitAskedAgainWhileItIsUndoneIsAnsweredWithHowItEnded) {
  held("a");
  const auto first = commit("a");
  sim_.run_ready();
  maker_->settle(maker_->commits, problem(Problem::FAILED_PRECONDITION, "probe.silent", "No."));
  sim_.run_ready();
  const auto again = commit("a");
  sim_.run_ready();
  EXPECT_FALSE(again->has_value()) << "answered before it was settled";
  maker_->settle(maker_->releases);
  sim_.run_ready();
  for (const auto& answer : {first, again}) {
    ASSERT_TRUE(answer->has_value() && (*answer)->ok());
    EXPECT_EQ((**answer)->state(), v1::Hold::ROLLED_BACK);
    EXPECT_EQ((**answer)->error().type(), "probe.silent");
  }
}

// Shows: R7
TEST_F(HoldBookTest, ARecordThatOwesAReleaseToNobodyIsKeptInPeace) {
  held("a");
  auto& part = *const_cast<record::v1::HoldRecord*>(book_->look_up("t", "a"))
                    ->mutable_delegation()->add_part();
  part.set_state(record::v1::DelegatedPart::OWED);
  const auto released = release("a");
  sim_.run_ready();
  maker_->settle(maker_->releases);
  sim_.run_ready();
  EXPECT_TRUE(released->has_value());
  // Its child is gone for good: the record stays, and no timer spins on it.
  EXPECT_TRUE(sim_.run_until_idle(std::chrono::hours(1)));
  EXPECT_EQ(state("a"), v1::Hold::RELEASED);
}

TEST_F(HoldBookTest, AFullDiskIsNotAskedToForgetWithoutAPause) {
  held("a");
  release("a");
  sim_.run_ready();
  maker_->settle(maker_->releases);
  sim_.run_ready();
  store_.full = true;
  store_.commits = 0;
  sim_.advance(std::chrono::minutes(10) + std::chrono::seconds(30));
  EXPECT_LE(store_.commits, 31);
  store_.full = false;
  sim_.advance(std::chrono::seconds(5));
  EXPECT_EQ(book_->look_up("t", "a"), nullptr);
}

// Shows: R7
TEST_F(HoldBookTest, AClockSetBackOverARestartRevivesNothingThatWasForgotten) {
  Call dated = call();
  dated.context.set_not_after_us(to_micros(sim_.now() + std::chrono::minutes(1)));
  const auto first = hold("a", dated);
  sim_.run_ready();
  maker_->settle(maker_->holds);
  sim_.run_ready();
  release("a", dated);
  sim_.run_ready();
  maker_->settle(maker_->releases);
  sim_.advance(std::chrono::minutes(2));
  ASSERT_EQ(book_->look_up("t", "a"), nullptr);
  clock_.back = std::chrono::hours(1);
  boot();
  const auto late = hold("a", dated);
  sim_.run_ready();
  ASSERT_TRUE(late->has_value() && !(*late)->ok());
  EXPECT_EQ((*late)->problem().type(), "hold.too-late");
}

// Shows: R8, R26
TEST_F(HoldBookTest, AfterARestartAHoldStillWaitsForWhatItReplaces) {
  held("a");
  hold("b", call(1, {"a"}));
  sim_.run_ready();
  ASSERT_EQ(maker_->releases.size(), 1U);
  boot();
  sim_.run_ready();
  ASSERT_EQ(maker_->releases.size(), 1U);
  EXPECT_TRUE(maker_->holds.empty()) << "placed while the earlier attempt's values are taken";
  maker_->settle(maker_->releases);
  sim_.run_ready();
  EXPECT_EQ(maker_->holds.size(), 1U);
}

}  // namespace
}  // namespace terrace
