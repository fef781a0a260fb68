#include "store/sqlite_migrations.h"

#include <array>
#include <string>
#include <utility>

namespace terrace::store {
namespace {

constexpr std::array kMigrations = {Migration{"records, tombstones and the store's revision", R"sql(
CREATE TABLE meta (
  incarnation TEXT NOT NULL,
  revision INTEGER NOT NULL,
  pruned INTEGER NOT NULL      -- deletions up to this revision may be forgotten
) STRICT;
CREATE TABLE record (
  kind TEXT NOT NULL,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  owner TEXT NOT NULL,
  state TEXT NOT NULL,
  version INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (kind, tenant, id)
) STRICT;
CREATE INDEX record_by_owner ON record (kind, owner, tenant, id);
CREATE INDEX record_by_state ON record (kind, state, tenant, id);
CREATE INDEX record_by_revision ON record (revision, kind);
CREATE TABLE tombstone (
  kind TEXT NOT NULL,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (kind, tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstone_by_revision ON tombstone (revision, kind);
)sql"}};

// The version the file is at, once it is known to be ours or empty.
Result<std::uint64_t> schema_version(Database& database, std::uint64_t newest) {
  const auto application = database.number("PRAGMA application_id");
  if (!application.ok()) return application.problem();
  auto version = database.number("PRAGMA user_version");
  if (!version.ok()) return version;
  const auto tables = database.number("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.problem();

  const bool is_empty = *application == 0 && *version == 0 && *tables == 0;
  if (*application != kApplicationId && !is_empty) {
    return make_problem(Problem::FAILED_PRECONDITION, "store.foreign-file",
                        "The file is an SQLite database of another application.")
        .possible("Give the store a file of its own.");
  }
  if (*version > newest) {
    return make_problem(Problem::FAILED_PRECONDITION, "store.newer-schema",
                        "The store was written by a later release than this one.")
        .constraint("schema-version", "at most " + std::to_string(newest), std::to_string(*version))
        .possible("Start the release that wrote it, or one after that.");
  }
  return version;
}

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}

Status migrate(Database& database, std::span<const Migration> steps) {
  const auto version = schema_version(database, steps.size());
  if (!version.ok()) return version.problem();
  for (std::uint64_t next = *version + 1; next <= steps.size(); ++next) {
    const Migration& step = steps[next - 1];
    const std::string sql = std::string("BEGIN IMMEDIATE;") + step.sql +
                            ";PRAGMA user_version = " + std::to_string(next) +
                            ";PRAGMA application_id = " + std::to_string(kApplicationId) +
                            ";COMMIT";
    if (auto done = database.execute(sql.c_str()); !done.ok()) {
      database.roll_back();
      auto cause = std::move(done).problem();
      return make_problem(cause.code(), cause.type(),
                          "The store's schema could not be brought to version " +
                              std::to_string(next) + " (" + step.what + ").")
          .cause(std::move(cause));
    }
  }
  return {};
}

}  // namespace terrace::store
