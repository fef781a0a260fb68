#include "store/sqlite_store.h"

#include <system_error>
#include <utility>

#include "base/ids.h"
#include "store/sqlite_db.h"
#include "store/sqlite_lock.h"
#include "store/sqlite_migrations.h"
#include "store/sqlite_reader.h"
#include "store/sqlite_writer.h"
#include "store/subscribers.h"

namespace terrace {
namespace {

class OpenSqliteStore final : public Store {
 public:
  OpenSqliteStore(store::FileLock lock, std::string incarnation,
                  std::shared_ptr<Subscribers> subscribers,
                  std::unique_ptr<store::SqliteReader> reader,
                  std::unique_ptr<store::SqliteWriter> writer)
      : lock_(std::move(lock)),
        incarnation_(std::move(incarnation)),
        subscribers_(std::move(subscribers)),
        reader_(std::move(reader)),
        writer_(std::move(writer)) {}

  void commit(Batch batch, Done done) override {
    writer_->submit(std::move(batch), std::move(done));
  }
  Result<std::optional<Record>> get(const RecordKey& key) const override {
    return reader_->get(key);
  }
  Result<Page> list(const Query& query) const override { return reader_->list(query); }
  const std::string& incarnation() const override { return incarnation_; }
  std::uint64_t revision() const override { return writer_->revision(); }
  Result<Changes> changes_since(std::uint64_t revision,
                                const std::vector<std::string>& kinds) const override {
    return reader_->changes_since(revision, kinds);
  }
  std::unique_ptr<Subscription> subscribe(Listener listener) override {
    return subscribers_->add(std::move(listener));
  }

 private:
  // In this order: the writer ends first, the lock last.
  const store::FileLock lock_;
  const std::string incarnation_;
  const std::shared_ptr<Subscribers> subscribers_;
  const std::unique_ptr<store::SqliteReader> reader_;
  const std::unique_ptr<store::SqliteWriter> writer_;
};

// One path for one file, whatever links lead to it: its lock is found beside it.
Result<std::filesystem::path> resolve(const std::filesystem::path& path) {
  std::error_code error;
  auto resolved = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  if (error) resolved = path;
  const auto directory = resolved.parent_path();
  if (!std::filesystem::is_directory(directory, error)) {
    if (error == std::errc::permission_denied) {
      return make_problem(Problem::PERMISSION_DENIED, "store.no-permission",
                          "The store's directory cannot be entered.")
          .at_resource(directory.string())
          .possible("Give the daemon's user the right to enter it.");
    }
    return make_problem(Problem::NOT_FOUND, "store.no-directory",
                        "The store's directory does not exist.")
        .at_resource(directory.string())
        .possible("Create it, writable to the daemon's user, or name another path.");
  }
  return resolved;
}

// FULL: each commit is on the disk before it is told. The log may grow to 16 MiB between two
// checkpoints, for each of them costs the writer two more fsyncs.
Status prepare_file(store::Database& database, Random& random) {
  if (auto set = database.execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;");
      !set.ok()) {
    return set;
  }
  if (auto migrated = store::migrate(database, store::migrations()); !migrated.ok()) {
    return migrated;
  }
  if (auto set = database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                  "PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -32768;");
      !set.ok()) {
    return set;
  }
  auto insert =
      database.prepare("INSERT INTO meta SELECT ?1, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM meta)");
  if (!insert.ok()) return std::move(insert).problem();
  const std::string incarnation = uuid_v4(random);
  return insert->bind(1, incarnation).run(database);
}

Result<std::string> load_incarnation(store::Database& database) {
  auto select = database.prepare("SELECT incarnation FROM meta");
  if (!select.ok()) return std::move(select).problem();
  const auto row = select->step(database);
  if (!row.ok()) return row.problem();
  if (!*row) {
    return problem(Problem::DATA_LOSS, "store.corrupt", "The store has lost its identity.");
  }
  return select->text(0);
}

}  // namespace

Result<std::unique_ptr<Store>> SqliteStore::open(const std::filesystem::path& path,
                                                 Executor& executor, Random& random,
                                                 StoreOptions options) {
  const auto file = resolve(path);
  if (!file.ok()) return file.problem();
  auto lock = store::FileLock::take(file->string() + ".lock");
  if (!lock.ok()) return std::move(lock).problem();

  if (auto created = store::Database::create_file(*file); !created.ok()) {
    return std::move(created).problem();
  }
  auto write_side = store::Database::open(*file);
  if (!write_side.ok()) return std::move(write_side).problem();
  if (auto prepared = prepare_file(*write_side, random); !prepared.ok()) {
    auto refused = std::move(prepared).problem();
    if (refused.where().empty()) refused.add_where()->set_resource(file->string());
    return refused;
  }
  auto incarnation = load_incarnation(*write_side);
  if (!incarnation.ok()) return std::move(incarnation).problem();

  auto read_side = store::Database::open(*file);
  if (!read_side.ok()) return std::move(read_side).problem();
  auto reader = store::SqliteReader::start(*std::move(read_side));
  if (!reader.ok()) return std::move(reader).problem();
  const auto subscribers = std::make_shared<Subscribers>();
  auto writer = store::SqliteWriter::start(*std::move(write_side), options, executor, subscribers);
  if (!writer.ok()) return std::move(writer).problem();
  return std::unique_ptr<Store>(
      std::make_unique<OpenSqliteStore>(*std::move(lock), *std::move(incarnation), subscribers,
                                        *std::move(reader), *std::move(writer)));
}

}  // namespace terrace
