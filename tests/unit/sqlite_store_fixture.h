// An SQLite store in a directory of its own, opened when the test says so.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "base/asio_executor.h"
#include "base/random.h"
#include "store/sqlite_store.h"
#include "tests/support/temp_dir.h"

namespace terrace {

class SqliteStoreTest : public testing::Test {
 protected:
  void open() {
    auto opened = SqliteStore::open(path_, executor_, random_, options_);
    ASSERT_TRUE(opened.ok()) << describe(opened.problem());
    store_ = *std::move(opened);
  }

  Result<std::uint64_t> commit(Batch batch) {
    std::promise<Result<std::uint64_t>> promise;
    store_->commit(std::move(batch),
                   [&promise](Result<std::uint64_t> result) { promise.set_value(result); });
    return promise.get_future().get();
  }

  TempDir directory_;
  std::filesystem::path path_ = directory_.path() / "store.db";
  StoreOptions options_;
  SystemRandom random_;
  AsioExecutor executor_;
  std::unique_ptr<Store> store_;
};

}  // namespace terrace
