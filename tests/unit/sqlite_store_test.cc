// The SQLite store's file: opened again, refused, brought up to date, damaged.
#include "store/sqlite_store.h"

#include <gmock/gmock.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <future>

#include "base/asio_executor.h"
#include "store/sqlite_migrations.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/sqlite_store_fixture.h"

namespace terrace {
namespace {

using store::Database;
using store::Migration;
using testing::HasSubstr;

TEST_F(SqliteStoreTest, IsThereAgainWhenOpenedAgain) {
  open();
  const std::string incarnation = store_->incarnation();
  ASSERT_TRUE(commit(Batch().put({"k", "t", "a"}, "o", "s", "1")).ok());
  ASSERT_TRUE(commit(Batch().put({"k", "t", "b"}, "o", "s", "2")).ok());
  ASSERT_TRUE(commit(Batch().erase({"k", "t", "b"})).ok());
  const auto before = *store_->changes_since(1, {});
  store_.reset();

  open();
  EXPECT_EQ(store_->incarnation(), incarnation);
  EXPECT_EQ(store_->revision(), 3u);
  EXPECT_EQ((*store_->get({"k", "t", "a"}))->body, "1");
  EXPECT_EQ(store_->changes_since(1, {})->deletes, before.deletes);
  EXPECT_EQ(*commit({}), 4u);
}

TEST_F(SqliteStoreTest, RemembersWhatItForgotAcrossOpening) {
  options_.tombstones_kept = 1;
  open();
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_TRUE(commit(Batch().put({"k", "t", id}, "", "", "")).ok());
    ASSERT_TRUE(commit(Batch().erase({"k", "t", id})).ok());
  }
  store_.reset();
  open();
  EXPECT_EQ(store_->changes_since(3, {}).problem().type(), "store.revision-pruned");
  EXPECT_EQ(store_->changes_since(4, {})->deletes.size(), 1u);
}

TEST_F(SqliteStoreTest, ItsFilesAreItsOwnersOnly) {
  open();
  ASSERT_TRUE(commit(Batch().put({"k", "t", "a"}, "", "", "secret")).ok());
  for (const auto& file : std::filesystem::directory_iterator(directory_.path())) {
    EXPECT_EQ(file.status().permissions() & std::filesystem::perms(0077),
              std::filesystem::perms::none)
        << file.path();
  }
}

TEST_F(SqliteStoreTest, RefusesASecondDaemon) {
  open();
  const auto second = SqliteStore::open(path_, executor_, random_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.problem().type(), "store.locked");
  EXPECT_EQ(second.problem().code(), Problem::UNAVAILABLE);
  EXPECT_THAT(second.problem().what(), HasSubstr(std::to_string(::getpid())));
  EXPECT_GT(second.problem().possible_size(), 0);

  const auto link = directory_.path() / "link.db";
  std::filesystem::create_symlink(path_, link);
  EXPECT_EQ(SqliteStore::open(link, executor_, random_).problem().type(), "store.locked");

  store_.reset();
  EXPECT_TRUE(SqliteStore::open(link, executor_, random_).ok());
}

TEST_F(SqliteStoreTest, RefusesADirectoryThatIsNotThere) {
  path_ = directory_.path() / "none" / "store.db";
  const auto refused = SqliteStore::open(path_, executor_, random_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().code(), Problem::NOT_FOUND);
  EXPECT_EQ(refused.problem().type(), "store.no-directory");
  EXPECT_EQ(refused.problem().where(0).resource(), path_.parent_path().string());
}

TEST_F(SqliteStoreTest, RefusesADirectoryItMayNotWriteTo) {
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0555));
  Result<std::unique_ptr<Store>> refused{nullptr};
  // Of this thread's file accesses only: for root, nothing would be forbidden.
  std::thread([&] {
    ::setfsuid(65534);
    refused = SqliteStore::open(path_, executor_, random_);
  }).join();
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().code(), Problem::PERMISSION_DENIED);
  EXPECT_EQ(refused.problem().type(), "store.no-permission");
}

TEST_F(SqliteStoreTest, RefusesALaterReleasesFileAndLeavesItAlone) {
  open();
  store_.reset();
  {
    auto database = Database::open(path_);
    ASSERT_TRUE(database->execute("PRAGMA user_version = 99").ok());
  }
  const auto refused = SqliteStore::open(path_, executor_, random_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().code(), Problem::FAILED_PRECONDITION);
  EXPECT_EQ(refused.problem().type(), "store.newer-schema");
  EXPECT_EQ(refused.problem().constraint().actual(), "99");
  EXPECT_EQ(refused.problem().where(0).resource(), path_.string());
  EXPECT_EQ(*Database::open(path_)->number("PRAGMA user_version"), 99u);
}

TEST_F(SqliteStoreTest, RefusesAnotherApplicationsFile) {
  ASSERT_TRUE(Database::create_file(path_).ok());
  ASSERT_TRUE(Database::open(path_)->execute("CREATE TABLE theirs (x)").ok());
  const auto refused = SqliteStore::open(path_, executor_, random_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().type(), "store.foreign-file");
}

TEST_F(SqliteStoreTest, SaysThatAFileIsNoStore) {
  std::ofstream(path_) << std::string(8192, 'x');
  const auto refused = SqliteStore::open(path_, executor_, random_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().code(), Problem::DATA_LOSS);
  EXPECT_EQ(refused.problem().type(), "store.corrupt");
}

TEST_F(SqliteStoreTest, SaysThatAFileIsDamaged) {
  open();
  Batch batch;
  for (int i = 0; i < 500; ++i) {
    batch.put({"k", "t", std::to_string(i)}, "", "", std::string(500, 'x'));
  }
  ASSERT_TRUE(commit(std::move(batch)).ok());
  store_.reset();
  {
    // All but the first pages, which say what the file is.
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    const std::string noise(std::filesystem::file_size(path_) - 16 * 4096, '\xa5');
    file.seekp(16 * 4096);
    file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  }
  open();
  const auto listed = store_->list({.kind = "k", .page_size = 1000});
  ASSERT_FALSE(listed.ok());
  EXPECT_EQ(listed.problem().code(), Problem::DATA_LOSS);

  Batch rewrite;
  for (int i = 0; i < 500; ++i) rewrite.put({"k", "t", std::to_string(i)}, "", "", "y");
  const auto written = commit(std::move(rewrite));
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.problem().code(), Problem::DATA_LOSS);
  EXPECT_EQ(commit({}).problem().code(), Problem::DATA_LOSS) << "went on with a damaged file";
}

TEST_F(SqliteStoreTest, MigrationsTakeAnOldFileOnAndKeepWhatIsInIt) {
  constexpr std::array kSteps = {
      Migration{"things", "CREATE TABLE thing (name TEXT); INSERT INTO thing VALUES ('old')"},
      Migration{"sizes", "ALTER TABLE thing ADD COLUMN size INTEGER NOT NULL DEFAULT 7"},
      Migration{"broken", "UPDATE thing SET size = 8; CREATE TABLE thing (again)"},
  };
  ASSERT_TRUE(Database::create_file(path_).ok());
  auto database = Database::open(path_);
  ASSERT_TRUE(store::migrate(*database, std::span(kSteps).first(1)).ok());
  EXPECT_EQ(*database->number("PRAGMA user_version"), 1u);
  ASSERT_TRUE(store::migrate(*database, std::span(kSteps).first(2)).ok());
  ASSERT_TRUE(store::migrate(*database, std::span(kSteps).first(2)).ok()) << "not repeatable";
  EXPECT_EQ(*database->number("SELECT size FROM thing WHERE name = 'old'"), 7u);

  const auto refused = store::migrate(*database, kSteps);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.problem().what(), HasSubstr("version 3 (broken)"));
  EXPECT_EQ(*database->number("PRAGMA user_version"), 2u);
  EXPECT_EQ(*database->number("SELECT size FROM thing"), 7u) << "half a migration stayed";
  EXPECT_EQ(store::migrate(*database, std::span(kSteps).first(1)).problem().type(),
            "store.newer-schema");
}

}  // namespace
}  // namespace terrace
