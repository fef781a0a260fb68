// One daemon to a store: a lock file beside it. SQLite's own locks do not do, for a second
// connection, of this process or another, is allowed to share the file.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace terrace::store {

class FileLock {
 public:
  // Creates the file if need be, and never deletes it. The kernel ends the lock with the process.
  //   UNAVAILABLE store.locked; PERMISSION_DENIED store.no-permission; UNAVAILABLE store.io
  static Result<FileLock> take(const std::filesystem::path& path);

  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace terrace::store
