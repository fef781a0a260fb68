#include "lab/lab.h"

#include <csignal>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <ostream>

#include "lab/network.h"
#include "lab/ready.h"
#include "linux/netns.h"

namespace terrace::lab {
namespace {

namespace fs = std::filesystem;

// For a daemon to stop by itself.
constexpr Duration kGrace = std::chrono::seconds(10);

Problem file_problem(const std::string& what, const std::string& path, const std::error_code& why) {
  return make_problem(
             why == std::errc::permission_denied ? Problem::PERMISSION_DENIED : Problem::INTERNAL,
             "lab.file", what + " " + path + ": " + why.message())
      .at_resource("file/" + path)
      .possible("A lab needs root, and a directory of its own: --run-dir.");
}

Status make_directories(const Layout& layout) {
  std::vector<std::string> paths{layout.namespaces(), layout.empty_path()};
  for (const auto& platform : layout.topology().platforms)
    paths.push_back(layout.platform_directory(platform.name) + "/state");
  for (const auto& path : paths) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) return file_problem("Cannot make", path, error);
  }
  std::error_code error;
  fs::permissions(layout.directory(), fs::perms::owner_all, error);
  return error ? Status(file_problem("Cannot protect", layout.directory(), error)) : Status();
}

Status write_configurations(const Layout& layout) {
  for (const auto& platform : layout.topology().platforms) {
    std::ofstream file(layout.config_path(platform.name), std::ios::trunc);
    file << daemon_config(layout, platform);
    if (file.flush(); !file)
      return file_problem("Cannot write", layout.config_path(platform.name),
                          std::make_error_code(std::errc::io_error));
  }
  return {};
}

// From below upwards, so that each finds its children there.
void order(const Topology& topology, const Platform& platform, std::vector<std::string>& sorted) {
  if (std::find(sorted.begin(), sorted.end(), platform.name) != sorted.end()) return;
  for (const auto& below : platform.below)
    order(topology, *topology.platform(below.platform), sorted);
  sorted.push_back(platform.name);
}

RunningPlatform& running(LabState& state, const std::string& name) {
  return *std::find_if(state.platforms.begin(), state.platforms.end(),
                       [&](const auto& one) { return one.name == name; });
}

Status start_daemon(const LabOptions& options, const Layout& layout, LabState& state,
                    const std::string& name) {
  auto ns = kernel::NetNs::open(layout.platform_namespace(name));
  if (!ns) return std::move(ns).problem();
  kernel::Command command;
  command.argv = {options.terraced, "--config", layout.config_path(name)};
  // Nothing of ours is run by the daemons: they have no programs to find.
  command.env = {"PATH=" + layout.empty_path(), "LC_ALL=C"};
  command.env.insert(command.env.end(), options.environment.begin(), options.environment.end());
  command.cwd = layout.platform_directory(name);
  command.output_path = layout.log_path(name);
  auto process = kernel::spawn(*ns, command);
  if (!process) return std::move(process).problem();
  running(state, name).process = *process;
  return save(state);
}

Status start_daemons(const LabOptions& options, const Layout& layout, LabState& state) {
  std::vector<std::string> sorted;
  for (const auto& platform : layout.topology().platforms)
    order(layout.topology(), platform, sorted);
  for (const auto& name : sorted)
    if (Status started = start_daemon(options, layout, state, name); !started) return started;
  return {};
}

Status raise(const LabOptions& options, const Layout& layout, LabState& state, std::ostream& say) {
  if (Status made = make_directories(layout); !made) return made;
  if (Status saved = save(state); !saved) return saved;
  if (Status written = write_configurations(layout); !written) return written;
  const Topology& topology = layout.topology();
  say << "namespaces: " << topology.sites.size() << " sites" << (topology.wan ? ", the WAN" : "")
      << ", " << topology.platforms.size() << " platforms, " << topology.customers.size()
      << " customers" << std::endl;
  if (Status made = make_network(layout, options.patience); !made) return made;
  say << "daemons: starting" << std::endl;
  if (Status started = start_daemons(options, layout, state); !started) return started;
  return wait_ready(
      layout, options.patience,
      [&](const std::string& name) { return kernel::alive(running(state, name).process); },
      [&](const std::string& name) {
        say << "  " << name << " shows what is offered below it" << std::endl;
      });
}

bool all_alive(const LabState& state) {
  return std::all_of(state.platforms.begin(), state.platforms.end(),
                     [](const auto& one) { return kernel::alive(one.process); });
}

void stop_daemons(const LabState& state, Duration patience) {
  for (const auto& one : state.platforms)
    if (one.process.pid > 0) (void)kernel::send_signal(one.process, SIGTERM);
  // One that does not end by itself is ended with its namespace.
  for (const auto& one : state.platforms)
    if (one.process.pid > 0) (void)kernel::wait_exit(one.process, patience);
}

std::vector<std::string> labs_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

Result<Raised> up(const LabOptions& options, const std::string& topology_file, std::ostream& say) {
  auto topology = read_topology(topology_file);
  if (!topology.ok()) return std::move(topology).problem();
  const std::string directory = fs::absolute(options.run_directory) / topology->name;
  if (auto known = load(directory); known.ok() && all_alive(*known))
    return Raised{*std::move(known), true};
  if (std::error_code ignored; fs::exists(directory, ignored))
    return make_problem(Problem::FAILED_PRECONDITION, "lab.half-up",
                        "Something of the lab `" + topology->name + "` is there, but not all runs.")
        .at_resource("file/" + directory)
        .possible("Take it down first: terrace lab down " + topology->name);
  const Layout layout(*topology, directory);
  LabState state = describe(layout, fs::absolute(topology_file));
  Status raised = raise(options, layout, state, say);
  if (raised.ok()) return Raised{std::move(state), false};
  Problem problem = raised.problem();
  if (auto undone = down(options, topology->name); !undone.ok())
    *problem.add_causes() = std::move(undone).problem();
  return problem;
}

Result<LabState> restart(const LabOptions& options, LabState state, const std::string& platform) {
  auto topology = read_topology(state.topology_file);
  if (!topology.ok()) return std::move(topology).problem();
  if (topology->platform(platform) == nullptr)
    return make_problem(Problem::NOT_FOUND, "lab.no-such-place",
                        "The lab has no platform `" + platform + "`.")
        .at_resource("lab/" + state.name);
  const Layout layout(*topology, state.directory);
  const kernel::ProcessId before = running(state, platform).process;
  if (kernel::alive(before)) {
    if (Status told = kernel::send_signal(before, SIGTERM); !told) return std::move(told).problem();
    if (Status ended = kernel::wait_exit(before, kGrace); !ended) return std::move(ended).problem();
  }
  if (Status started = start_daemon(options, layout, state, platform); !started)
    return std::move(started).problem();
  const Status ready = wait_ready(
      layout, options.patience,
      [&](const std::string& name) { return kernel::alive(running(state, name).process); },
      [](const std::string&) {});
  if (!ready) return ready.problem();
  return state;
}

Result<bool> down(const LabOptions& options, const std::string& name) {
  const std::string directory = fs::absolute(options.run_directory) / name;
  std::error_code error;
  if (!fs::exists(directory, error)) return false;
  if (const auto state = load(directory); state.ok()) stop_daemons(*state, kGrace);
  if (Status dropped = drop_namespaces(directory, kGrace); !dropped)
    return std::move(dropped).problem();
  fs::remove_all(directory, error);
  if (error) return file_problem("Cannot remove", directory, error);
  // What held labs is left as it was found, if this was the last one.
  fs::remove(options.run_directory, error);
  if (options.run_directory == LabOptions().run_directory)
    fs::remove(fs::path(options.run_directory).parent_path(), error);
  return true;
}

Result<LabState> find(const LabOptions& options, const std::string& name) {
  if (!name.empty()) return load(fs::absolute(options.run_directory) / name);
  const auto names = labs_in(options.run_directory);
  if (names.size() == 1) return load(fs::absolute(options.run_directory) / names.front());
  if (names.empty())
    return make_problem(Problem::NOT_FOUND, "lab.not-up", "No lab is up.")
        .at_resource("file/" + options.run_directory)
        .possible("Start one: terrace lab up FILE.");
  return make_problem(Problem::INVALID_ARGUMENT, "lab.which", "Several labs are up.")
      .at_resource("file/" + options.run_directory)
      .possible("Name one: --lab " + joined(names) + ".");
}

Result<std::string> find_namespace(const LabState& state, const std::string& name) {
  std::vector<std::string> all;
  for (const auto& one : state.platforms) {
    if (one.name == name) return one.network_namespace;
    all.push_back(one.name);
  }
  for (const auto* const places : {&state.sites, &state.customers})
    for (const auto& one : *places) {
      if (one.name == name) return one.network_namespace;
      all.push_back(one.name);
    }
  if (name == "wan") return state.directory + "/ns/wan";
  std::map<std::string, std::string> functions;
  std::vector<std::string> addresses;
  for (const auto& platform : state.platforms) addresses.push_back(platform.address);
  const auto answers = resources_of(addresses, std::chrono::seconds(10));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto& platform = state.platforms[i];
    if (!answers[i].ok()) continue;
    for (const auto& resource : answers[i]->resource()) {
      if (resource.kind() != "netns" || resource.vnf_profile_id().empty()) continue;
      const std::string plain = resource.vnf_profile_id() + "-" + std::to_string(resource.index());
      all.push_back(platform.name + "/" + plain);
      if (name == plain || name == platform.name + "/" + plain || name == resource.name())
        functions[resource.name()] = resource.where();
    }
  }
  if (functions.size() == 1) return functions.begin()->second;
  if (functions.empty())
    return make_problem(Problem::NOT_FOUND, "lab.no-such-place", "The lab has no `" + name + "`.")
        .at_resource("lab/" + state.name)
        .possible("One of: " + joined(all) + ".");
  std::vector<std::string> names;
  for (const auto& [full, where] : functions) names.push_back(full);
  return make_problem(Problem::INVALID_ARGUMENT, "lab.which-place",
                      "The lab has several `" + name + "`.")
      .at_resource("lab/" + state.name)
      .possible("One of: " + joined(names) + ".");
}

}  // namespace terrace::lab
