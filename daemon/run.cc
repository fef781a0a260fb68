#include "daemon/run.h"

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "daemon/config.h"

namespace terrace {
namespace {

constexpr Duration kGrace = std::chrono::seconds(5);

void report(const Problem& problem) {
  std::cerr << "terraced: " << describe(problem) << "\n";
  for (const auto& cause : problem.causes()) std::cerr << "  " << describe(cause) << "\n";
}

// Before any thread is: they inherit it, and only sigwait() below sees these signals.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

int serve(Config config, Wrapping wrapping) {
  const sigset_t signals = block_signals();
  auto log = Log::open(config.log);
  if (!log.ok()) {
    report(log.problem());
    return EXIT_FAILURE;
  }
  const Log mine = log->with("platform", config.platform_id);
  auto daemon = Daemon::start(std::move(config), TERRACE_VERSION, mine, std::move(wrapping));
  if (!daemon.ok()) {
    report(daemon.problem());
    return EXIT_FAILURE;
  }
  int caught = 0;
  sigwait(&signals, &caught);
  mine.info("stopping", {{"signal", caught == SIGTERM ? "SIGTERM" : "SIGINT"}});
  (*daemon)->stop(kGrace);
  mine.info("stopped");
  return EXIT_SUCCESS;
}

constexpr int kUsage = 2;

}  // namespace

int run_daemon(int argc, char** argv, Wrapping wrapping) {
  CLI::App app("terraced: one service platform", "terraced");
  std::string file;
  bool check = false;
  app.add_option("--config", file, "The configuration, a YAML file")->required();
  app.add_flag("--check-config", check, "Say what the configuration would do, and end");
  app.set_version_flag("--version", std::string("terraced ") + TERRACE_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version are no errors; a wrong word is one of usage.
    return app.exit(error) == 0 ? EXIT_SUCCESS : kUsage;
  }
  auto config = read_config(file);
  if (!config.ok()) {
    report(config.problem());
    return EXIT_FAILURE;
  }
  if (check) {
    std::cout << explain(*config);
    return EXIT_SUCCESS;
  }
  return serve(std::move(config).value(), std::move(wrapping));
}

}  // namespace terrace
