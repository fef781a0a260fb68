// Property: whatever is thrown at a store, it holds what a map would.
#include <cstdlib>
#include <iostream>
#include <map>

#include "tests/contract/store_contract.h"

namespace terrace {
namespace {

// TERRACE_SEED repeats a run.
std::uint64_t seed() {
  const char* given = std::getenv("TERRACE_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : SystemRandom().next();
}

class Model {
 public:
  // Applies the batch as the store's contract says; 0: refused.
  std::uint64_t apply(const Batch& batch) {
    for (const auto& write : batch.writes()) {
      const auto found = records.find(write.key);
      const std::uint64_t version = found == records.end() ? 0 : found->second.version;
      if (write.expected_version && *write.expected_version != version) return 0;
    }
    ++revision;
    for (const auto& write : batch.writes()) {
      if (write.erase) {
        records.erase(write.key);
        continue;
      }
      auto& record = records[write.key];
      record = {write.key, write.owner, write.state, record.version + 1, revision, write.body};
    }
    return revision;
  }

  std::vector<Record> list(const Query& query) const {
    std::vector<Record> all;
    for (const auto& [key, record] : records) {
      if (key.kind != query.kind || (query.tenant && *query.tenant != key.tenant)) continue;
      if (query.owner && *query.owner != record.owner) continue;
      if (query.state && *query.state != record.state) continue;
      all.push_back(record);
    }
    return all;
  }

  std::map<RecordKey, Record> records;
  std::uint64_t revision = 0;
};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t limit) { return random_.next() % limit; }
  std::string word(std::uint64_t many) { return "w" + std::to_string(below(many)); }
  std::optional<std::string> maybe_word(std::uint64_t many) {
    return below(2) ? std::optional(word(many)) : std::nullopt;
  }

  Batch batch() {
    Batch batch;
    std::map<RecordKey, bool> used;
    for (auto writes = below(5); writes > 0; --writes) {
      const RecordKey key{word(2), word(3), word(8)};
      if (!used.emplace(key, true).second) continue;
      std::optional<std::uint64_t> expected;
      if (below(3) == 0) expected = below(3);
      if (below(3) == 0) {
        batch.erase(key, expected);
      } else {
        batch.put(key, word(3), word(3), std::string(below(3000), 'x'), expected);
      }
    }
    return batch;
  }

 private:
  SeededRandom random_;
};

// A copy kept by the feed of changes alone, as a watcher keeps one.
void catch_up(const Store& store, std::map<RecordKey, Record>& copy, std::uint64_t& revision) {
  auto changes = store.changes_since(revision, {});
  if (!changes.ok()) {
    ASSERT_EQ(changes.problem().type(), "store.revision-pruned");
    copy.clear();
    changes = store.changes_since(0, {});
  }
  for (const auto& record : changes->upserts) copy[record.key] = record;
  for (const auto& deletion : changes->deletes) copy.erase(deletion.key);
  revision = changes->revision;
}

class StoreModelTest : public StoreTest {};

INSTANTIATE_TEST_SUITE_P(Backends, StoreModelTest, testing::ValuesIn(store_backends()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(StoreModelTest, AgreesWithAMap) {
  const std::uint64_t chosen = seed();
  std::cout << "TERRACE_SEED=" << chosen << std::endl;
  SCOPED_TRACE("TERRACE_SEED=" + std::to_string(chosen));
  Dice dice(chosen);
  Model model;
  std::map<RecordKey, Record> copy;
  std::uint64_t copied = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<std::uint64_t> expected, found;
    for (auto batches = dice.below(20); batches > 0; --batches) {
      Batch batch = dice.batch();
      expected.push_back(model.apply(batch));
      store_->commit(std::move(batch), [&found](const Result<std::uint64_t>& result) {
        found.push_back(result.ok() ? *result : 0);
      });
    }
    settle();
    model.apply({});  // as settle() does
    ASSERT_EQ(found, expected);
    const Query query{.kind = dice.word(2), .tenant = dice.maybe_word(3),
                      .owner = dice.maybe_word(3), .state = dice.maybe_word(3)};
    ASSERT_EQ(store_->list(query)->records, model.list(query));
    const RecordKey key{dice.word(2), dice.word(3), dice.word(8)};
    const auto record = model.records.find(key);
    ASSERT_EQ(get(key), record == model.records.end() ? std::nullopt
                                                      : std::optional(record->second));
    ASSERT_EQ(store_->revision(), model.revision);
    catch_up(*store_, copy, copied);
    ASSERT_EQ(copy, model.records);
  }
}

}  // namespace
}  // namespace terrace
