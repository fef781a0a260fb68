#include "cli/session.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/asio_executor.h"
#include "base/ids.h"
#include "rpc/grpc_channel.h"

namespace terrace::cli {
namespace {

// By "lab/platform", the address for its administrator.
std::map<std::string, std::string> lab_platforms(const std::string& directory) {
  std::map<std::string, std::string> found;
  std::error_code ignored;
  for (const auto& lab : std::filesystem::directory_iterator(directory, ignored)) {
    std::ifstream file(lab.path() / "state.json");
    const auto state = nlohmann::json::parse(file, nullptr, false);
    if (!state.is_object() || !state.contains("platforms")) continue;
    for (const auto& platform : state["platforms"])
      found[lab.path().filename().string() + "/" + platform.value("name", "")] =
          platform.value("address", "");
  }
  return found;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

Result<std::string> resolve_platform(const std::string& name, const std::string& labs_directory) {
  if (name.find(':') != std::string::npos) return name;
  const auto platforms = lab_platforms(labs_directory);
  std::vector<std::string> matches, all;
  for (const auto& [full, address] : platforms) {
    all.push_back(full);
    if (full == name || full.substr(full.find('/') + 1) == name) matches.push_back(full);
  }
  if (matches.size() == 1) return platforms.at(matches.front());
  if (matches.size() > 1)
    return make_problem(Problem::INVALID_ARGUMENT, "cli.ambiguous-platform",
                        "Several labs have a platform `" + name + "`.")
        .at_path("--platform")
        .possible("One of: " + joined(matches) + ".");
  auto problem = make_problem(Problem::NOT_FOUND, "cli.unknown-platform",
                              "No lab that is up has a platform `" + name + "`.")
                     .at_path("--platform")
                     .possible("An address: unix:/path or host:port.");
  if (all.empty()) return std::move(problem).possible("Start a lab: terrace lab up FILE.");
  return std::move(problem).possible("A platform of a lab: " + joined(all) + ".");
}

struct Session::Connection {
  explicit Connection(ClientOptions options)
      : channel(executor, options.address), client(std::move(options), executor, channel, clock) {}
  SystemClock clock;
  AsioExecutor executor;
  GrpcChannel channel;
  Client client;
};

Session::Session(const GlobalOptions& options, Terminal terminal)
    : options_(options), terminal_(terminal) {}

Session::~Session() = default;

Result<Client*> Session::client() {
  if (connection_ == nullptr) {
    const char* const labs = std::getenv("TERRACE_LABS");
    const std::string name = options_.platform.empty() ? kDefaultPlatform : options_.platform;
    auto address = resolve_platform(name, labs != nullptr ? labs : kLabsDirectory);
    if (!address.ok()) return address.problem();
    ClientOptions client;
    client.address = *std::move(address);
    client.tenant = options_.tenant;
    if (options_.timeout_s)
      client.timeout =
          std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*options_.timeout_s));
    connection_ = std::make_unique<Connection>(std::move(client));
  }
  return &connection_->client;
}

std::string Session::new_id() {
  return uuid_v4(random_);
}

}  // namespace terrace::cli
