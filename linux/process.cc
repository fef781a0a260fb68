#include "linux/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

#include "linux/deadline.h"
#include "linux/error.h"
#include "linux/fd.h"
#include "linux/pidfd.h"

namespace terrace::kernel {

namespace {

std::string object_of(pid_t pid) {
  return "process/" + std::to_string(pid);
}

struct Stat {
  char state = '?';
  std::uint64_t start_time = 0;
};

// From /proc/PID/stat. The program's name, field 2, is in parentheses and may hold anything, even
// those: fields are counted from the last one on.
std::optional<Stat> read_stat(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= text.size()) return std::nullopt;
  Stat stat;
  std::string_view rest = std::string_view(text).substr(name_end + 2);
  stat.state = rest.front();  // field 3
  for (int field = 3; field < 22; ++field) {
    const auto space = rest.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(space + 1);
  }
  std::from_chars(rest.data(), rest.data() + rest.size(), stat.start_time);
  return stat;
}

// Where `program` is found by the PATH of that environment, as a shell would.
std::string find_program(const std::string& program, const std::vector<std::string>& env) {
  if (program.find('/') != std::string::npos) return program;
  std::string_view path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (const auto& variable : env) {
    if (variable.rfind("PATH=", 0) == 0) path = std::string_view(variable).substr(5);
  }
  while (!path.empty()) {
    const auto end = std::min(path.find(':'), path.size());
    const std::string candidate = std::string(path.substr(0, end)) + "/" + program;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return program;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

struct Actions {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  Actions() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  ~Actions() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
};

void detach(Actions& actions, const Command& command, int output) {
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&actions.attributes, &none);
  posix_spawnattr_setsigdefault(&actions.attributes, &all);
  posix_spawnattr_setflags(&actions.attributes,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_addopen(&actions.files, 0, "/dev/null", O_RDONLY, 0);
  if (output >= 0) {
    posix_spawn_file_actions_adddup2(&actions.files, output, 1);
    posix_spawn_file_actions_adddup2(&actions.files, output, 2);
  }
  // Even descriptors a third party forgot to mark: a server must not hold our sockets.
  posix_spawn_file_actions_addclosefrom_np(&actions.files, 3);
  if (!command.cwd.empty()) {
    posix_spawn_file_actions_addchdir_np(&actions.files, command.cwd.c_str());
  }
}

// Ended children stay as zombies until someone asks; only ours can be asked for.
void reap(pid_t pid) {
  int status = 0;
  (void)::waitpid(pid, &status, WNOHANG);
}

// A handle on that very process; an empty one where it has ended.
Result<Fd> handle_of(const ProcessId& process) {
  Fd handle = open_process(process.pid);
  if (!handle) {
    if (errno == ESRCH || errno == EINVAL) return Fd();
    return errno_problem(errno, "open a process", object_of(process.pid));
  }
  // Compared once the handle is held: from here on the pid cannot pass to another.
  const auto stat = read_stat(process.pid);
  if (!stat || stat->start_time != process.start_time) return Fd();
  return handle;
}

std::uint64_t namespace_of(pid_t pid) {
  struct stat status {};
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/net";
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

// Kills the process if it is still in the namespace; the handle to wait by, empty if it is not.
Result<Fd> kill_one(pid_t pid, std::uint64_t ns_inode) {
  Fd handle = open_process(pid);
  if (!handle && errno != ESRCH && errno != EINVAL) {
    return errno_problem(errno, "open a process", object_of(pid));
  }
  if (!handle || namespace_of(pid) != ns_inode) return Fd();
  if (const int error = signal_process(handle, SIGKILL); error != 0 && error != ESRCH) {
    return errno_problem(error, "kill a process", object_of(pid));
  }
  return handle;
}

bool wait_ended(const Fd& handle, const Deadline& deadline) {
  pollfd ended{handle.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&ended, 1, deadline.poll_ms());
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

Result<ProcessId> spawn(const NetNs& ns, const Command& command) {
  if (command.argv.empty()) return invalid_value("a command", "");
  const std::string program = find_program(command.argv[0], command.env);
  Fd output;
  if (!command.output_path.empty()) {
    output =
        Fd(::open(command.output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!output) return errno_problem(errno, "open a program's output", command.output_path);
  }
  if (!command.cwd.empty() && !std::filesystem::is_directory(command.cwd)) {
    return errno_problem(ENOENT, "start a program in a directory", command.cwd);
  }
  Actions actions;
  detach(actions, command, output.get());
  const auto argv = pointers(command.argv);
  const auto env = pointers(command.env);
  return run_in(ns, [&]() -> Result<ProcessId> {
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, program.c_str(), &actions.files, &actions.attributes,
                                    argv.data(), env.data());
    if (error != 0) return errno_problem(error, "start '" + program + "'", ns.label());
    return identify(pid);
  });
}

Result<ProcessId> identify(pid_t pid) {
  const auto stat = read_stat(pid);
  if (!stat) return errno_problem(ESRCH, "identify a process", object_of(pid));
  return ProcessId{pid, stat->start_time};
}

bool alive(const ProcessId& process) {
  const auto stat = read_stat(process.pid);
  if (!stat || stat->start_time != process.start_time) return false;
  if (stat->state != 'Z' && stat->state != 'X') return true;
  reap(process.pid);
  return false;
}

Status send_signal(const ProcessId& process, int signal) {
  const auto handle = handle_of(process);
  if (!handle) return handle.problem();
  if (!*handle) return {};
  if (const int error = signal_process(*handle, signal); error != 0 && error != ESRCH) {
    return errno_problem(error, "signal a process", object_of(process.pid));
  }
  return {};
}

Status wait_exit(const ProcessId& process, Duration within) {
  const Deadline deadline(within);
  const auto handle = handle_of(process);
  if (!handle) return handle.problem();
  if (!*handle) return {};
  if (!wait_ended(*handle, deadline)) {
    return make_problem(Problem::DEADLINE_EXCEEDED, "linux.deadline", "the process still runs")
        .at_resource(object_of(process.pid));
  }
  reap(process.pid);
  return {};
}

Result<std::vector<pid_t>> processes_in(std::uint64_t ns_inode) {
  std::vector<pid_t> pids;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    pid_t pid = 0;
    const auto [rest, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (bad != std::errc() || rest != name.data() + name.size()) continue;
    // One that ends meanwhile, or that we may not look at, counts as elsewhere.
    if (namespace_of(pid) == ns_inode) pids.push_back(pid);
  }
  if (error) return errno_problem(error.value(), "list processes", "/proc");
  return pids;
}

Status kill_all_in(std::uint64_t ns_inode, Duration within) {
  const Deadline deadline(within);
  const std::string where = "netns/[" + std::to_string(ns_inode) + "]";
  if (namespace_of(::getpid()) == ns_inode) {
    return make_problem(Problem::FAILED_PRECONDITION, "linux.refused",
                        "the namespace to be cleared is the one we run in")
        .at_resource(where);
  }
  for (;;) {
    const auto pids = processes_in(ns_inode);
    if (!pids) return pids.problem();
    if (pids->empty()) return {};
    // All are told before any is waited for: what one of them starts meanwhile is found by the next
    // round, and a round without any is the end.
    std::vector<std::pair<pid_t, Fd>> killed;
    for (const pid_t pid : *pids) {
      auto handle = kill_one(pid, ns_inode);
      if (!handle) return handle.problem();
      if (*handle) killed.emplace_back(pid, *std::move(handle));
    }
    for (const auto& [pid, handle] : killed) {
      if (!wait_ended(handle, deadline)) {
        return make_problem(Problem::DEADLINE_EXCEEDED, "linux.deadline",
                            "killed processes have not ended: " + std::to_string(killed.size()))
            .at_resource(where)
            .at_resource(object_of(pid));
      }
      reap(pid);
    }
  }
}

}  // namespace terrace::kernel
