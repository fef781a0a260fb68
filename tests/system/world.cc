#include "tests/system/world.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace terrace {
namespace {

constexpr int kSkipped = 77;

int skip(const char* what) {
  std::fprintf(stderr, "skipped: cannot %s: %s\n", what, std::strerror(errno));
  return kSkipped;
}

int ended(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Process 1. When it ends, the kernel kills all others.
int first_process(const std::function<int()>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return skip("part mounts");
  if (::mount("proc", "/proc", "proc", 0, nullptr) != 0) return skip("mount /proc");
  if (::mount("run", "/run", "tmpfs", 0, nullptr) != 0) return skip("mount /run");
  const pid_t tests = ::fork();
  if (tests == 0) std::exit(work());
  if (tests < 0) return skip("fork");
  int status = 0;
  for (;;) {
    const pid_t pid = ::waitpid(-1, &status, 0);
    if (pid == tests) return ended(status);
    if (pid < 0 && errno != EINTR) return EXIT_FAILURE;
  }
}

}  // namespace

int in_own_world(const std::function<int()>& work) {
  if (::unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) return skip("make namespaces");
  std::fflush(nullptr);
  const pid_t first = ::fork();
  if (first < 0) return skip("fork");
  if (first == 0) ::_exit(first_process(work));
  int status = 0;
  while (::waitpid(first, &status, 0) < 0 && errno == EINTR) continue;
  // Not through exit(): the leak checker wants a thread, and who has given away his pid namespace
  // can make none. The tests themselves were checked.
  std::fflush(nullptr);
  ::_exit(ended(status));
}

}  // namespace terrace
