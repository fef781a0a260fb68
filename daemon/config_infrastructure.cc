#include "daemon/config_infrastructure.h"

#include <array>
#include <limits>
#include <set>
#include <string>
#include <utility>

namespace terrace {
namespace {

constexpr std::string_view kInvalid = "config.invalid-value";
constexpr std::array<std::string_view, 2> kKinds = {"emulated", "netns"};
constexpr std::uint64_t kMaxVni = (1u << 24) - 1;
constexpr std::uint64_t kVxlanPort = 4789;

void read_location(YamlReader& reader, v1::Location& location) {
  reader.optional_map("location", [&](YamlReader& place) {
    location.set_nfvi_pop(place.optional_string("nfvi-pop").value_or(""));
    location.set_zone(place.optional_string("zone").value_or(""));
    location.set_zone_group(place.optional_string("zone-group").value_or(""));
    location.set_country_code(place.optional_string("country-code").value_or(""));
  });
}

// Ids are unique within their list.
std::string read_id(YamlReader& reader, std::set<std::string>& known) {
  std::string id = reader.string("id");
  if (!id.empty() && !known.insert(id).second) {
    reader.refuse("id", kInvalid, "the id '" + id + "' is there twice");
  }
  return id;
}

void read_nodes(YamlReader& root, driver::v1::Inventory& inventory) {
  std::set<std::string> ids;
  root.each("nodes", [&](YamlReader& reader, std::size_t) {
    auto& node = *inventory.add_node();
    node.set_id(read_id(reader, ids));
    read_location(reader, *node.mutable_location());
    node.mutable_location()->set_nfvi_node(node.id());
    node.set_vcpus(static_cast<std::uint32_t>(reader.uint("vcpus", 1, 100'000)));
    node.set_memory_mib(reader.uint("memory-mib", 1, 1'000'000'000));
    node.set_instances(
        static_cast<std::uint32_t>(reader.optional_uint("instances", 0, 1'000'000).value_or(0)));
  });
  if (ids.empty()) root.refuse("nodes", "config.missing", "no nodes to run functions on");
}

// The name of a link, where the driver makes things real.
void read_interface(YamlReader& reader, const InfrastructureConfig& config, const std::string& id,
                    std::map<std::string, std::string>& into) {
  if (config.kind == "netns") into[id] = reader.string("interface");
}

void read_attachments(YamlReader& root, InfrastructureConfig& config) {
  std::set<std::string> ids;
  root.each("attachment-points", [&](YamlReader& reader, std::size_t) {
    auto& attachment = *config.inventory.add_attachment();
    attachment.set_id(read_id(reader, ids));
    attachment.set_name(reader.optional_string("name").value_or(attachment.id()));
    read_interface(reader, config, attachment.id(), config.attachment_interface);
    read_location(reader, *attachment.mutable_location());
  });
}

void read_interconnects(YamlReader& root, InfrastructureConfig& config) {
  std::set<std::string> ids;
  root.each("interconnects", [&](YamlReader& reader, std::size_t) {
    auto& port = *config.inventory.add_wan_port();
    port.set_id(read_id(reader, ids));
    read_interface(reader, config, port.id(), config.wan_interface);
    port.set_underlay(reader.string("underlay"));
    port.set_vtep(reader.string("vtep"));
    if (const auto address = IpAddress::parse(port.vtep()); !address.ok()) {
      reader.refuse("vtep", kInvalid, address.problem().what());
    }
    port.set_port(
        static_cast<std::uint32_t>(reader.optional_uint("port", 1, 65535).value_or(kVxlanPort)));
    port.set_mtu(
        static_cast<std::uint32_t>(reader.optional_uint("mtu", 1280, 9216).value_or(1500)));
    reader.each("segment-ids", [&](YamlReader& range, std::size_t) {
      auto& ids_of_range = *port.add_segment_ids();
      const auto first = range.uint("first", 1, kMaxVni);
      ids_of_range.set_wan_segment_id_value(static_cast<std::uint32_t>(first));
      ids_of_range.set_wan_segment_id_upper_range(
          static_cast<std::uint32_t>(range.uint("last", first, kMaxVni)));
    });
    read_location(reader, *port.mutable_location());
  });
}

void read_money(YamlReader& reader, std::string_view key, const std::string& currency,
                v1::Money& money) {
  const std::string text = reader.string(key);
  const auto amount = Decimal::parse(text);
  if (!amount.ok()) reader.refuse(key, kInvalid, amount.problem().what());
  if (currency.empty()) reader.refuse("currency", "config.missing", "a price needs its currency");
  money.set_amount(amount.ok() ? amount->text() : text);
  money.set_currency(currency);
}

void read_functions(YamlReader& root, InfrastructureConfig& config) {
  std::set<std::string> names;
  root.each("functions", [&](YamlReader& reader, std::size_t) {
    LeafFunction function;
    function.function = reader.string("name");
    if (!names.insert(function.function).second) {
      reader.refuse("name", kInvalid, "the function '" + function.function + "' is there twice");
    }
    function.capability = reader.optional_string("capability").value_or("");
    const std::string currency = reader.optional_string("currency").value_or("");
    if (reader.has("monthly")) {
      read_money(reader, "monthly", currency, *function.price.mutable_monthly());
    }
    if (reader.has("one-off")) {
      read_money(reader, "one-off", currency, *function.price.mutable_one_off());
    }
    if (const auto availability = reader.optional_string("availability")) {
      function.sla.set_availability(*availability);
    }
    if (const auto lead = reader.optional_uint("lead-time-seconds", 0, 31'536'000)) {
      function.lead_time = std::chrono::seconds(*lead);
    }
    config.function.push_back(std::move(function));
  });
  if (names.empty()) root.refuse("functions", "config.missing", "no functions to sell");
}

void read_emulated(YamlReader& reader, InfrastructureConfig& config) {
  const auto delay = [&reader](std::string_view key, EmulatedDelay& into) {
    const auto ms = reader.optional_uint(key, 0, 3'600'000);
    if (ms) into.least = into.most = std::chrono::milliseconds(*ms);
  };
  delay("apply-ms", config.apply_delay);
  delay("remove-ms", config.remove_delay);
  delay("probe-ms", config.probe_delay);
  config.assume_far_ends = reader.optional_boolean("assume-far-ends").value_or(false);
  config.seed = reader.optional_uint("seed", 0, std::numeric_limits<std::int64_t>::max())
                    .value_or(config.seed);
}

// No site: the daemon's own namespace.
void read_netns(YamlReader& reader, InfrastructureConfig& config) {
  config.site = reader.optional_string("site").value_or("");
  config.run_dir = reader.string("run-dir");
  config.program.nginx = reader.optional_string("nginx").value_or(config.program.nginx);
  config.program.haproxy = reader.optional_string("haproxy").value_or(config.program.haproxy);
}

}  // namespace

InfrastructureConfig read_infrastructure(YamlReader& reader) {
  InfrastructureConfig config;
  config.kind = reader.choice("kind", kKinds);
  read_nodes(reader, config.inventory);
  read_attachments(reader, config);
  read_interconnects(reader, config);
  read_functions(reader, config);
  if (config.kind == "emulated") {
    reader.optional_map("emulated", [&](YamlReader& own) { read_emulated(own, config); });
  }
  if (config.kind == "netns") {
    reader.map("netns", [&](YamlReader& own) { read_netns(own, config); });
  }
  return config;
}

}  // namespace terrace
