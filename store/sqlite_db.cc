#include "store/sqlite_db.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

namespace terrace::store {
namespace {

bool is_no_room(int system_error) {
  return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
}

bool is_full(int code, int system_error) {
  if ((code & 0xff) == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE) return true;
  // After a failed fsync nobody knows what is on the disk, whatever the reason was.
  const bool failed_write =
      (code & 0xff) == SQLITE_IOERR && code != SQLITE_IOERR_FSYNC && code != SQLITE_IOERR_DIR_FSYNC;
  return failed_write && is_no_room(system_error);
}

ProblemBuilder classify(int code, int system_error) {
  if (is_full(code, system_error)) {
    return make_problem(Problem::RESOURCE_EXHAUSTED, "store.full",
                        "There is no room on the disk for the store.")
        .possible("Make room on the file system (or raise its quota), then repeat.");
  }
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return make_problem(Problem::DATA_LOSS, "store.corrupt", "The store's file is damaged.")
          .possible("Stop the daemon and restore the file from a backup.");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return make_problem(Problem::UNAVAILABLE, "store.locked",
                          "Another process holds the store's file.")
          .possible("End whatever else has the file open.");
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return make_problem(Problem::PERMISSION_DENIED, "store.no-permission",
                          "The store's file cannot be opened for writing.")
          .possible(
              "Give the daemon's user the right to read and write the file and its "
              "directory.");
    default:
      return make_problem(Problem::UNAVAILABLE, "store.io", "The store's disk failed.")
          .possible("Look into the system's log, then restart the daemon.");
  }
}

const char* data_of(std::string_view bytes) {
  return bytes.data() == nullptr ? "" : bytes.data();  // a null pointer would bind NULL
}

}  // namespace

// SQLite would make it readable to everybody whom the umask lets.
Status Database::create_file(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor >= 0) {
    ::close(descriptor);
    return {};
  }
  const int error = errno;
  return classify(is_no_room(error) ? SQLITE_FULL : SQLITE_CANTOPEN, error)
      .at_resource(path.string())
      .cause(
          make_problem(Problem::UNKNOWN, "store.system", std::generic_category().message(error)));
}

Result<Database> Database::open(const std::filesystem::path& path) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database({handle, Close()}, path);
  if (handle == nullptr) throw std::bad_alloc();
  if (code != SQLITE_OK) return database.problem(code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 5000);  // ms; only against tools, for the store's lock keeps daemons
  return database;
}

Status Database::execute(const char* sql) {
  errno = 0;
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return problem(code);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return problem(code);
  return Statement(statement);
}

Result<std::uint64_t> Database::number(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement.ok()) return std::move(statement).problem();
  const auto row = statement->step(*this);
  if (!row.ok()) return row.problem();
  return *row ? statement->number(0) : 0;
}

void Database::roll_back() {
  if (sqlite3_get_autocommit(handle_.get()) == 0) {
    sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

std::uint64_t Database::changed_rows() const {
  return static_cast<std::uint64_t>(sqlite3_changes64(handle_.get()));
}

Problem Database::problem(int code) const {
  // Not sqlite3_system_errno(), which a COMMIT that fails leaves unset.
  return classify(code, errno)
      .at_resource(path_.string())
      .cause(make_problem(
          Problem::UNKNOWN, "store.sqlite",
          std::string(sqlite3_errmsg(handle_.get())) + " (SQLite " + std::to_string(code) + ")"));
}

void Database::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

Statement& Statement::bind(int index, std::string_view text) {
  const int code = sqlite3_bind_text64(handle_.get(), index, data_of(text), text.size(),
                                       SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  const int code =
      sqlite3_bind_blob64(handle_.get(), index, data_of(bytes), bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind(int index, std::uint64_t number) {
  const int code = sqlite3_bind_int64(handle_.get(), index, static_cast<sqlite3_int64>(number));
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Result<bool> Statement::step(const Database& database) {
  if (bind_error_ != 0) return database.problem(std::exchange(bind_error_, 0));
  errno = 0;
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  // Before the reset, which would overwrite the message.
  Result<bool> result = false;
  if (code != SQLITE_DONE) result = database.problem(code);
  sqlite3_reset(handle_.get());
  return result;
}

Status Statement::run(const Database& database) {
  while (true) {
    auto row = step(database);
    if (!row.ok()) return std::move(row).problem();
    if (!*row) return {};
  }
}

std::string Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return bytes == nullptr ? std::string() : std::string(bytes, size);
}

std::uint64_t Statement::number(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(handle_.get(), column));
}

void Statement::Finalize::operator()(sqlite3_stmt* handle) const {
  sqlite3_finalize(handle);
}

}  // namespace terrace::store
