// terrace-lab: platforms stacked on one machine. `terrace lab` runs it.
#include <sched.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include <google/protobuf/util/json_util.h>

#include "lab/lab.h"
#include "linux/netns.h"

namespace terrace::lab {
namespace {

struct Options {
  LabOptions lab;
  std::string output = "table";
  std::string file;
  std::string name;
  std::vector<std::string> command;
};

bool json(const Options& options) {
  return options.output == "json";
}

void print(const Problem& problem, const std::string& indent) {
  const auto field = [&](const char* name, const std::string& text) {
    std::string padded = name;
    padded.resize(12, ' ');
    std::cerr << indent << padded << text << '\n';
  };
  for (const auto& where : problem.where()) {
    std::string place = where.file();
    if (where.has_line()) place += ":" + std::to_string(where.line());
    if (where.has_line() && where.has_column()) place += ":" + std::to_string(where.column());
    for (const auto& part : {where.path(), where.resource()})
      if (!part.empty()) place += (place.empty() ? "" : " ") + part;
    field("where", place);
  }
  if (problem.has_constraint())
    field("constraint", problem.constraint().name() + ": admits " + problem.constraint().limit() +
                            ", found " + problem.constraint().actual());
  for (const auto& possible : problem.possible()) field("try", possible);
  for (const auto& cause : problem.causes()) {
    field("because", cause.what());
    print(cause, indent + "  ");
  }
}

int fail(const Options& options, const Problem& problem) {
  if (json(options)) {
    std::string text;
    (void)google::protobuf::util::MessageToJsonString(problem, &text);
    std::cerr << text << '\n';
    return EXIT_FAILURE;
  }
  std::cerr << "terrace-lab: " << problem.what() << '\n';
  print(problem, "  ");
  return EXIT_FAILURE;
}

// Beside us when installed, in its room in a build.
std::string find_terraced() {
  std::error_code ignored;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  for (const auto& path :
       {self.parent_path() / "terraced", self.parent_path().parent_path() / "daemon" / "terraced"})
    if (::access(path.c_str(), X_OK) == 0) return path.string();
  return "";
}

Status choose_terraced(LabOptions& lab) {
  if (lab.terraced.empty()) lab.terraced = find_terraced();
  if (!lab.terraced.empty()) return {};
  return make_problem(Problem::NOT_FOUND, "lab.no-daemon",
                      "terraced is not installed beside terrace-lab.")
      .possible("Build it (./run build), or name it: --terraced PATH.");
}

int run_up(Options& options) {
  if (Status chosen = choose_terraced(options.lab); !chosen) return fail(options, chosen.problem());
  const auto raised = up(options.lab, options.file, json(options) ? std::cerr : std::cout);
  if (!raised.ok()) return fail(options, raised.problem());
  if (json(options))
    std::cout << to_json(raised->state);
  else
    std::cout << "the lab " << raised->state.name << (raised->was_up ? " is up already" : " is up")
              << ": " << raised->state.platforms.size() << " platforms\n";
  return EXIT_SUCCESS;
}

int run_restart(Options& options) {
  if (Status chosen = choose_terraced(options.lab); !chosen) return fail(options, chosen.problem());
  const auto state = find(options.lab, "");
  if (!state.ok()) return fail(options, state.problem());
  const auto restarted = restart(options.lab, *state, options.name);
  if (!restarted.ok()) return fail(options, restarted.problem());
  if (json(options))
    std::cout << to_json(*restarted);
  else
    std::cout << options.name << " runs again\n";
  return EXIT_SUCCESS;
}

int run_status(const Options& options) {
  const auto state = find(options.lab, options.name);
  if (!state.ok()) return fail(options, state.problem());
  if (json(options)) {
    std::cout << to_json(*state);
    return EXIT_SUCCESS;
  }
  std::cout << "lab " << state->name << " in " << state->directory << '\n';
  for (const auto& one : state->platforms) {
    std::cout << "  platform " << one.name << "  "
              << (kernel::alive(one.process) ? "runs" : "HAS ENDED") << "  pid " << one.process.pid
              << "  " << one.address;
    for (const auto& address : one.listen) std::cout << "  " << address;
    if (!one.site.empty()) std::cout << "  site " << one.site;
    std::cout << '\n';
  }
  for (const auto& one : state->sites)
    std::cout << "  site " << one.name << "  " << one.address.front() << '\n';
  for (const auto& one : state->customers) {
    std::cout << "  customer " << one.name;
    for (const auto& address : one.address) std::cout << "  " << address;
    std::cout << '\n';
  }
  return EXIT_SUCCESS;
}

// Becomes the command, so that it has our terminal, and its exit status is ours.
int run_exec(Options& options) {
  const auto state = find(options.lab, "");
  if (!state.ok()) return fail(options, state.problem());
  const auto path = find_namespace(*state, options.name);
  if (!path.ok()) return fail(options, path.problem());
  const auto ns = kernel::NetNs::open(*path);
  if (!ns.ok()) return fail(options, ns.problem());
  if (::setns(ns->fd(), CLONE_NEWNET) != 0)
    return fail(options, make_problem(Problem::PERMISSION_DENIED, "lab.cannot-enter",
                                      "Cannot enter " + *path + ": " + std::strerror(errno))
                             .possible("As root: sudo terrace lab exec ..."));
  std::vector<char*> argv;
  for (auto& word : options.command) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execvp(argv.front(), argv.data());
  return fail(options,
              make_problem(Problem::NOT_FOUND, "lab.cannot-run",
                           "Cannot run " + options.command.front() + ": " + std::strerror(errno)));
}

int run_down(const Options& options) {
  std::string name = options.name;
  if (name.empty()) {
    const auto state = find(options.lab, "");
    if (!state.ok() && state.problem().code() != Problem::NOT_FOUND)
      return fail(options, state.problem());
    if (state.ok()) name = state->name;
  }
  const auto gone = name.empty() ? Result<bool>(false) : down(options.lab, name);
  if (!gone.ok()) return fail(options, gone.problem());
  if (!json(options))
    std::cout << (*gone ? "the lab " + name + " is down" : "no lab was up") << '\n';
  return EXIT_SUCCESS;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Stacks platforms on this machine, from a file", "terrace lab");
  app.require_subcommand(1);
  app.fallthrough();
  if (const char* const labs = std::getenv("TERRACE_LABS")) options.lab.run_directory = labs;
  app.add_option("--run-dir", options.lab.run_directory, "Where labs are (or TERRACE_LABS)")
      ->capture_default_str();
  app.add_option("-o,--output", options.output, "table or json")
      ->check(CLI::IsMember({"table", "wide", "json"}));
  auto& raise = *app.add_subcommand("up", "Make it all, and wait until it is ready");
  raise.add_option("FILE", options.file, "The topology")->required();
  raise.add_option("--terraced", options.lab.terraced, "The daemon, if not the one beside us");
  raise.footer("\nFor example:\n  terrace lab up examples/three-tier/lab.yaml");
  auto& again = *app.add_subcommand("restart", "Stop a platform's daemon and start it anew");
  again.add_option("NAME", options.name, "Which platform")->required();
  again.add_option("--terraced", options.lab.terraced, "The daemon, if not the one beside us");
  again.add_option("--env", options.lab.environment, "NAME=VALUE, for the daemon's environment");
  again.footer("\nFor example:\n  terrace lab restart edge");
  auto& status = *app.add_subcommand("status", "What is there, and whether it runs");
  status.add_option("NAME", options.name, "Which lab, if several are up");
  status.footer("\nFor example:\n  terrace lab status -o json");
  auto& exec = *app.add_subcommand(
      "exec", "Run something in a platform's, a site's, a customer's or a function's namespace");
  exec.add_option("NAME", options.name, "top, client, wan, firewall-1, edge/firewall-1")
      ->required();
  exec.add_option("COMMAND", options.command, "What to run, after --")->required();
  exec.footer("\nFor example:\n  terrace lab exec client -- ping 10.10.1.10");
  auto& drop = *app.add_subcommand("down", "Stop and remove it all");
  drop.add_option("NAME", options.name, "Which lab, if several are up");
  drop.footer("\nFor example:\n  terrace lab down");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  if (raise.parsed()) return run_up(options);
  if (again.parsed()) return run_restart(options);
  if (status.parsed()) return run_status(options);
  if (exec.parsed()) return run_exec(options);
  return run_down(options);
}

}  // namespace
}  // namespace terrace::lab

int main(int argc, char** argv) {
  return terrace::lab::run(argc, argv);
}
