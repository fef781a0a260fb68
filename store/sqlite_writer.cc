#include "store/sqlite_writer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "store/backend.h"

namespace terrace::store {
namespace {

// So that a long queue is still told of its progress, and a transaction fits in memory.
constexpr std::size_t kMaxGroup = 4096;

bool is_passing(const Problem& problem) {
  return problem.type() == "store.full" || problem.type() == "store.locked";
}

}  // namespace

Result<std::unique_ptr<SqliteWriter>> SqliteWriter::start(
    Database database, const StoreOptions& options, Executor& executor,
    std::shared_ptr<Subscribers> subscribers) {
  auto statements = prepare(database);
  if (!statements.ok()) return std::move(statements).problem();
  const auto meta = load_meta(database);
  if (!meta.ok()) return meta.problem();
  return std::unique_ptr<SqliteWriter>(new SqliteWriter(std::move(database), *std::move(statements),
                                                        *meta, options, executor,
                                                        std::move(subscribers)));
}

Result<SqliteWriter::Statements> SqliteWriter::prepare(Database& database) {
  constexpr std::array kSql = {
      "BEGIN IMMEDIATE",
      "COMMIT",
      "SELECT rowid, version FROM record WHERE kind = ?1 AND tenant = ?2 AND id = ?3",
      "INSERT INTO record (kind, tenant, id, owner, state, version, revision, body) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      "UPDATE record SET owner = ?1, state = ?2, version = ?3, revision = ?4, body = ?5 "
      "WHERE rowid = ?6",
      "DELETE FROM record WHERE rowid = ?1",
      "INSERT INTO tombstone (kind, tenant, id, revision) VALUES (?1, ?2, ?3, ?4)",
      "DELETE FROM tombstone WHERE kind = ?1 AND tenant = ?2 AND id = ?3",
      "SELECT revision FROM tombstone ORDER BY revision LIMIT 1 OFFSET ?1",
      "DELETE FROM tombstone WHERE revision <= ?1",
      "UPDATE meta SET revision = ?1, pruned = ?2",
  };
  std::vector<Statement> all;
  for (const char* sql : kSql) {
    auto statement = database.prepare(sql);
    if (!statement.ok()) return std::move(statement).problem();
    all.push_back(*std::move(statement));
  }
  auto next = all.begin();
  const auto take = [&next] { return std::move(*next++); };
  // Braces evaluate from left to right.
  return Statements{take(), take(), take(), take(), take(), take(),
                    take(), take(), take(), take(), take()};
}

Result<SqliteWriter::Meta> SqliteWriter::load_meta(Database& database) {
  Meta meta;
  for (const auto& [field, sql] :
       {std::pair{&Meta::revision, "SELECT revision FROM meta"},
        std::pair{&Meta::pruned, "SELECT pruned FROM meta"},
        std::pair{&Meta::tombstones, "SELECT count(*) FROM tombstone"}}) {
    const auto number = database.number(sql);
    if (!number.ok()) return number.problem();
    meta.*field = *number;
  }
  return meta;
}

SqliteWriter::SqliteWriter(Database database, Statements statements, Meta meta,
                           const StoreOptions& options, Executor& executor,
                           std::shared_ptr<Subscribers> subscribers)
    : options_(options),
      executor_(executor),
      subscribers_(std::move(subscribers)),
      failures_told_(std::make_shared<std::atomic<std::uint64_t>>(0)),
      database_(std::move(database)),
      statements_(std::move(statements)),
      meta_(meta),
      durable_revision_(meta.revision),
      thread_([this] { serve(); }) {}

SqliteWriter::~SqliteWriter() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void SqliteWriter::submit(Batch batch, Store::Done done) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(batch).writes(), std::move(done), *failures_told_});
  }
  changed_.notify_one();
}

void SqliteWriter::serve() {
  while (true) {
    auto group = take_group();
    if (group.empty()) return;
    process(std::move(group));
  }
}

std::vector<SqliteWriter::Job> SqliteWriter::take_group() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closing_ || !queue_.empty(); });
  const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), kMaxGroup));
  std::vector<Job> group(std::move_iterator(queue_.begin()),
                         std::move_iterator(queue_.begin() + count));
  queue_.erase(queue_.begin(), queue_.begin() + count);
  return group;
}

void SqliteWriter::process(std::vector<Job> group) {
  const Meta before = meta_;
  std::vector<Outcome> outcomes;
  outcomes.reserve(group.size());
  for (auto& job : group) outcomes.push_back({{}, std::uint64_t{0}, std::move(job.done)});

  if (auto written = write_group(group, outcomes); !written.ok()) {
    database_.roll_back();
    meta_ = before;
    note_failure(written.problem());
    // Those too that failed their own check: it was made against what never came to be.
    for (auto& outcome : outcomes) {
      outcome.changes.clear();
      outcome.result = written.problem();
    }
  }
  durable_revision_ = meta_.revision;
  for (auto& outcome : outcomes) {
    post_outcome(executor_, subscribers_, std::move(outcome.changes), std::move(outcome.result),
                 std::move(outcome.done));
  }
}

Status SqliteWriter::write_group(std::vector<Job>& group, std::vector<Outcome>& outcomes) {
  const std::uint64_t before = meta_.revision;
  bool begun = false;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (failure_ && group[i].generation <= failure_->generation) {
      outcomes[i].result = failure_->problem;
      continue;
    }
    if (!begun) {
      if (auto begin = statements_.begin.run(database_); !begin.ok()) return begin;
      begun = true;
    }
    if (auto written = write_batch(group[i], outcomes[i]); !written.ok()) return written;
  }
  if (!begun) return {};
  if (meta_.revision != before) {
    if (auto saved = prune_and_save(); !saved.ok()) return saved;
  }
  return statements_.commit.run(database_);
}

void SqliteWriter::note_failure(const Problem& problem) {
  if (!is_passing(problem)) {
    failure_ = Failure{problem, std::numeric_limits<std::uint64_t>::max()};
    return;
  }
  // Posted ahead of the outcomes: who hears of the failure may try again at once.
  failure_ = Failure{problem, *failures_told_};
  executor_.post([told = failures_told_] { ++*told; });
}

Status SqliteWriter::write_batch(Job& job, Outcome& outcome) {
  if (auto checked = check_batch(job.writes); !checked.ok()) {
    outcome.result = std::move(checked).problem();
    return {};
  }
  const auto found = find_all(job.writes);
  if (!found.ok()) return found.problem();
  // All checks come before the first write: so nothing has to be taken back.
  for (std::size_t i = 0; i < job.writes.size(); ++i) {
    if (auto checked = check_version(job.writes[i], (*found)[i].version); !checked.ok()) {
      outcome.result = std::move(checked).problem();
      return {};
    }
  }
  const std::uint64_t revision = ++meta_.revision;
  outcome.changes.reserve(job.writes.size());
  for (std::size_t i = 0; i < job.writes.size(); ++i) {
    auto& write = job.writes[i];
    const Found& record = (*found)[i];
    if (write.erase && record.version == 0) continue;
    auto written = write.erase ? erase(write, record, revision) : put(write, record, revision);
    if (!written.ok()) return written;
    outcome.changes.push_back(to_change(std::move(write), record.version + 1, revision));
  }
  outcome.result = revision;
  return {};
}

Result<std::vector<SqliteWriter::Found>> SqliteWriter::find_all(
    const std::vector<Batch::Write>& writes) {
  std::vector<Found> all;
  all.reserve(writes.size());
  for (const auto& write : writes) {
    auto& find = statements_.find;
    find.bind(1, write.key.kind).bind(2, write.key.tenant).bind(3, write.key.id);
    auto& found = all.emplace_back();
    while (true) {
      const auto row = find.step(database_);
      if (!row.ok()) return row.problem();
      if (!*row) break;
      found = {find.number(0), find.number(1)};
    }
  }
  return all;
}

Status SqliteWriter::put(const Batch::Write& write, const Found& found, std::uint64_t revision) {
  if (found.version != 0) {
    return statements_.update.bind(1, write.owner)
        .bind(2, write.state)
        .bind(3, found.version + 1)
        .bind(4, revision)
        .bind_blob(5, write.body)
        .bind(6, found.row)
        .run(database_);
  }
  if (meta_.tombstones > 0) {
    auto& unbury = statements_.unbury;
    unbury.bind(1, write.key.kind).bind(2, write.key.tenant).bind(3, write.key.id);
    if (auto unburied = unbury.run(database_); !unburied.ok()) return unburied;
    meta_.tombstones -= database_.changed_rows();
  }
  return statements_.insert.bind(1, write.key.kind)
      .bind(2, write.key.tenant)
      .bind(3, write.key.id)
      .bind(4, write.owner)
      .bind(5, write.state)
      .bind(6, std::uint64_t{1})
      .bind(7, revision)
      .bind_blob(8, write.body)
      .run(database_);
}

Status SqliteWriter::erase(const Batch::Write& write, const Found& found, std::uint64_t revision) {
  if (auto erased = statements_.erase.bind(1, found.row).run(database_); !erased.ok()) {
    return erased;
  }
  ++meta_.tombstones;
  return statements_.bury.bind(1, write.key.kind)
      .bind(2, write.key.tenant)
      .bind(3, write.key.id)
      .bind(4, revision)
      .run(database_);
}

Status SqliteWriter::prune_and_save() {
  if (meta_.tombstones > options_.tombstones_kept) {
    auto& nth = statements_.nth_tombstone;
    nth.bind(1, meta_.tombstones - options_.tombstones_kept - 1);
    while (true) {
      const auto row = nth.step(database_);
      if (!row.ok()) return row.problem();
      if (!*row) break;
      meta_.pruned = nth.number(0);
    }
    auto pruned = statements_.prune.bind(1, meta_.pruned).run(database_);
    if (!pruned.ok()) return pruned;
    meta_.tombstones -= database_.changed_rows();
  }
  return statements_.save_meta.bind(1, meta_.revision).bind(2, meta_.pruned).run(database_);
}

}  // namespace terrace::store
