#include "southbound/netns/service.h"

#include <poll.h>

#include <algorithm>
#include <sstream>

#include "linux/deadline.h"
#include "linux/nft.h"
#include "southbound/netns/names.h"
#include "southbound/netns/run_dir.h"

namespace terrace::netns {
namespace {

constexpr Duration kKillWithin = std::chrono::seconds(10);

std::string process_file(const std::string& directory) {
  return directory + "/process";
}
std::string output_file(const std::string& directory) {
  return directory + "/output.log";
}

// The program as it was last started, if it still runs, and in this namespace.
std::optional<kernel::ProcessId> running_in(const kernel::NetNs& ns, const std::string& directory) {
  const auto text = read_file(process_file(directory));
  if (!text) return std::nullopt;
  kernel::ProcessId process;
  std::istringstream(*text) >> process.pid >> process.start_time;
  if (process.pid <= 0 || !kernel::alive(process)) return std::nullopt;
  const auto pids = kernel::processes_in(ns.inode());
  if (!pids || std::find(pids->begin(), pids->end(), process.pid) == pids->end()) {
    return std::nullopt;
  }
  return process;
}

Result<bool> write_files(const std::string& directory, const Program& program) {
  bool configuration_changed = false;
  for (const std::string& below : program.directory) {
    if (Status made = make_directory(directory + "/" + below); !made) {
      return std::move(made).problem();
    }
  }
  for (const Program::File& file : program.file) {
    const std::string path = directory + "/" + file.path;
    const auto written = file.sparse_size > 0 ? write_sparse(path, file.sparse_size)
                                              : write_file(path, file.content);
    if (!written) return written.problem();
    configuration_changed = configuration_changed || (*written && file.configuration);
  }
  return configuration_changed;
}

// The last lines it wrote.
std::string last_words(const std::string& directory) {
  constexpr std::size_t kMost = 600;
  std::string all;
  for (const std::string& path : {output_file(directory), directory + "/error.log"}) {
    all += read_file(path).value_or("");
  }
  return all.size() > kMost ? all.substr(all.size() - kMost) : all;
}

// A process that was not there before the reload, beside the master: the kernel tells nobody of new
// processes, so this looks again every few milliseconds.
Status wait_new_worker(const kernel::NetNs& ns, const RunningProgram& running,
                       const kernel::Deadline& deadline) {
  for (;;) {
    const auto pids = kernel::processes_in(ns.inode());
    if (!pids) return pids.problem();
    for (const pid_t pid : *pids) {
      const auto& before = *running.before_reload;
      if (std::find(before.begin(), before.end(), pid) == before.end()) return {};
    }
    if (deadline.passed() || !kernel::alive(running.process)) {
      return problem(Problem::DEADLINE_EXCEEDED, "netns.reload",
                     "the program has not taken in its new configuration");
    }
    ::poll(nullptr, 0, 2);
  }
}

}  // namespace

Status set_rules(const kernel::NetNs& ns, const driver::v1::DesiredVnf& vnf,
                 const std::string& function_rules) {
  std::string counters;
  std::string in;
  std::string out;
  for (int i = 0; i < vnf.cp_size(); ++i) {
    const std::string name = interface_name(i);
    counters += "  counter " + name + "_in { }\n  counter " + name + "_out { }\n";
    in += "    iifname \"" + name + "\" counter name " + name + "_in\n";
    out += "    oifname \"" + name + "\" counter name " + name + "_out\n";
  }
  const std::string body =
      counters + "  chain count_in {\n    type filter hook prerouting priority -310;\n" + in +
      "  }\n  chain count_out {\n    type filter hook postrouting priority 310;\n" + out + "  }\n" +
      function_rules;
  // An empty chain marks which text the table was made from: the kernel itself says whether it is
  // this one.
  const std::string mark = "revision_" + short_hash(body, 12);
  const auto there = kernel::nft_ruleset_json(ns);
  if (!there) return there.problem();
  if (there->find('"' + mark + '"') != std::string::npos) return {};
  return kernel::nft_apply(ns,
                           "add table inet terrace\ndelete table inet terrace\n"
                           "table inet terrace {\n  chain " +
                               mark + " { }\n" + body + "}\n");
}

Result<RunningProgram> start(const kernel::NetNs& ns, const std::string& directory,
                             const Program& program) {
  auto process = running_in(ns, directory);
  const auto changed = write_files(directory, program);
  if (!changed) return changed.problem();
  RunningProgram running;
  running.program = &program;
  if (process) {
    running.process = *process;
    if (!*changed) return running;
    auto before = kernel::processes_in(ns.inode());
    if (!before) return std::move(before).problem();
    if (program.reload_starts_worker) running.before_reload = *std::move(before);
    if (Status told = kernel::send_signal(*process, program.reload_signal); !told) {
      return std::move(told).problem();
    }
    return running;
  }
  // A master that was killed leaves its workers, and they the port.
  if (Status alone = kernel::kill_all_in(ns.inode(), kKillWithin); !alone) {
    return std::move(alone).problem();
  }
  auto started = kernel::spawn(ns, {.argv = program.argv,
                                    .env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                                    .cwd = directory,
                                    .output_path = output_file(directory)});
  if (!started) {
    return make_problem(Problem::FAILED_PRECONDITION, "netns.no-program",
                        program.argv.front() + " cannot be started")
        .at_resource("file/" + program.argv.front())
        .cause(std::move(started).problem())
        .possible("Install the package " + program.package + ".");
  }
  running.process = *started;
  const auto kept = write_file(process_file(directory), std::to_string(started->pid) + " " +
                                                            std::to_string(started->start_time));
  if (!kept) return kept.problem();
  return running;
}

Status wait_serving(const kernel::NetNs& ns, const std::string& directory,
                    const RunningProgram& running, Duration within) {
  const kernel::Deadline deadline(within);
  Status serves;
  if (running.before_reload) serves = wait_new_worker(ns, running, deadline);
  for (const std::string& address : running.program->listen_address) {
    if (!serves) break;
    serves = kernel::wait_listening(ns, address, running.program->listen_port, running.process,
                                    deadline.left());
  }
  if (serves) return {};
  return make_problem(
             serves.problem().code(), "netns.not-serving",
             running.program->argv.front() + " does not serve; it wrote: " + last_words(directory))
      .at_resource(directory)
      .cause(std::move(serves).problem());
}

}  // namespace terrace::netns
