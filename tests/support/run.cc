#include "tests/support/run.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "linux/fd.h"

namespace terrace {
namespace {

struct Pipe {
  kernel::Fd from, to;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
    from = kernel::Fd(ends[0]);
    to = kernel::Fd(ends[1]);
  }
};

// Until both are at their end.
void read_both(Pipe& out, Pipe& err, Ran& ran) {
  std::array<pollfd, 2> waiting{{{out.from.get(), POLLIN, 0}, {err.from.get(), POLLIN, 0}}};
  std::array<std::string*, 2> into{&ran.out, &ran.err};
  std::size_t open = 2;
  while (open > 0) {
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
      std::array<char, 65536> bytes;
      const ssize_t count = ::read(waiting[i].fd, bytes.data(), bytes.size());
      if (count > 0) into[i]->append(bytes.data(), static_cast<std::size_t>(count));
      if (count > 0 || (count < 0 && errno == EINTR)) continue;
      waiting[i].fd = -1;
      --open;
    }
  }
}

}  // namespace

Ran run(const std::vector<std::string>& argv) {
  Ran ran;
  Pipe out, err;
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out.to.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.to.get(), 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  const int failed = ::posix_spawnp(&pid, words[0], &actions, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    ran.err = argv[0] + ": " + std::strerror(failed);
    return ran;
  }
  out.to = kernel::Fd();
  err.to = kernel::Fd();
  read_both(out, err, ran);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

}  // namespace terrace
