// The store in one SQLite file: write-ahead log, synchronous=FULL, one thread that writes. What
// queues up while a commit is on its way goes together in the next transaction, one fsync for all.
#pragma once

#include <filesystem>
#include <memory>

#include "base/random.h"
#include "store/store.h"

namespace terrace {

class SqliteStore {
 public:
  // Opens or creates the store at `path`; its directory must exist. Beside it live SQLite's -wal
  // and -shm files and a ".lock" file, locked as long as the store is open. The executor must
  // outlive the store; `random` is used for the incarnation only, at once.
  //   NOT_FOUND            store.no-directory
  //   PERMISSION_DENIED    store.no-permission
  //   UNAVAILABLE          store.locked          another daemon has it (says which process)
  //                        store.io
  //   FAILED_PRECONDITION  store.newer-schema    written by a later release
  //                        store.foreign-file    an SQLite file of something else
  //   DATA_LOSS            store.corrupt
  //   RESOURCE_EXHAUSTED   store.full
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& path, Executor& executor,
                                             Random& random, StoreOptions options = {});
};

}  // namespace terrace
