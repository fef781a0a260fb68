#include "linux/netns.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <thread>

#include "linux/error.h"

namespace terrace::kernel {

namespace {

constexpr const char* kOwnNamespace = "/proc/thread-self/ns/net";

// A fresh thread each time: one that has been in another namespace is never used again, so nothing
// can leak. It costs some 20 us.
Status on_helper_thread(const std::function<void()>& work) {
  try {
    std::thread(work).join();
  } catch (const std::system_error& error) {
    return errno_problem(error.code().value(), "start a helper thread", "process");
  }
  return {};
}

// In the calling thread's namespace. By ioctl, since a fresh namespace needs no route socket yet.
int raise_loopback() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return errno;
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) < 0) return errno;
  request.ifr_flags |= IFF_UP;
  return ::ioctl(socket.get(), SIOCSIFFLAGS, &request) < 0 ? errno : 0;
}

// Mounts the calling thread's namespace on a new file at `path`.
int keep_at(const char* path) {
  {
    const Fd file(::open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
    if (!file) return errno;
  }
  if (::mount(kOwnNamespace, path, "none", MS_BIND, nullptr) == 0) return 0;
  const int error = errno;
  ::unlink(path);
  return error;
}

bool is_network_namespace(int fd) {
  return ::ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

bool is_namespace_file(const std::string& path) {
  struct statfs file_system {};
  return ::statfs(path.c_str(), &file_system) == 0 && file_system.f_type == NSFS_MAGIC;
}

struct Made {
  int error = 0;
  const char* step = "";
  Fd fd;
};

// In a helper thread, which ends in the new namespace.
Made make_namespace(const char* keep_path) {
  Made made;
  const auto failed = [&](const char* step, int error) -> Made {
    made.step = step;
    made.error = error;
    return std::move(made);
  };
  if (::unshare(CLONE_NEWNET) < 0) return failed("make a network namespace", errno);
  if (const int error = raise_loopback()) return failed("raise a new namespace's loopback", error);
  made.fd = Fd(::open(kOwnNamespace, O_RDONLY | O_CLOEXEC));
  if (!made.fd) return failed("open a new network namespace", errno);
  if (keep_path != nullptr) {
    if (const int error = keep_at(keep_path)) return failed("keep a network namespace", error);
  }
  return made;
}

Result<Fd> make(const char* keep_path, const std::string& label) {
  Made made;
  if (Status ran = on_helper_thread([&] { made = make_namespace(keep_path); }); !ran) {
    return std::move(ran).problem();
  }
  if (made.error != 0) return errno_problem(made.error, made.step, label);
  return std::move(made.fd);
}

}  // namespace

Result<NetNs> NetNs::adopt(Fd fd, std::string label) {
  struct stat status {};
  if (::fstat(fd.get(), &status) < 0) return errno_problem(errno, "identify a namespace", label);
  if (label.empty()) label = "netns/[" + std::to_string(status.st_ino) + "]";
  return NetNs(std::move(fd), status.st_ino, std::move(label));
}

Result<NetNs> NetNs::create(const std::string& path) {
  auto fd = make(path.c_str(), "netns/" + path);
  if (!fd) return std::move(fd).problem();
  return adopt(*std::move(fd), "netns/" + path);
}

Result<NetNs> NetNs::scratch() {
  auto fd = make(nullptr, "netns/scratch");
  if (!fd) return std::move(fd).problem();
  return adopt(*std::move(fd), {});
}

Result<NetNs> NetNs::open(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_problem(errno, "open a network namespace", "netns/" + path);
  if (!is_network_namespace(fd.get())) {
    return make_problem(Problem::INVALID_ARGUMENT, "linux.invalid",
                        "'" + path + "' is a file but no network namespace")
        .at_resource("netns/" + path)
        .possible(
            "Remove the file, or choose another path; one that was kept there is gone since "
            "its mount was undone.");
  }
  return adopt(std::move(fd), "netns/" + path);
}

Result<NetNs> NetNs::current() {
  Fd fd(::open(kOwnNamespace, O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_problem(errno, "open the present network namespace", "netns/current");
  return adopt(std::move(fd), {});
}

Result<NetNs> NetNs::of_process(int pid) {
  const std::string process = std::to_string(pid);
  Fd fd(::open(("/proc/" + process + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_problem(errno, "open a process's namespace", "process/" + process);
  return adopt(std::move(fd), {});
}

Status NetNs::remove(const std::string& path) {
  // More than one mount may lie on the file, where someone else bound it again.
  while (is_namespace_file(path)) {
    if (::umount2(path.c_str(), MNT_DETACH) < 0) {
      return errno_problem(errno, "unmount a network namespace", "netns/" + path);
    }
  }
  struct stat status {};
  if (::lstat(path.c_str(), &status) < 0) {
    if (errno == ENOENT) return {};
    return errno_problem(errno, "look at a namespace's file", "netns/" + path);
  }
  if (!S_ISREG(status.st_mode) || status.st_size != 0) {
    return make_problem(Problem::FAILED_PRECONDITION, "linux.refused",
                        "'" + path + "' is not the empty file a namespace was kept by")
        .at_resource("netns/" + path);
  }
  if (::unlink(path.c_str()) < 0 && errno != ENOENT) {
    return errno_problem(errno, "remove a namespace's file", "netns/" + path);
  }
  return {};
}

Result<std::vector<std::string>> NetNs::list(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(directory.c_str()), ::closedir);
  std::vector<std::string> names;
  if (!entries) {
    if (errno == ENOENT) return names;
    return errno_problem(errno, "list network namespaces", "directory/" + directory);
  }
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string path = directory + "/" + entry->d_name;
    if (!is_namespace_file(path)) continue;
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd && is_network_namespace(fd.get())) names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<NetNs> NetNs::duplicate() const {
  Fd fd(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!fd) return errno_problem(errno, "duplicate a namespace's handle", label_);
  return NetNs(std::move(fd), inode_, label_);
}

Status run_inside(const NetNs& ns, const std::function<void()>& work) {
  int error = 0;
  Status ran = on_helper_thread([&] {
    if (::setns(ns.fd(), CLONE_NEWNET) < 0) {
      error = errno;
      return;
    }
    work();
  });
  if (!ran) return ran;
  if (error != 0) return errno_problem(error, "enter a network namespace", ns.label());
  return {};
}

}  // namespace terrace::kernel
