#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/command.h"

namespace terrace::cli {
namespace {

constexpr char kAbout[] =
    "Orders network services from a Terrace platform, and looks after them.\n\n"
    "First steps:\n"
    "  terrace lab up examples/three-tier/lab.yaml        four platforms on this machine\n"
    "  terrace -p top catalogue show                      what the one at the top offers\n"
    "  terrace -p top ns plan --order order.yaml          what would go where, and the price\n"
    "  terrace -p top ns instantiate shop --order order.yaml\n"
    "  terrace -p top ns show shop";
constexpr char kFooter[] =
    "\n`terrace COMMAND --help` has the details, with an example each.\n"
    "Environment: TERRACE_PLATFORM (as --platform), TERRACE_LABS (where labs are; else\n"
    "/run/terrace/labs), NO_COLOR.\n"
    "Exit: 0 success; 1 refused or failed; 2 a command line that makes no sense.";

void add_globals(CLI::App& app, GlobalOptions& options) {
  app.add_option("-p,--platform", options.platform,
                 "The platform: unix:/path, host:port, or one of a lab by name (top, "
                 "three-tier/top)")
      ->envname("TERRACE_PLATFORM");
  app.add_option("-o,--output", options.output, "table, wide (ids in full), or json (proto3 JSON)")
      ->check(CLI::IsMember({"table", "wide", "json"}))
      ->capture_default_str();
  app.add_option("--timeout", options.timeout_s, "Give up after so many seconds")
      ->check(CLI::PositiveNumber);
  app.add_option("--tenant", options.tenant, "Whose orders; the platform's default one if not set");
}

// CLI11 prints help itself; errors are ours, in the one form that all have.
int usage(const CLI::App& app, const CLI::ParseError& error, const Terminal& terminal) {
  if (error.get_exit_code() == 0) return app.exit(error, terminal.out, terminal.err);
  const CLI::App* command = &app;
  std::string path = "terrace";
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().back();
    path += " " + command->get_name();
  }
  fail(terminal, make_problem(Problem::INVALID_ARGUMENT, "cli.usage", error.what())
                     .at_resource(path)
                     .possible(path + " --help"));
  return 2;
}

}  // namespace

CLI::App& add_group(CLI::App& app, const std::string& name, const std::string& what) {
  auto& group = *app.add_subcommand(name, what);
  group.require_subcommand(1);
  group.fallthrough();
  return group;
}

CLI::App& add_command(CLI::App& group, const std::string& name, const std::string& what,
                      const std::string& example) {
  auto& command = *group.add_subcommand(name, what);
  command.fallthrough();
  command.footer("\nFor example:\n  " + example);
  return command;
}

int run(int argc, const char* const* argv) {
  return run(argc, argv, detect_terminal());
}

int run(int argc, const char* const* argv, Terminal terminal) {
  CLI::App app(kAbout, "terrace");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("--version", "terrace 0.1.0");
  GlobalOptions options;
  Chosen chosen;
  add_globals(app, options);
  add_catalogue_commands(app, chosen);
  add_descriptor_commands(app, chosen);
  add_ns_commands(app, chosen);
  add_hold_commands(app, chosen);
  add_operation_commands(app, chosen);
  add_platform_commands(app, chosen);
  add_lab_command(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return usage(app, error, terminal);
  }
  if (options.output == "wide") terminal.format = Format::kWide;
  if (options.output == "json") terminal.format = Format::kJson;
  Session session(options, terminal);
  const int status = chosen.action()(session);
  terminal.out.flush();
  if (!terminal.out)
    return fail(terminal, problem(Problem::DATA_LOSS, "cli.cannot-write",
                                  "Standard output does not take what is written to it."));
  return status;
}

}  // namespace terrace::cli
