#include "store/sqlite_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace terrace::store {
namespace {

Problem system_problem(const std::filesystem::path& path, int error) {
  const Problem cause =
      problem(Problem::UNKNOWN, "store.system", std::generic_category().message(error));
  if (error == EACCES || error == EPERM || error == EROFS) {
    return make_problem(Problem::PERMISSION_DENIED, "store.no-permission",
                        "The store's lock file cannot be written.")
        .at_resource(path.string())
        .possible("Give the daemon's user the right to write to the directory.")
        .cause(cause);
  }
  return make_problem(Problem::UNAVAILABLE, "store.io", "The store's lock file cannot be opened.")
      .at_resource(path.string())
      .cause(cause);
}

// What the holder wrote; "" when it has not come to that yet.
std::string holder(int descriptor) {
  std::array<char, 32> text{};
  const auto size = ::pread(descriptor, text.data(), text.size(), 0);
  return size <= 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
}

}  // namespace

Result<FileLock> FileLock::take(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return system_problem(path, errno);
  FileLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_problem(path, errno);
    const std::string process = holder(descriptor);
    return make_problem(Problem::UNAVAILABLE, "store.locked",
                        "Another daemon has the store open" +
                            (process.empty() ? "." : ": process " + process + "."))
        .at_resource(path.string())
        .possible("Stop it, or give this daemon a store of its own.");
  }
  // For whoever comes second; the lock holds without it.
  const std::string process = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const auto written = ::pwrite(descriptor, process.data(), process.size(), 0);
  }
  return lock;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

}  // namespace terrace::store
