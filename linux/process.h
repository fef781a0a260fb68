// Programs inside a namespace: started, found again, ended.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "linux/netns.h"

namespace terrace::kernel {

// What identifies a process across restarts of ours: pids come again, pid and start time do not.
struct ProcessId {
  pid_t pid = 0;
  // Field 22 of /proc/PID/stat: clock ticks since boot.
  std::uint64_t start_time = 0;
  bool operator==(const ProcessId&) const = default;
};

struct Command {
  // argv[0] is the program: a path, or a name that is looked up in PATH of `env`.
  std::vector<std::string> argv{};
  // The whole environment, "NAME=value"; nothing is inherited.
  std::vector<std::string> env{};
  // Empty: ours.
  std::string cwd{};
  // Standard output and error are appended here; empty: ours are inherited.
  std::string output_path{};
};

// Starts the program in a session of its own, with default signals, /dev/null as input and no other
// descriptor of ours, so that it outlives us. NOT_FOUND or PERMISSION_DENIED where it cannot be
// executed. It stays our child: alive(), wait_exit() and kill_all_in() reap it.
Result<ProcessId> spawn(const NetNs& ns, const Command& command);

// The process that has this pid now.
Result<ProcessId> identify(pid_t pid);
// Still running: the same process, and no zombie. Reaps it if it is our child and has ended.
bool alive(const ProcessId& process);
// Sends a signal to that very process; one that has ended is fine.
Status send_signal(const ProcessId& process, int signal);
// Until it has ended (at once if it has): DEADLINE_EXCEEDED otherwise. Reaps our child.
Status wait_exit(const ProcessId& process, Duration within);

// Pids of the processes whose main thread is in the namespace (NetNs::inode()); zombies excluded.
Result<std::vector<pid_t>> processes_in(std::uint64_t ns_inode);
// Kills all of them (SIGKILL), again and again until none is left, children forked meanwhile and
// daemons included, and returns when all have ended. DEADLINE_EXCEEDED tells how many remain;
// FAILED_PRECONDITION where we are in that namespace ourselves. A program that does nothing but
// fork and end at once may outrun it until the deadline.
Status kill_all_in(std::uint64_t ns_inode, Duration within);

// Until a TCP connection to address:port succeeds from inside the namespace; or `server` ends
// (ABORTED, "linux.process-ended"); or DEADLINE_EXCEEDED. The kernel has no notification for a
// socket that begins to listen, so this tries again every few milliseconds, and learns of the
// server's end at once.
Status wait_listening(const NetNs& ns, const std::string& address, std::uint16_t port,
                      const ProcessId& server, Duration within);

}  // namespace terrace::kernel
