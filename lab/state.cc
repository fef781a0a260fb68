#include "lab/state.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace terrace::lab {
namespace {

using nlohmann::json;

json place_json(const Place& place) {
  return {{"name", place.name}, {"namespace", place.network_namespace}, {"address", place.address}};
}

Place place_of(const json& from) {
  return {from.at("name"), from.at("namespace"), from.at("address")};
}

json platform_json(const RunningPlatform& platform) {
  return {{"name", platform.name},
          {"provider", platform.provider},
          {"platformId", platform.platform_id},
          {"address", platform.address},
          {"listen", platform.listen},
          {"namespace", platform.network_namespace},
          {"log", platform.log},
          {"site", platform.site},
          {"below", platform.below},
          {"pid", platform.process.pid},
          {"startTime", platform.process.start_time}};
}

RunningPlatform platform_of(const json& from) {
  RunningPlatform platform;
  platform.name = from.at("name");
  platform.provider = from.at("provider");
  platform.platform_id = from.at("platformId");
  platform.address = from.at("address");
  platform.listen = from.at("listen");
  platform.network_namespace = from.at("namespace");
  platform.log = from.at("log");
  platform.site = from.at("site");
  platform.below = from.at("below");
  platform.process = {from.at("pid"), from.at("startTime")};
  return platform;
}

json state_json(const LabState& state) {
  json all = {{"name", state.name},
              {"directory", state.directory},
              {"topologyFile", state.topology_file},
              {"platforms", json::array()},
              {"sites", json::array()},
              {"customers", json::array()}};
  for (const auto& one : state.platforms) all["platforms"].push_back(platform_json(one));
  for (const auto& one : state.sites) all["sites"].push_back(place_json(one));
  for (const auto& one : state.customers) all["customers"].push_back(place_json(one));
  return all;
}

}  // namespace

LabState describe(const Layout& layout, const std::string& topology_file) {
  const Topology& topology = layout.topology();
  LabState state{topology.name, layout.directory(), topology_file, {}, {}, {}};
  for (const auto& platform : topology.platforms) {
    RunningPlatform running;
    running.name = platform.name;
    running.provider = platform.provider;
    running.platform_id = layout.platform_id(platform.name);
    running.address = layout.admin_address(platform.name);
    for (const auto& relation : layout.relations())
      if (relation.child == platform.name)
        running.listen.push_back(relation.child_address + ":" + std::to_string(kApiPort));
    running.network_namespace = layout.platform_namespace(platform.name);
    running.log = layout.log_path(platform.name);
    if (platform.infrastructure) running.site = platform.infrastructure->site;
    for (const auto& below : platform.below) running.below.push_back(below.platform);
    state.platforms.push_back(std::move(running));
  }
  for (const auto& site : topology.sites)
    state.sites.push_back({site.name, layout.site_namespace(site.name), {site.address}});
  for (const auto& customer : topology.customers)
    state.customers.push_back(
        {customer.name, layout.customer_namespace(customer.name), customer.address});
  return state;
}

Status save(const LabState& state) {
  const std::string path = state.directory + "/state.json";
  const std::string fresh = path + ".new";
  {
    std::ofstream file(fresh, std::ios::trunc);
    file << state_json(state).dump(2) << '\n';
    if (file.flush(); !file)
      return make_problem(Problem::INTERNAL, "lab.cannot-write", "Cannot write " + fresh + ".")
          .at_resource("file/" + fresh)
          .possible("Is there room in " + state.directory + "?");
  }
  if (std::rename(fresh.c_str(), path.c_str()) == 0) return {};
  return make_problem(Problem::INTERNAL, "lab.cannot-write", "Cannot write " + path + ".")
      .at_resource("file/" + path);
}

Result<LabState> load(const std::string& directory) {
  const std::string path = directory + "/state.json";
  std::ifstream file(path);
  if (!file)
    return make_problem(Problem::NOT_FOUND, "lab.not-up", "No lab is up in " + directory + ".")
        .at_resource("file/" + path)
        .possible("Start one: terrace lab up FILE.");
  // nlohmann reports by exception what a state file lacks.
  try {
    const json all = json::parse(file);
    LabState state{all.at("name"), all.at("directory"), all.at("topologyFile"), {}, {}, {}};
    for (const auto& one : all.at("platforms")) state.platforms.push_back(platform_of(one));
    for (const auto& one : all.at("sites")) state.sites.push_back(place_of(one));
    for (const auto& one : all.at("customers")) state.customers.push_back(place_of(one));
    return state;
  } catch (const json::exception& error) {
    return make_problem(Problem::DATA_LOSS, "lab.bad-state",
                        "The lab's state cannot be read: " + std::string(error.what()))
        .at_resource("file/" + path)
        .possible("Take it down: terrace lab down NAME.");
  }
}

std::string to_json(const LabState& state) {
  json all = state_json(state);
  for (std::size_t i = 0; i < state.platforms.size(); ++i)
    all["platforms"][i]["alive"] = kernel::alive(state.platforms[i].process);
  return all.dump(2) + "\n";
}

}  // namespace terrace::lab
