// A small document store: records by key, atomic batches with expected versions, lists, and a feed
// of changes. It promises the same for every backend: tests/contract/store_contract_test.cc.
//
// Order. Batches become durable in the order they were submitted: a later one is never durable
// without the earlier ones. Only a batch that fails its own check (an expected version, a malformed
// key) is passed over by itself. When the backend cannot write (disk full), the batches on their
// way fail together, and so does every batch submitted before that failure is told to the first of
// them: whoever builds on a batch whose outcome is not known yet does not end up without it.
//
// Revisions. Every batch that succeeds takes the next revision, an empty one too; one that fails
// takes none.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/result.h"

namespace terrace {

// Bytes, compared bytewise. Kind and id are not empty; tenant may be (what belongs to no tenant).
struct RecordKey {
  std::string kind;  // "hold", "ns-instance"
  std::string tenant;
  std::string id;  // unique in (kind, tenant)

  auto operator<=>(const RecordKey&) const = default;
};

// "hold/acme/4f1c...": for problems and logs.
std::string to_string(const RecordKey& key);

// Of a record, all its fields together.
inline constexpr std::size_t kMaxRecordBytes = 64 << 20;

struct Record {
  RecordKey key;
  std::string owner;  // whatever lists ask for: "parent:acme", an instance's id
  std::string state;
  std::uint64_t version = 0;   // how often it was written, from 1; again from 1 once erased
  std::uint64_t revision = 0;  // of the batch that wrote it last
  std::string body;            // a serialised message; the store does not look inside

  bool operator==(const Record&) const = default;
};

// Writes that happen together or not at all. A key occurs at most once.
class Batch {
 public:
  // `expected_version`: the batch fails unless the record has it now; 0: there must be no record.
  // Without it the write is unconditional.
  Batch& put(RecordKey key, std::string owner, std::string state, std::string body,
             std::optional<std::uint64_t> expected_version = std::nullopt);

  // Erasing what is not there changes nothing and succeeds, unless a version was expected of it.
  Batch& erase(RecordKey key, std::optional<std::uint64_t> expected_version = std::nullopt);

  struct Write {
    RecordKey key;
    std::optional<std::uint64_t> expected_version;
    bool erase = false;
    std::string owner, state, body;  // of a put
  };
  // In the order given. For backends and decorators.
  const std::vector<Write>& writes() const& { return writes_; }
  std::vector<Write>&& writes() && { return std::move(writes_); }
  bool empty() const { return writes_.empty(); }

 private:
  std::vector<Write> writes_;
};

struct Query {
  static constexpr std::size_t kDefaultPageSize = 100;
  static constexpr std::size_t kMaxPageSize = 1000;

  std::string kind;
  std::optional<std::string> tenant{}, owner{}, state{};  // unset: any
  std::size_t page_size = 0;  // 0: kDefaultPageSize; more than kMaxPageSize counts as that
  std::string page_token{};   // of the page before, by the same query; empty: the first page
};

struct Page {
  std::vector<Record> records;  // by (tenant, id)
  std::string next_page_token;  // empty: this is the last page
};

// What a batch made of one key.
struct Change {
  RecordKey key;
  std::uint64_t revision = 0;
  std::optional<Record> record;  // as it is from this revision on; unset: erased
};

// What happened since a revision, each key once, as it is now.
struct Changes {
  struct Deletion {
    RecordKey key;
    std::uint64_t revision = 0;
    bool operator==(const Deletion&) const = default;
  };
  std::uint64_t revision = 0;     // what these are current to: ask on from here
  std::vector<Record> upserts;    // by (revision, key)
  std::vector<Deletion> deletes;  // by (revision, key); may name what came and went meanwhile
};

struct StoreOptions {
  // How many deletions are remembered for changes_since(), at most.
  std::size_t tombstones_kept = 10'000;
};

class Store {
 public:
  using Done = std::function<void(Result<std::uint64_t>)>;
  using Listener = std::function<void(const Change&)>;

  // Ends the listening. Destroy it on the executor's strand, or after the executor has stopped:
  // then the listener is not called again. It may outlive the store.
  class Subscription {
   public:
    virtual ~Subscription() = default;
  };

  // Makes durable what was submitted; each `done` is posted as ever, and runs if the executor
  // still does.
  virtual ~Store() = default;

  // Any thread; never blocks on the disk, never calls `done` inside. `done` (may be empty) runs on
  // the executor, in order of submission, once the batch is durable (with its revision) or has
  // failed without a trace:
  //   ABORTED            store.version-mismatch   which key, expected and found version
  //   INVALID_ARGUMENT   store.bad-batch          a key twice, a key without kind or id, a record
  //                                               larger than kMaxRecordBytes
  //   RESOURCE_EXHAUSTED store.full               the store goes on; repeat when there is room
  //   UNAVAILABLE        store.locked             a tool holds the file; the store goes on
  //   DATA_LOSS          store.corrupt            the file is damaged; every later batch fails too
  //   UNAVAILABLE        store.io                 the disk failed; every later batch fails too,
  //                                               until the store is opened anew: only then it is
  //                                               known which of the last batches are there
  virtual void commit(Batch batch, Done done) = 0;

  // Reads. Any thread; may wait for the disk. They see at least every batch whose `done` has begun
  // to run, whole batches only. DATA_LOSS, UNAVAILABLE as above.
  virtual Result<std::optional<Record>> get(const RecordKey& key) const = 0;
  // INVALID_ARGUMENT store.bad-query: no kind, or a page token that is not of this query.
  virtual Result<Page> list(const Query& query) const = 0;

  // A random UUID made when the store was created: revisions mean something only together with it.
  virtual const std::string& incarnation() const = 0;

  // Of the last durable batch. Any thread.
  virtual std::uint64_t revision() const = 0;

  // What changed in `kinds` (empty: all) after `revision`; from 0, every record there is and no
  // deletes.
  // OUT_OF_RANGE store.revision-pruned: deletions since then are forgotten, take a new snapshot
  // (from 0); store.revision-ahead: this store has not come that far. Any thread.
  virtual Result<Changes> changes_since(std::uint64_t revision,
                                        const std::vector<std::string>& kinds) const = 0;

  // Any thread. From now on `listener` is called on the executor for each write of each batch that
  // became durable: batches in order of revision, writes in the batch's order, all of a batch
  // right before that batch's `done`. It may be told batches submitted before it subscribed. To
  // miss nothing: subscribe, then changes_since(), then skip what is not newer than its answer.
  [[nodiscard]] virtual std::unique_ptr<Subscription> subscribe(Listener listener) = 0;
};

}  // namespace terrace

template <>
struct std::hash<terrace::RecordKey> {
  std::size_t operator()(const terrace::RecordKey& key) const noexcept;
};
