// What store/store.h promises, over every backend alike.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "base/ids.h"
#include "tests/contract/store_contract.h"

namespace terrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

RecordKey key(const std::string& id, const std::string& tenant = "acme",
              const std::string& kind = "hold") {
  return {kind, tenant, id};
}

Batch put(const std::string& id, const std::string& body = "b",
          std::optional<std::uint64_t> expected = std::nullopt) {
  Batch batch;
  batch.put(key(id), "owner", "state", body, expected);
  return batch;
}

Batch erase(const std::string& id) { return Batch().erase(key(id)); }

std::vector<std::string> ids(const std::vector<Record>& records) {
  std::vector<std::string> all;
  for (const auto& record : records) all.push_back(record.key.tenant + "/" + record.key.id);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Backends, StoreTest, testing::ValuesIn(store_backends()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(StoreTest, GivesBackWhatWasPutByteForByte) {
  const RecordKey odd{"kind", std::string("te\0nant", 7), "id/\xc3\xa9'\"%"};
  const std::string body("\0\xff body \0", 9);
  const auto revision = commit(Batch().put(odd, "ow'ner", std::string("st\0", 3), body));
  ASSERT_TRUE(revision.ok());
  const Record expected{odd, "ow'ner", std::string("st\0", 3), 1, *revision, body};
  EXPECT_EQ(get(odd), expected);
  const auto page = store_->list({.kind = "kind", .owner = "ow'ner"});
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->records, ElementsAre(expected));
}

TEST_P(StoreTest, EmptyFieldsAreFieldsToo) {
  ASSERT_TRUE(commit(Batch().put(key("a", ""), "", "", "")).ok());
  const auto record = get(key("a", ""));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->body, "");
  EXPECT_EQ(store_->list({.kind = "hold", .tenant = "", .owner = "", .state = ""})->records.size(),
            1u);
}

TEST_P(StoreTest, WhatIsNotThereIsNoProblem) {
  EXPECT_EQ(get(key("none")), std::nullopt);
  EXPECT_THAT(store_->list({.kind = "hold"})->records, IsEmpty());
  EXPECT_EQ(store_->revision(), 0u);
}

TEST_P(StoreTest, CountsVersionsPerRecordAndRevisionsPerBatch) {
  EXPECT_EQ(*commit(put("a")), 1u);
  EXPECT_EQ(*commit(put("a", "second")), 2u);
  EXPECT_EQ(*commit(put("b")), 3u);
  EXPECT_EQ(get(key("a"))->version, 2u);
  EXPECT_EQ(get(key("a"))->revision, 2u);
  EXPECT_EQ(get(key("a"))->body, "second");
  EXPECT_EQ(get(key("b"))->version, 1u);
  EXPECT_EQ(store_->revision(), 3u);
  EXPECT_EQ(*commit(erase("a")), 4u);
  EXPECT_EQ(get(key("a")), std::nullopt);
  EXPECT_EQ(*commit(put("a")), 5u);
  EXPECT_EQ(get(key("a"))->version, 1u);
}

TEST_P(StoreTest, AnUnexpectedVersionFailsTheWholeBatchAndOnlyIt) {
  ASSERT_TRUE(commit(put("a")).ok());
  Batch batch;
  batch.put(key("new"), "o", "s", "b").put(key("a"), "o", "s", "changed", 7).erase(key("a2"));
  const auto refused = commit(std::move(batch));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().code(), Problem::ABORTED);
  EXPECT_EQ(refused.problem().type(), "store.version-mismatch");
  ASSERT_EQ(refused.problem().where_size(), 1);
  EXPECT_EQ(refused.problem().where(0).resource(), "hold/acme/a");
  EXPECT_THAT(refused.problem().constraint().limit(), HasSubstr("7"));
  EXPECT_THAT(refused.problem().constraint().actual(), HasSubstr("1"));
  EXPECT_EQ(get(key("new")), std::nullopt);
  EXPECT_EQ(get(key("a"))->body, "b");
  EXPECT_EQ(store_->revision(), 1u);
  EXPECT_EQ(*commit(put("a", "changed", 1)), 2u);
}

TEST_P(StoreTest, VersionZeroExpectsThatThereIsNoRecord) {
  EXPECT_TRUE(commit(put("a", "b", 0)).ok());
  EXPECT_EQ(commit(put("a", "b", 0)).problem().code(), Problem::ABORTED);
  EXPECT_EQ(commit(put("c", "b", 1)).problem().code(), Problem::ABORTED);
  ASSERT_TRUE(commit(erase("a")).ok());
  EXPECT_TRUE(commit(put("a", "b", 0)).ok());
}

TEST_P(StoreTest, ErasingIsRepeatableUnlessAVersionWasExpected) {
  EXPECT_TRUE(commit(erase("a")).ok());
  EXPECT_EQ(commit(Batch().erase(key("a"), 1)).problem().code(), Problem::ABORTED);
  EXPECT_TRUE(commit(Batch().erase(key("a"), 0)).ok());
  ASSERT_TRUE(commit(put("a")).ok());
  EXPECT_EQ(commit(Batch().erase(key("a"), 2)).problem().code(), Problem::ABORTED);
  EXPECT_TRUE(commit(Batch().erase(key("a"), 1)).ok());
  EXPECT_EQ(get(key("a")), std::nullopt);
  EXPECT_EQ(store_->changes_since(1, {})->deletes.size(), 1u) << "what was not there left a trace";
}

TEST_P(StoreTest, RefusesAMalformedBatch) {
  const std::vector<Batch> bad = {
      Batch().put(key("a"), "", "", "1").put(key("a"), "", "", "2"),
      Batch().put(key("a"), "", "", "1").erase(key("a")),
      Batch().put(key(""), "", "", ""),
      Batch().erase(key("a", "acme", "")),
      Batch().put(key("a"), "", "", std::string(kMaxRecordBytes, 'x')),
  };
  for (const auto& batch : bad) {
    const auto refused = commit(batch);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.problem().code(), Problem::INVALID_ARGUMENT);
    EXPECT_EQ(refused.problem().type(), "store.bad-batch");
    EXPECT_EQ(refused.problem().where_size(), 1);
  }
  EXPECT_EQ(store_->revision(), 0u);
}

TEST_P(StoreTest, AnEmptyBatchTakesARevisionAndDoneMayBeEmpty) {
  store_->commit({}, nullptr);
  EXPECT_EQ(*commit({}), 2u);
}

TEST_P(StoreTest, TellsOutcomesOnTheStrandInOrderOfSubmission) {
  constexpr std::uint64_t kBatches = 3000;
  std::vector<std::uint64_t> told;
  std::atomic<bool> off_strand = false;
  for (std::uint64_t i = 0; i < kBatches; ++i) {
    // Every third fails its check; the others take the revisions without a gap.
    auto batch = i % 3 == 2 ? put("x" + std::to_string(i), "b", 9) : put("r" + std::to_string(i));
    store_->commit(std::move(batch), [&, i](const Result<std::uint64_t>& result) {
      if (!executor_.on_strand()) off_strand = true;
      EXPECT_EQ(result.ok(), i % 3 != 2);
      if (result.ok()) {
        EXPECT_EQ(*result, i - i / 3 + 1);
      }
      told.push_back(i);
    });
  }
  settle();
  EXPECT_FALSE(off_strand);
  ASSERT_EQ(told.size(), kBatches);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
}

TEST_P(StoreTest, AQueuedBatchSeesTheVersionsOfThoseBefore) {
  std::vector<bool> outcomes;
  const auto note = [&](const Result<std::uint64_t>& result) { outcomes.push_back(result.ok()); };
  for (const std::uint64_t expected : {0, 1, 2, 2, 3}) {
    store_->commit(put("a", "v" + std::to_string(expected), expected), note);
  }
  store_->commit(Batch().erase(key("a"), 4), note);
  store_->commit(put("a", "again", 0), note);
  settle();
  EXPECT_THAT(outcomes, ElementsAre(true, true, true, false, true, true, true));
  EXPECT_EQ(get(key("a"))->body, "again");
}

TEST_P(StoreTest, NeverCallsDoneInsideCommit) {
  bool told = false;
  on_strand([&] {
    store_->commit({}, [&told](const Result<std::uint64_t>&) { told = true; });
    EXPECT_FALSE(told);
  });
  settle();
  EXPECT_TRUE(told);
}

TEST_P(StoreTest, DoneReadsWhatItsBatchWrote) {
  std::promise<void> over;
  std::function<void(int)> next = [&](int i) {
    if (i == 50) return over.set_value();
    const std::string id = "r" + std::to_string(i);
    store_->commit(put(id), [&, i, id](const Result<std::uint64_t>& result) {
      ASSERT_TRUE(result.ok());
      EXPECT_TRUE(store_->get(key(id))->has_value());
      EXPECT_GE(store_->revision(), *result);
      EXPECT_EQ(store_->changes_since(*result - 1, {})->upserts.size(), 1u);
      next(i + 1);
    });
  };
  executor_.post([&] { next(0); });
  over.get_future().get();
}

TEST_P(StoreTest, ManyThreadsCountWithoutLosingOne) {
  constexpr int kThreads = 4, kEach = 50;
  ASSERT_TRUE(commit(put("counter", "0")).ok());
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this] {
      for (int done = 0; done < kEach;) {
        const auto record = *get(key("counter"));
        const auto body = std::to_string(std::stoi(record.body) + 1);
        if (commit(put("counter", body, record.version)).ok()) ++done;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(get(key("counter"))->body, std::to_string(kThreads * kEach));
  EXPECT_EQ(get(key("counter"))->version, 1u + kThreads * kEach);
}

TEST_P(StoreTest, ListsByTenantAndIdWithFilters) {
  Batch batch;
  batch.put(key("2", "b"), "mia", "HELD", "")
      .put(key("1", "b"), "leo", "HELD", "")
      .put(key("3", "a"), "mia", "COMMITTED", "")
      .put(key("\xff", "a"), "mia", "HELD", "")
      .put(key("1", "a", "other"), "mia", "HELD", "");
  ASSERT_TRUE(commit(std::move(batch)).ok());
  const auto list = [this](const Query& query) { return ids(store_->list(query)->records); };
  EXPECT_THAT(list({.kind = "hold"}), ElementsAre("a/3", "a/\xff", "b/1", "b/2"));
  EXPECT_THAT(list({.kind = "hold", .tenant = "b"}), ElementsAre("b/1", "b/2"));
  EXPECT_THAT(list({.kind = "hold", .owner = "mia"}), ElementsAre("a/3", "a/\xff", "b/2"));
  EXPECT_THAT(list({.kind = "hold", .state = "HELD"}), ElementsAre("a/\xff", "b/1", "b/2"));
  EXPECT_THAT(list({.kind = "hold", .tenant = "b", .owner = "mia", .state = "HELD"}),
              ElementsAre("b/2"));
  EXPECT_THAT(list({.kind = "hold", .tenant = "c"}), IsEmpty());
  ASSERT_TRUE(commit(Batch().put(key("2", "b"), "leo", "COMMITTED", "")).ok());
  EXPECT_THAT(list({.kind = "hold", .owner = "mia"}), ElementsAre("a/3", "a/\xff"));
  EXPECT_THAT(list({.kind = "hold", .state = "COMMITTED"}), ElementsAre("a/3", "b/2"));
}

TEST_P(StoreTest, PagesMeetWithoutGapOrOverlap) {
  Batch batch;
  for (int i = 0; i < 230; ++i) {
    batch.put(key(std::to_string(1000 + i), i % 2 ? "a" : "b"), i % 3 ? "x" : "y", "s", "");
  }
  ASSERT_TRUE(commit(std::move(batch)).ok());
  for (Query query : {Query{.kind = "hold"}, Query{.kind = "hold", .tenant = "b"},
                      Query{.kind = "hold", .owner = "x"}}) {
    query.page_size = Query::kMaxPageSize + 1;
    const auto whole = *store_->list(query);
    EXPECT_EQ(whole.next_page_token, "");
    query.page_size = 7;
    std::vector<Record> pieces;
    do {
      const auto page = *store_->list(query);
      EXPECT_LE(page.records.size(), 7u);
      pieces.insert(pieces.end(), page.records.begin(), page.records.end());
      query.page_token = page.next_page_token;
    } while (!query.page_token.empty());
    EXPECT_EQ(pieces, whole.records);
  }
  EXPECT_EQ(store_->list({.kind = "hold"})->records.size(), Query::kDefaultPageSize);
  // A page that ends with the last record has none after it.
  EXPECT_EQ(store_->list({.kind = "hold", .page_size = 230})->next_page_token, "");
}

TEST_P(StoreTest, RefusesAListItCannotRead) {
  for (const Query& query : {Query{}, Query{.kind = "hold", .page_token = "junk"},
                             Query{.kind = "hold", .page_token = "99:x"},
                             Query{.kind = "hold", .page_token = "1x:ab"},
                             Query{.kind = "hold", .tenant = "b", .page_token = "1:aid"}}) {
    const auto refused = store_->list(query);
    ASSERT_FALSE(refused.ok()) << query.page_token;
    EXPECT_EQ(refused.problem().code(), Problem::INVALID_ARGUMENT);
    EXPECT_EQ(refused.problem().type(), "store.bad-query");
  }
}

TEST_P(StoreTest, ChangesAreCoalescedAndInOrderOfRevision) {
  ASSERT_TRUE(commit(put("z")).ok());                   // 1
  ASSERT_TRUE(commit(put("gone")).ok());                // 2
  ASSERT_TRUE(commit(put("a", "old")).ok());            // 3
  ASSERT_TRUE(commit(put("z", "new")).ok());            // 4
  ASSERT_TRUE(commit(erase("gone")).ok());              // 5
  ASSERT_TRUE(commit(Batch().put(key("c", "t", "other"), "", "", "")).ok());  // 6
  auto changes = *store_->changes_since(2, {});
  EXPECT_EQ(changes.revision, 6u);
  EXPECT_THAT(ids(changes.upserts), ElementsAre("acme/a", "acme/z", "t/c"));
  EXPECT_EQ(changes.upserts[1].body, "new");
  EXPECT_THAT(changes.deletes, ElementsAre(Changes::Deletion{key("gone"), 5}));

  changes = *store_->changes_since(2, {"other"});
  EXPECT_EQ(changes.revision, 6u);
  EXPECT_THAT(ids(changes.upserts), ElementsAre("t/c"));
  EXPECT_THAT(changes.deletes, IsEmpty());
  EXPECT_THAT(ids(store_->changes_since(2, {"hold", "other", "hold"})->upserts),
              ElementsAre("acme/a", "acme/z", "t/c"));

  EXPECT_THAT(ids(store_->changes_since(0, {})->upserts), ElementsAre("acme/a", "acme/z", "t/c"));
  EXPECT_THAT(store_->changes_since(0, {})->deletes, IsEmpty());
  changes = *store_->changes_since(6, {});
  EXPECT_TRUE(changes.upserts.empty() && changes.deletes.empty());

  ASSERT_TRUE(commit(put("gone")).ok());  // it is back: no longer a deletion
  changes = *store_->changes_since(2, {"hold"});
  EXPECT_THAT(ids(changes.upserts), ElementsAre("acme/a", "acme/z", "acme/gone"));
  EXPECT_THAT(changes.deletes, IsEmpty());
}

TEST_P(StoreTest, ForgetsOldDeletionsAndSaysSo) {
  const std::size_t count = kTombstones + 2;
  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(commit(put(std::to_string(i))).ok());
  const auto before = store_->revision();
  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(commit(erase(std::to_string(i))).ok());
  // The two oldest are forgotten: from the second deletion on, all is known.
  const auto refused = store_->changes_since(before + 1, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().code(), Problem::OUT_OF_RANGE);
  EXPECT_EQ(refused.problem().type(), "store.revision-pruned");
  const auto changes = store_->changes_since(before + 2, {});
  ASSERT_TRUE(changes.ok());
  EXPECT_EQ(changes->deletes.size(), kTombstones);
  EXPECT_TRUE(store_->changes_since(0, {}).ok()) << "a snapshot needs no deletions";
}

TEST_P(StoreTest, RefusesARevisionThatIsYetToCome) {
  const auto refused = store_->changes_since(1, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().code(), Problem::OUT_OF_RANGE);
  EXPECT_EQ(refused.problem().type(), "store.revision-ahead");
}

TEST_P(StoreTest, ListenersHearEachBatchBeforeItsDone) {
  std::vector<std::string> heard;
  const auto subscription = store_->subscribe([&](const Change& change) {
    EXPECT_TRUE(executor_.on_strand());
    heard.push_back(change.key.id + "@" + std::to_string(change.revision) +
                    (change.record ? "=" + change.record->body + " v" +
                                         std::to_string(change.record->version)
                                   : " erased"));
  });
  const auto note = [&](const Result<std::uint64_t>& result) {
    heard.push_back(result.ok() ? "done " + std::to_string(*result) : "failed");
  };
  store_->commit(Batch().put(key("b"), "", "", "1").put(key("a"), "", "", "2"), note);
  store_->commit(put("a", "x", 9), note);
  store_->commit(Batch().erase(key("b")).erase(key("never")).put(key("a"), "", "", "3"), note);
  settle();
  EXPECT_THAT(heard, ElementsAre("b@1=1 v1", "a@1=2 v1", "done 1", "failed", "b@2 erased",
                                 "a@2=3 v2", "done 2"));
}

TEST_P(StoreTest, WhoEndedListeningHearsNoMore) {
  int first = 0, second = 0;
  std::unique_ptr<Store::Subscription> later;
  auto sooner = store_->subscribe([&](const Change&) {
    ++first;
    later.reset();
  });
  later = store_->subscribe([&](const Change&) { ++second; });
  ASSERT_TRUE(commit(put("a")).ok());
  on_strand([&] { sooner.reset(); });
  ASSERT_TRUE(commit(put("a")).ok());
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0) << "told although ended by the listener before it";
}

TEST_P(StoreTest, AListenerMayEndItself) {
  int heard = 0;
  std::unique_ptr<Store::Subscription> own;
  own = store_->subscribe([&](const Change&) {
    ++heard;
    own.reset();
    ++heard;  // what was captured still lives
  });
  ASSERT_TRUE(commit(Batch().put(key("a"), "", "", "").put(key("b"), "", "", "")).ok());
  EXPECT_EQ(heard, 2);
}

TEST_P(StoreTest, SubscribeThenCatchUpMissesNothing) {
  for (int round = 0; round < 5; ++round) {
    std::promise<void> under_way;
    std::thread writer([&] {
      for (int i = 0; i < 60; ++i) {
        const auto id = std::to_string(i % 10);
        ASSERT_TRUE(commit(i % 4 == 3 ? erase(id) : put(id, std::to_string(i))).ok());
        if (i == 10) under_way.set_value();
      }
    });
    under_way.get_future().get();
    std::map<RecordKey, Record> copy;
    std::uint64_t current = 0;
    std::unique_ptr<Store::Subscription> subscription;
    on_strand([&] {
      subscription = store_->subscribe([&](const Change& change) {
        if (change.revision <= current) return;
        if (change.record) {
          copy[change.key] = *change.record;
        } else {
          copy.erase(change.key);
        }
      });
      const auto start = *store_->changes_since(0, {});
      current = start.revision;
      for (const auto& record : start.upserts) copy[record.key] = record;
    });
    writer.join();
    on_strand([&] { subscription.reset(); });
    std::map<RecordKey, Record> truth;
    const auto listed = *store_->list({.kind = "hold"});
    for (const auto& record : listed.records) truth[record.key] = record;
    EXPECT_EQ(copy, truth);
  }
}

TEST_P(StoreTest, EachStoreIsItsOwnIncarnation) {
  TempDir elsewhere;
  const auto other = GetParam().make(elsewhere.path(), executor_, random_, {});
  EXPECT_TRUE(is_uuid(store_->incarnation()));
  EXPECT_NE(store_->incarnation(), other->incarnation());
}

TEST_P(StoreTest, ClosingWritesWhatIsQueuedAndItIsStillTold) {
  int told = 0;
  auto subscription = store_->subscribe([](const Change&) {});
  for (int i = 0; i < 500; ++i) {
    store_->commit(put(std::to_string(i)), [&](const Result<std::uint64_t>& result) {
      EXPECT_TRUE(result.ok());
      ++told;
    });
  }
  store_.reset();
  on_strand([&] { subscription.reset(); });  // outlives the store, and comes after what was posted
  EXPECT_EQ(told, 500);
}

}  // namespace
}  // namespace terrace
