// What is read from the SQLite store: over a connection of its own, so that readers never wait for
// the writer. Any thread; one reads at a time.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/sqlite_db.h"
#include "store/store.h"

namespace terrace::store {

class SqliteReader {
 public:
  static Result<std::unique_ptr<SqliteReader>> start(Database database);

  Result<std::optional<Record>> get(const RecordKey& key);
  Result<Page> list(const Query& query);
  Result<Changes> changes_since(std::uint64_t revision, const std::vector<std::string>& kinds);

 private:
  SqliteReader(Database database, Statement get)
      : database_(std::move(database)), get_(std::move(get)) {}

  // With mutex_ held.
  Result<Statement*> statement(const std::string& sql);
  Result<std::vector<Record>> records(Statement& statement);
  Result<Changes> read_changes(std::uint64_t since, const std::vector<std::string>& kinds);
  // `kind` empty: all.
  Status add_upserts(std::uint64_t since, const std::string& kind, Changes& changes);
  Status add_deletes(std::uint64_t since, const std::string& kind, Changes& changes);

  std::mutex mutex_;
  Database database_;
  Statement get_;
  std::map<std::string, Statement> statements_;  // by SQL, of which there are a dozen
};

}  // namespace terrace::store
