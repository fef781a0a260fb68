// The one thread that writes to the SQLite store: it takes what has queued up, and makes one
// transaction of it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "store/sqlite_db.h"
#include "store/store.h"
#include "store/subscribers.h"

namespace terrace::store {

class SqliteWriter {
 public:
  // Takes a migrated database with its row of meta.
  static Result<std::unique_ptr<SqliteWriter>> start(Database database, const StoreOptions& options,
                                                     Executor& executor,
                                                     std::shared_ptr<Subscribers> subscribers);
  // Writes what is queued, then ends the thread.
  ~SqliteWriter();
  SqliteWriter(const SqliteWriter&) = delete;
  SqliteWriter& operator=(const SqliteWriter&) = delete;

  // Any thread.
  void submit(Batch batch, Store::Done done);
  // Of the last durable batch. Any thread.
  std::uint64_t revision() const { return durable_revision_; }

 private:
  struct Statements {
    Statement begin, commit, find, insert, update, erase;
    Statement bury, unbury, nth_tombstone, prune, save_meta;
  };
  // What the transaction changes beside the tables; put back when it fails.
  struct Meta {
    std::uint64_t revision = 0;
    std::uint64_t pruned = 0;
    std::uint64_t tombstones = 0;
  };
  struct Job {
    std::vector<Batch::Write> writes;
    Store::Done done;
    std::uint64_t generation = 0;  // how many failures had been told when it was submitted
  };
  struct Outcome {
    std::vector<Change> changes;
    Result<std::uint64_t> result;
    Store::Done done;
  };
  struct Failure {
    Problem problem;
    std::uint64_t generation = 0;  // what was submitted up to this one fails likewise
  };
  // A record as it is, as far as writing needs to know.
  struct Found {
    std::uint64_t row = 0, version = 0;  // version 0: there is none
  };

  SqliteWriter(Database database, Statements statements, Meta meta, const StoreOptions& options,
               Executor& executor, std::shared_ptr<Subscribers> subscribers);
  static Result<Statements> prepare(Database& database);
  static Result<Meta> load_meta(Database& database);

  // The writer's thread, all of these.
  void serve();
  std::vector<Job> take_group();
  void process(std::vector<Job> group);
  // All of the group in one transaction. A problem: nothing of it is there.
  Status write_group(std::vector<Job>& group, std::vector<Outcome>& outcomes);
  void note_failure(const Problem& problem);
  // A check that fails is the outcome of this batch; a problem returned is one of the whole group.
  Status write_batch(Job& job, Outcome& outcome);
  Result<std::vector<Found>> find_all(const std::vector<Batch::Write>& writes);
  Status put(const Batch::Write& write, const Found& found, std::uint64_t revision);
  Status erase(const Batch::Write& write, const Found& found, std::uint64_t revision);
  Status prune_and_save();

  const StoreOptions options_;
  Executor& executor_;
  const std::shared_ptr<Subscribers> subscribers_;
  // Counts the failures told; shared with the posted work that counts.
  const std::shared_ptr<std::atomic<std::uint64_t>> failures_told_;

  // The writer's thread alone.
  Database database_;
  Statements statements_;
  Meta meta_;
  std::optional<Failure> failure_;

  std::atomic<std::uint64_t> durable_revision_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> queue_;
  bool closing_ = false;
  std::thread thread_;  // last: it begins when all else is there
};

}  // namespace terrace::store
