// `terrace lab`: hands the rest of the line to the lab's own program.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/command.h"

namespace terrace::cli {
namespace {

// Installed, it lies beside us; in a build, in its room.
std::string find_lab() {
  std::error_code ignored;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  for (const auto& path : {self.parent_path() / "terrace-lab",
                           self.parent_path().parent_path() / "lab" / "terrace-lab"})
    if (::access(path.c_str(), X_OK) == 0) return path.string();
  return "";
}

int run_lab(Session& session, const std::vector<std::string>& rest) {
  const Terminal& terminal = session.terminal();
  const std::string program = find_lab();
  if (program.empty())
    return fail(terminal, make_problem(Problem::NOT_FOUND, "cli.no-lab",
                                       "terrace-lab is not installed beside terrace.")
                              .possible("Build it: ./run build."));
  std::vector<std::string> words{program};
  if (terminal.json()) words.insert(words.end(), {"-o", "json"});
  words.insert(words.end(), rest.begin(), rest.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  return fail(terminal, make_problem(Problem::INTERNAL, "cli.cannot-run",
                                     "Cannot run " + program + ": " + std::strerror(errno)));
}

}  // namespace

void add_lab_command(CLI::App& app, Chosen& chosen) {
  auto& lab =
      *app.add_subcommand("lab", "Platforms stacked on this machine: up, status, exec, down");
  lab.prefix_command();
  lab.set_help_flag();
  lab.footer("\nFor example:\n  terrace lab up examples/three-tier/lab.yaml");
  chosen.on(lab, [&lab](Session& session) { return run_lab(session, lab.remaining()); });
}

}  // namespace terrace::cli
