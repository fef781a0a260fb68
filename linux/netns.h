// Network namespaces: made, kept by a file, entered.
//
// Every call of this room is blocking and may be made from any thread. None leaves the caller's
// thread in another namespace: what must run inside one runs in a helper thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "linux/fd.h"

namespace terrace::kernel {

// A handle on a network namespace. The namespace lives while a handle, a file made by create(), a
// process or a socket holds it; when the last goes, the kernel takes its links down (their peers
// elsewhere vanish some 100 ms later: see LinkWatch).
class NetNs {
 public:
  // Makes a namespace, its loopback up, and keeps it by a bind mount at `path`, which must not
  // exist (ALREADY_EXISTS) in a directory that must. On failure nothing is left at `path`.
  static Result<NetNs> create(const std::string& path);
  // Makes a namespace that only handles (and what runs inside) keep alive; loopback up.
  static Result<NetNs> scratch();
  // NOT_FOUND where there is no file, INVALID_ARGUMENT where it is no network namespace.
  static Result<NetNs> open(const std::string& path);
  // The calling thread's.
  static Result<NetNs> current();
  // The namespace of a process's main thread.
  static Result<NetNs> of_process(int pid);

  // Unmounts and unlinks what create() made. Missing is fine; a file that is not an emptied mount
  // point (it has content) is left and refused with FAILED_PRECONDITION.
  static Status remove(const std::string& path);
  // The names (not paths), sorted, of the files in `directory` that hold network namespaces. A
  // missing directory holds none.
  static Result<std::vector<std::string>> list(const std::string& directory);

  // The kernel's identity of the namespace: equal for two handles on the same one, and what
  // /proc/PID/ns/net shows as net:[inode].
  std::uint64_t inode() const { return inode_; }
  // Valid as long as this handle.
  int fd() const { return fd_.get(); }
  // For messages: "netns/<path>" or "netns/[inode]".
  const std::string& label() const { return label_; }
  Result<NetNs> duplicate() const;

 private:
  NetNs(Fd fd, std::uint64_t inode, std::string label)
      : fd_(std::move(fd)), inode_(inode), label_(std::move(label)) {}
  static Result<NetNs> adopt(Fd fd, std::string label);

  Fd fd_;
  std::uint64_t inode_;
  std::string label_;
};

// Runs `work` to its end in a fresh thread inside `ns`. Fails only where the namespace cannot be
// entered (then `work` did not run).
Status run_inside(const NetNs& ns, const std::function<void()>& work);

// The same for work that returns a Result (or Status), which is handed on:
//   Result<Fd> socket = run_in(ns, [&] { return open_socket(); });
template <class Work>
std::invoke_result_t<Work> run_in(const NetNs& ns, Work&& work) {
  std::optional<std::invoke_result_t<Work>> result;
  if (Status entered = run_inside(ns, [&] { result.emplace(work()); }); !entered) {
    return std::move(entered).problem();
  }
  return *std::move(result);
}

}  // namespace terrace::kernel
