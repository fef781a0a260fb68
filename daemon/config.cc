#include "daemon/config.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <utility>

#include "base/strict_yaml.h"
#include "daemon/config_infrastructure.h"

namespace terrace {
namespace {

constexpr std::string_view kInvalid = "config.invalid-value";

void read_log(YamlReader& reader, LogOptions& log) {
  using Level = LogOptions::Level;
  static constexpr std::array<std::string_view, 5> kLevels = {"debug", "info", "warning", "error",
                                                              "off"};
  static constexpr std::array<std::string_view, 2> kFormats = {"text", "json"};
  if (const auto level = reader.optional_choice("level", kLevels)) {
    const auto at = std::find(kLevels.begin(), kLevels.end(), *level);
    if (at != kLevels.end()) log.level = static_cast<Level>(at - kLevels.begin());
  }
  if (reader.optional_choice("format", kFormats) == "json") {
    log.format = LogOptions::Format::kJson;
  }
  log.file = reader.optional_string("file").value_or("");
}

void read_addresses(YamlReader& reader, AddressPools& pools) {
  for (const auto& text : reader.strings("prefixes")) {
    auto prefix = Prefix::parse(text);
    if (prefix.ok()) {
      pools.prefixes.push_back(*prefix);
    } else {
      reader.refuse("prefixes", kInvalid, prefix.problem().what());
    }
  }
  if (!reader.has("prefixes")) reader.refuse("", "config.missing", "no prefixes are given");
  pools.link_prefix_length_v4 = static_cast<unsigned>(
      reader.optional_uint("link-prefix-length-v4", 8, 30).value_or(pools.link_prefix_length_v4));
  pools.link_prefix_length_v6 = static_cast<unsigned>(
      reader.optional_uint("link-prefix-length-v6", 16, 126).value_or(pools.link_prefix_length_v6));
  pools.mtu =
      static_cast<std::uint32_t>(reader.optional_uint("mtu", 576, 9216).value_or(pools.mtu));
}

std::optional<Decimal> read_margin(YamlReader& reader) {
  const auto text = reader.optional_string("margin");
  if (!text) return std::nullopt;
  auto margin = Decimal::parse(*text);
  if (!margin.ok()) {
    reader.refuse("margin", kInvalid, margin.problem().what());
    return std::nullopt;
  }
  if (margin->is_negative()) reader.refuse("margin", kInvalid, "a margin is not negative");
  return *margin;
}

void read_children(YamlReader& root, std::vector<ChildConfig>& children) {
  std::set<std::string> names;
  root.each("children", [&](YamlReader& reader, std::size_t) {
    ChildConfig child;
    child.name = reader.string("name");
    child.address = reader.string("address");
    child.margin = read_margin(reader);
    if (!names.insert(child.name).second || child.name == "own") {
      reader.refuse("name", kInvalid, "the name '" + child.name + "' is taken");
    }
    children.push_back(std::move(child));
  });
}

void read_limits(YamlReader& reader, Config& config) {
  const auto duration = [&reader](std::string_view key, std::uint64_t most, Duration& into) {
    if (const auto s = reader.optional_uint(key, 1, most)) into = std::chrono::seconds(*s);
  };
  const auto bytes = [&reader](std::string_view key, std::size_t& into) {
    into = reader.optional_uint(key, 1024, 64u << 20).value_or(into);
  };
  bytes("message-bytes", config.max_message_bytes);
  bytes("descriptor-bytes", config.max_descriptor_bytes);
  duration("hold-seconds", 1800, config.hold_life);
  duration("commit-seconds", 3600, config.commit_deadline);
  duration("memory-seconds", 86400, config.memory);
}

void read_root(YamlReader& root, Config& config) {
  config.platform_id = root.string("platform");
  config.provider = root.string("provider");
  config.listen = root.strings("listen");
  if (config.listen.empty()) {
    root.refuse("listen", "config.missing", "no address to listen on, as unix:/path or host:port");
  }
  config.state = root.string("state");
  root.optional_map("log", [&](YamlReader& reader) { read_log(reader, config.log); });
  root.map("addresses", [&](YamlReader& reader) { read_addresses(reader, config.addresses); });
  read_children(root, config.children);
  config.margin = read_margin(root).value_or(Decimal());
  config.max_depth = root.optional_uint("max-depth", 1, 64).value_or(config.max_depth);
  root.optional_map("limits", [&](YamlReader& reader) { read_limits(reader, config); });
  root.optional_map("infrastructure", [&](YamlReader& reader) {
    config.infrastructure = read_infrastructure(reader);
  });
  if (config.children.empty() && !config.infrastructure) {
    root.refuse("", "config.missing", "neither children nor infrastructure: nothing to offer");
  }
}

}  // namespace

Result<Config> parse_config(std::string_view text, const std::string& file_name) {
  auto tree = parse_yaml(text, file_name);
  if (!tree.ok()) return std::move(tree).problem();
  Config config;
  YamlProblems problems(file_name);
  {
    YamlReader root(*tree, "", problems);
    read_root(root, config);
  }
  if (!problems.empty()) return problems.as_problem("config.invalid");
  return config;
}

Result<Config> read_config(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  if (!stream || !(text << stream.rdbuf())) {
    return make_problem(Problem::NOT_FOUND, "config.unreadable", "cannot read " + path)
        .at_resource("file/" + path);
  }
  return parse_config(text.str(), path);
}

std::string explain(const Config& config) {
  std::ostringstream text;
  text << "platform " << config.platform_id << " of " << config.provider << "\n";
  for (const auto& address : config.listen) text << "  serves its API on " << address << "\n";
  text << "  keeps its state in " << config.state << "/terrace.db\n";
  for (const auto& prefix : config.addresses.prefixes) {
    text << "  gives orders addresses from " << prefix.str() << "\n";
  }
  for (const auto& child : config.children) {
    text << "  delegates to " << child.name << " at " << child.address << ", with "
         << child.margin.value_or(config.margin).text() << " % on its prices\n";
  }
  if (!config.infrastructure) return text.str();
  const auto& infrastructure = *config.infrastructure;
  text << "  has " << infrastructure.kind
       << " infrastructure of its own: " << infrastructure.inventory.node_size() << " nodes, "
       << infrastructure.inventory.attachment_size() << " attachment points, "
       << infrastructure.inventory.wan_port_size() << " interconnects\n";
  for (const auto& function : infrastructure.function) {
    text << "  sells " << (function.capability.empty() ? function.function : function.capability);
    if (function.price.has_monthly()) {
      text << " at " << function.price.monthly().amount() << " "
           << function.price.monthly().currency() << " a month";
    }
    text << "\n";
  }
  return text.str();
}

}  // namespace terrace
