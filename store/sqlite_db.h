// SQLite's C interface as values: connections and statements that close themselves, result codes
// as problems. One thread at a time for a connection and its statements.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace terrace::store {

class Statement;

class Database {
 public:
  // Creates an empty file when there is none, readable to its owner only. Not while this process
  // has the file open: closing any descriptor of it drops the locks that SQLite holds on it.
  static Status create_file(const std::filesystem::path& path);

  // The file must exist.
  static Result<Database> open(const std::filesystem::path& path);

  // One or more statements without parameters; results are ignored.
  Status execute(const char* sql);
  // A statement that outlives many uses.
  Result<Statement> prepare(std::string_view sql);
  // The one number that `sql` yields.
  Result<std::uint64_t> number(std::string_view sql);

  // Ends a transaction that failed, if SQLite has not yet.
  void roll_back();
  // How many rows the last statement wrote.
  std::uint64_t changed_rows() const;
  // The problem of this connection's last call, which returned `code` just now: it tells a full
  // disk from a broken one by errno.
  Problem problem(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  Database(std::unique_ptr<sqlite3, Close> handle, std::filesystem::path path)
      : handle_(std::move(handle)), path_(std::move(path)) {}

  std::unique_ptr<sqlite3, Close> handle_;
  std::filesystem::path path_;
};

// Bind from 1, step until there is no row; then it is ready to be bound anew. It must not outlive
// its connection's handle, but the Database may be moved meanwhile.
class Statement {
 public:
  // What is bound must live until the steps are over. An error shows at the next step.
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind(int index, std::uint64_t number);

  // True: there is a row to read.
  Result<bool> step(const Database& database);
  // Steps to the end.
  Status run(const Database& database);

  // Of the row, columns from 0.
  std::string text(int column) const;
  std::uint64_t number(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const;
  };
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bind_error_ = 0;
};

}  // namespace terrace::store
