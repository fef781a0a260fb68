// What the contract suite needs of a store: a way to make one. Add a backend to store_backends(),
// and the whole suite runs over it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/asio_executor.h"
#include "base/random.h"
#include "store/memory_store.h"
#include "store/sqlite_store.h"
#include "store/store.h"
#include "tests/support/temp_dir.h"

namespace terrace {

struct StoreBackend {
  std::string name;
  // A new store; what it needs of files is in `directory`.
  std::function<std::unique_ptr<Store>(const std::filesystem::path& directory, Executor&, Random&,
                                       StoreOptions)>
      make;
};

inline std::vector<StoreBackend> store_backends() {
  return {
      {"memory",
       [](const std::filesystem::path&, Executor& executor, Random& random, StoreOptions options) {
         return std::make_unique<MemoryStore>(executor, random, options);
       }},
      {"sqlite",
       [](const std::filesystem::path& directory, Executor& executor, Random& random,
          StoreOptions options) {
         auto store = SqliteStore::open(directory / "store.db", executor, random, options);
         if (!store.ok()) throw std::runtime_error(describe(store.problem()));
         return *std::move(store);
       }},
  };
}

class StoreTest : public testing::TestWithParam<StoreBackend> {
 protected:
  static constexpr std::size_t kTombstones = 4;

  StoreTest() : store_(GetParam().make(directory_.path(), executor_, random_, {kTombstones})) {}

  // Waits for what becomes of the batch.
  Result<std::uint64_t> commit(Batch batch) {
    std::promise<Result<std::uint64_t>> promise;
    store_->commit(std::move(batch),
                   [&promise](Result<std::uint64_t> result) { promise.set_value(result); });
    return promise.get_future().get();
  }

  // Waits until all that was submitted so far has been told.
  void settle() {
    std::promise<void> promise;
    store_->commit({}, [&promise](const Result<std::uint64_t>&) { promise.set_value(); });
    promise.get_future().get();
  }

  // Runs it on the strand, and waits.
  void on_strand(const std::function<void()>& work) {
    std::promise<void> promise;
    executor_.post([&] {
      work();
      promise.set_value();
    });
    promise.get_future().get();
  }

  // Precondition: it can be read.
  std::optional<Record> get(const RecordKey& key) { return *store_->get(key); }

  TempDir directory_;
  SystemRandom random_;
  AsioExecutor executor_;
  std::unique_ptr<Store> store_;
};

}  // namespace terrace
