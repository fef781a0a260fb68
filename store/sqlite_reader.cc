#include "store/sqlite_reader.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "store/backend.h"

namespace terrace::store {
namespace {

// To be read by read_record().
std::string select_records(const std::string& condition) {
  return "SELECT kind, tenant, id, owner, state, version, revision, body FROM record WHERE " +
         condition;
}

// ?1 the revision, ?2 the kind if there is one.
std::string newer(const std::string& kind) {
  return kind.empty() ? "revision > ?1" : "revision > ?1 AND kind = ?2";
}

Record read_record(const Statement& row) {
  return {{row.text(0), row.text(1), row.text(2)},
          row.text(3),
          row.text(4),
          row.number(5),
          row.number(6),
          row.text(7)};
}

// Indexes give each filter its own order by (tenant, id).
std::string list_sql(const Query& query) {
  std::string sql = select_records("kind = ?1");
  sql += query.tenant ? " AND tenant = ?2 AND id > ?3" : " AND (tenant, id) > (?2, ?3)";
  if (query.owner) sql += " AND owner = ?5";
  if (query.state) sql += " AND state = ?6";
  return sql + " ORDER BY tenant, id LIMIT ?4";
}

template <class T>
void sort_by_revision(std::vector<T>& all) {
  std::sort(all.begin(), all.end(), [](const T& a, const T& b) {
    return std::tie(a.revision, a.key) < std::tie(b.revision, b.key);
  });
}

}  // namespace

Result<std::unique_ptr<SqliteReader>> SqliteReader::start(Database database) {
  if (auto set = database.execute("PRAGMA query_only = ON"); !set.ok()) {
    return std::move(set).problem();
  }
  auto get = database.prepare(select_records("kind = ?1 AND tenant = ?2 AND id = ?3"));
  if (!get.ok()) return std::move(get).problem();
  return std::unique_ptr<SqliteReader>(new SqliteReader(std::move(database), *std::move(get)));
}

Result<Statement*> SqliteReader::statement(const std::string& sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    auto prepared = database_.prepare(sql);
    if (!prepared.ok()) return std::move(prepared).problem();
    found = statements_.emplace(sql, *std::move(prepared)).first;
  }
  return &found->second;
}

Result<std::vector<Record>> SqliteReader::records(Statement& statement) {
  std::vector<Record> all;
  while (true) {
    const auto row = statement.step(database_);
    if (!row.ok()) return row.problem();
    if (!*row) return all;
    all.push_back(read_record(statement));
  }
}

Result<std::optional<Record>> SqliteReader::get(const RecordKey& key) {
  const std::lock_guard lock(mutex_);
  auto found = records(get_.bind(1, key.kind).bind(2, key.tenant).bind(3, key.id));
  if (!found.ok()) return std::move(found).problem();
  if (found->empty()) return std::optional<Record>();
  return std::optional<Record>(std::move(found->front()));
}

Result<Page> SqliteReader::list(const Query& query) {
  const auto listing = start_listing(query);
  if (!listing.ok()) return listing.problem();
  const std::lock_guard lock(mutex_);
  const auto prepared = statement(list_sql(query));
  if (!prepared.ok()) return prepared.problem();
  Statement& select = **prepared;
  select.bind(1, query.kind).bind(2, listing->after_tenant).bind(3, listing->after_id);
  select.bind(4, std::uint64_t{listing->page_size + 1});
  if (query.owner) select.bind(5, *query.owner);
  if (query.state) select.bind(6, *query.state);
  auto found = records(select);
  if (!found.ok()) return std::move(found).problem();
  return make_page(*std::move(found), listing->page_size);
}

Result<Changes> SqliteReader::changes_since(std::uint64_t revision,
                                            const std::vector<std::string>& kinds) {
  const std::lock_guard lock(mutex_);
  // One snapshot for all of it.
  if (auto begun = database_.execute("BEGIN"); !begun.ok()) return std::move(begun).problem();
  auto changes = read_changes(revision, kinds);
  database_.roll_back();
  return changes;
}

Result<Changes> SqliteReader::read_changes(std::uint64_t since,
                                           const std::vector<std::string>& kinds) {
  const auto now = database_.number("SELECT revision FROM meta");
  if (!now.ok()) return now.problem();
  const auto pruned = database_.number("SELECT pruned FROM meta");
  if (!pruned.ok()) return pruned.problem();
  if (auto checked = check_since(since, *now, *pruned); !checked.ok()) {
    return std::move(checked).problem();
  }
  Changes changes{*now, {}, {}};
  std::set<std::string> each(kinds.begin(), kinds.end());
  each.erase("");  // no record's kind
  if (kinds.empty()) each.insert("");
  for (const auto& kind : each) {
    if (auto added = add_upserts(since, kind, changes); !added.ok()) {
      return std::move(added).problem();
    }
    if (auto added = add_deletes(since, kind, changes); !added.ok()) {
      return std::move(added).problem();
    }
  }
  sort_by_revision(changes.upserts);
  sort_by_revision(changes.deletes);
  return changes;
}

Status SqliteReader::add_upserts(std::uint64_t since, const std::string& kind, Changes& changes) {
  const auto prepared = statement(select_records(newer(kind)));
  if (!prepared.ok()) return prepared.problem();
  Statement& select = **prepared;
  select.bind(1, since);
  if (!kind.empty()) select.bind(2, kind);
  auto found = records(select);
  if (!found.ok()) return std::move(found).problem();
  std::move(found->begin(), found->end(), std::back_inserter(changes.upserts));
  return {};
}

Status SqliteReader::add_deletes(std::uint64_t since, const std::string& kind, Changes& changes) {
  if (since == 0) return {};
  const auto prepared =
      statement("SELECT kind, tenant, id, revision FROM tombstone WHERE " + newer(kind));
  if (!prepared.ok()) return prepared.problem();
  Statement& select = **prepared;
  select.bind(1, since);
  if (!kind.empty()) select.bind(2, kind);
  while (true) {
    const auto row = select.step(database_);
    if (!row.ok()) return row.problem();
    if (!*row) return {};
    changes.deletes.push_back({{select.text(0), select.text(1), select.text(2)}, select.number(3)});
  }
}

}  // namespace terrace::store
