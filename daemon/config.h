// terraced's configuration: one YAML file, read strictly. tests/unit/config_test.cc has every key
// once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "catalog/money.h"
#include "recursion/envelope.h"
#include "southbound/emulated/config.h"
#include "southbound/leaf/config.h"
#include "southbound/netns/config.h"
#include "terrace/driver/v1/driver.pb.h"

namespace terrace {

struct ChildConfig {
  // Ours for it; shows in nothing that is published.
  std::string name;
  // "unix:/path" or "host:port".
  std::string address;
  // Percent on its prices; unset: the platform's.
  std::optional<Decimal> margin;
};

struct InfrastructureConfig {
  // "emulated" or "netns": which driver makes it real.
  std::string kind;
  driver::v1::Inventory inventory;  // functions by name only: the driver has the rest
  std::vector<LeafFunction> function;
  // Of kind "emulated".
  EmulatedDelay apply_delay, remove_delay, probe_delay;
  bool assume_far_ends = false;
  std::uint64_t seed = 1;
  // Of kind "netns": its own, and the interfaces by the ids of attachment points and interconnects.
  std::string site;
  std::string run_dir;
  NetnsPrograms program;
  std::map<std::string, std::string> attachment_interface;
  std::map<std::string, std::string> wan_interface;
};

struct Config {
  std::string platform_id;
  std::string provider;
  std::vector<std::string> listen;
  // A directory; the store's file is in it.
  std::string state;
  LogOptions log;
  AddressPools addresses;
  std::vector<ChildConfig> children;
  Decimal margin;
  std::size_t max_depth = 32;
  std::size_t max_message_bytes = 4u << 20;
  std::size_t max_descriptor_bytes = 2u << 20;
  Duration hold_life = std::chrono::seconds(60);
  Duration commit_deadline = std::chrono::seconds(60);
  Duration memory = std::chrono::minutes(10);
  std::optional<InfrastructureConfig> infrastructure;
};

// Every problem of the file at once, each with its line: INVALID_ARGUMENT "config.invalid" (unknown
// keys too, with the key that was most likely meant). `file_name` is for problems.
Result<Config> parse_config(std::string_view text, const std::string& file_name);
// NOT_FOUND "config.unreadable".
Result<Config> read_config(const std::string& path);

// What a daemon with this configuration would do, for people: --check-config.
std::string explain(const Config& config);

}  // namespace terrace
