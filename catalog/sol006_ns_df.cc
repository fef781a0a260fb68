#include <array>
#include <limits>

#include "catalog/ip_text.h"
#include "catalog/sol006.h"

namespace terrace::sol006 {
namespace {

constexpr auto kNote = Treatment::kNote;
constexpr auto kRefuse = Treatment::kRefuse;
constexpr std::uint64_t kMostInstances = std::numeric_limits<std::uint16_t>::max();

constexpr std::array<std::string_view, 2> kAffinityTypes{"affinity", "anti-affinity"};
// "platform" is ours: not on (or only on) one and the same platform.
constexpr std::array<std::string_view, 6> kAffinityScopes{
    "nfvi-node", "zone-group", "zone", "nfvi-pop", "network-link-and-node", "platform"};

constexpr std::array<Unhonoured, 8> kDf{{
    {"flavour-key", kNote, "it is not measured"},
    {"pnf-profile", kRefuse, "physical functions are not placed here, and the flavour has one"},
    {"scaling-aspect", kNote, "services are scaled to levels by their order"},
    {"ns-lcm-additional-params", kNote, "parameters come with the order"},
    {"dependencies", kNote, "all parts are made at once, and the service is up when all are"},
    {"monitored-info", kNote, "it is not measured"},
    {"priority", kNote, "orders are served as they come"},
    {"service-availability-level", kNote, "it is a soft constraint"},
}};

template <class Profile>
void read_local_affinity(YamlReader& reader, Profile& profile) {
  reader.each("local-affinity-or-anti-affinity-rule", [&](YamlReader& item, std::size_t i) {
    auto& rule = item_at(*profile.mutable_local_affinity_or_anti_affinity_rule(), i);
    rule.set_affinity_type(item.choice("type", kAffinityTypes));
    rule.set_affinity_scope(item.choice("scope", kAffinityScopes));
  });
}

template <class Profile>
void read_instances(YamlReader& reader, Profile& profile) {
  const auto least = reader.optional_uint("min-number-of-instances", 0, kMostInstances);
  const auto most = reader.optional_uint("max-number-of-instances", 0, kMostInstances);
  profile.set_min_number_of_instances(static_cast<std::uint32_t>(least.value_or(1)));
  profile.set_max_number_of_instances(static_cast<std::uint32_t>(most.value_or(1)));
}

template <class Profile>
void read_connectivity(YamlReader& reader, Profile& profile) {
  for (auto& id : reader.strings("affinity-or-anti-affinity-group-id")) {
    profile.add_affinity_or_anti_affinity_group_id(std::move(id));
  }
  reader.each("virtual-link-connectivity", [&](YamlReader& item, std::size_t i) {
    auto& connection = item_at(*profile.mutable_virtual_link_connectivity(), i);
    connection.set_virtual_link_profile_id(item.string("virtual-link-profile-id"));
    item.each("constituent-cpd-id", [&](YamlReader& cpd, std::size_t) {
      const auto base = cpd.string("constituent-base-element-id");
      if (!base.empty() && base != profile.id()) {
        cpd.refuse("constituent-base-element-id", "descriptor.dangling-reference",
                   "`" + base + "` is not this profile: here it must be `" + profile.id() + "`");
      }
      connection.add_constituent_cpd_id(cpd.string("constituent-cpd-id"));
    });
  });
}

void read_vnf_profile(YamlReader& reader, v1::VnfProfile& profile, Notes& notes) {
  static constexpr std::array<Unhonoured, 1> kAttributes{{
      {"service-availability-level", kNote, "it is a soft constraint"},
  }};
  profile.set_id(reader.string("id"));
  profile.set_vnfd_id(reader.string("vnfd-id"));
  profile.set_flavour_id(reader.string("flavour-id"));
  profile.set_instantiation_level(reader.string("instantiation-level"));
  read_instances(reader, profile);
  read_local_affinity(reader, profile);
  read_connectivity(reader, profile);
  pass_over(reader, kAttributes, notes);
}

void read_ns_profile(YamlReader& reader, v1::NestedNsProfile& profile) {
  profile.set_id(reader.string("id"));
  profile.set_nsd_id(reader.string("nsd-id"));
  profile.set_ns_df_id(reader.string("ns-df-id"));
  profile.set_ns_instantiation_level_id(reader.string("instantiation-level-id"));
  read_instances(reader, profile);
  read_connectivity(reader, profile);
}

void read_l3(YamlReader& reader, v1::L3ProtocolData& l3) {
  static constexpr std::array<std::string_view, 2> kVersions{"ipv4", "ipv6"};
  l3.set_name(reader.optional_string("name").value_or(""));
  l3.set_ip_version(reader.optional_choice("ip-version", kVersions).value_or("ipv4"));
  const auto cidr = reader.optional_string("cidr").value_or("");
  const auto prefix = parse_prefix(cidr);
  l3.set_cidr(prefix ? prefix->canonical() : cidr);
  const auto canonical = [](const std::string& text) {
    const auto address = parse_ip(text);
    return address ? address->canonical : text;
  };
  l3.set_gateway_ip(canonical(reader.optional_string("gateway-ip").value_or("")));
  for (const auto& text : reader.strings("ip-allocation-pools")) {
    const auto dash = text.find('-');
    if (dash == std::string::npos) {
      reader.refuse("ip-allocation-pools", "descriptor.bad-address",
                    "a pool is written START-END, and this is `" + text.substr(0, 80) + "`");
      continue;
    }
    auto& pool = *l3.add_ip_allocation_pool();
    pool.set_start_ip_address(canonical(text.substr(0, dash)));
    pool.set_end_ip_address(canonical(text.substr(dash + 1)));
  }
}

void read_l2(YamlReader& reader, v1::VirtualLinkProfile& profile, Notes& notes) {
  static constexpr std::array<std::string_view, 4> kTypes{"flat", "vlan", "vxlan", "gre"};
  static constexpr std::array<Unhonoured, 2> kAttributes{{
      {"name", Treatment::kDocument, ""},
      {"segmentation-id", kNote, "segments are chosen where links are stitched"},
  }};
  // Less carries no IPv4 (RFC 791); no more fits the YANG's 16 bits.
  constexpr std::uint64_t kLeastMtu = 68;
  if (const auto mtu = reader.optional_uint("mtu", kLeastMtu, 0xffff)) {
    profile.set_mtu(static_cast<std::uint32_t>(*mtu));
  }
  reader.optional_choice("network-type", kTypes);
  if (reader.optional_boolean("vlan-transparent").value_or(false)) {
    reader.refuse("vlan-transparent", "descriptor.unsupported",
                  "links here carry no VLANs of the customer's");
  }
  pass_over(reader, kAttributes, notes);
}

void read_protocol_data(YamlReader& reader, v1::VirtualLinkProfile& profile, Notes& notes) {
  if (const auto layer = reader.optional_string("associated-layer-protocol")) {
    const auto name = identity(*layer);
    if (name != "ethernet" && name != "ipv4" && name != "ipv6") {
      reader.refuse("associated-layer-protocol", "descriptor.unsupported",
                    "links here carry Ethernet and IP, and not `" + name + "`");
    }
  }
  reader.optional_map("l2-protocol-data", [&](YamlReader& l2) { read_l2(l2, profile, notes); });
  reader.optional_map("l3-protocol-data",
                      [&](YamlReader& l3) { read_l3(l3, *profile.add_l3_protocol_data()); });
}

std::optional<std::uint64_t> read_bitrate(YamlReader& reader, std::string_view key, Notes& notes) {
  static constexpr std::array<Unhonoured, 1> kAttributes{{
      {"leaf", kNote, "bit rates are those of whole links"},
  }};
  std::optional<std::uint64_t> root;
  reader.optional_map(key, [&](YamlReader& rate) {
    if (!rate.has("root")) rate.string("root");  // mandatory
    root = megabits(rate, "root");
    pass_over(rate, kAttributes, notes);
  });
  return root;
}

void read_link_profile(YamlReader& reader, v1::VirtualLinkProfile& profile, Notes& notes) {
  profile.set_id(reader.string("id"));
  profile.set_virtual_link_desc_id(reader.string("virtual-link-desc-id"));
  profile.set_flavour_id(reader.string("flavour-id"));
  read_local_affinity(reader, profile);
  for (auto& id : reader.strings("affinity-or-anti-affinity-group-id")) {
    profile.add_affinity_or_anti_affinity_group_id(std::move(id));
  }
  if (const auto most = read_bitrate(reader, "max-bitrate-requirements", notes)) {
    profile.set_max_bitrate_root(*most);
  }
  if (const auto least = read_bitrate(reader, "min-bitrate-requirements", notes)) {
    profile.set_min_bitrate_root(*least);
  }
  // The YANG has one; a list of them, as its VNFD has it, is how people ask for IPv4 and IPv6.
  const auto* data = reader.find("virtual-link-protocol-data");
  if (data != nullptr && data->kind == YamlNode::Kind::kSequence) {
    reader.each("virtual-link-protocol-data",
                [&](YamlReader& item, std::size_t) { read_protocol_data(item, profile, notes); });
  } else {
    reader.optional_map("virtual-link-protocol-data",
                        [&](YamlReader& item) { read_protocol_data(item, profile, notes); });
  }
}

void read_level(YamlReader& reader, v1::NsInstantiationLevel& level, Notes& notes) {
  static constexpr std::array<Unhonoured, 1> kLeaf{{
      {"leaf", kNote, "bit rates are those of whole links"},
  }};
  level.set_id(reader.string("id"));
  level.set_description(reader.optional_string("description").value_or(""));
  auto mappings = reader.each("vnf-to-level-mapping", [&](YamlReader& item, std::size_t i) {
    auto& mapping = item_at(*level.mutable_vnf_to_level_mapping(), i);
    mapping.set_vnf_profile_id(item.string("vnf-profile-id"));
    const auto number = item.optional_uint("number-of-instances", 0, kMostInstances);
    mapping.set_number_of_instances(static_cast<std::uint32_t>(number.value_or(1)));
  });
  mappings += reader.each("virtual-link-to-level-mapping", [&](YamlReader& item, std::size_t i) {
    auto& mapping = item_at(*level.mutable_virtual_link_to_level_mapping(), i);
    mapping.set_virtual_link_profile_id(item.string("virtual-link-profile-id"));
    if (const auto root = megabits(item, "root")) mapping.set_root_bitrate(*root);
    pass_over(item, kLeaf, notes);
  });
  mappings += reader.each("ns-to-level-mapping", [&](YamlReader& item, std::size_t) {
    item.string("ns-profile-id");
    if (item.optional_uint("number-of-instances", 0, kMostInstances).value_or(1) != 1) {
      item.refuse("number-of-instances", "descriptor.unsupported",
                  "a nested service is there once in every level");
    }
  });
  if (mappings == 0) {
    reader.refuse("", "yaml.missing-key",
                  "a level maps something: `vnf-to-level-mapping`, `ns-to-level-mapping` or "
                  "`virtual-link-to-level-mapping`");
  }
}

}  // namespace

void read_ns_df(YamlReader& reader, v1::NsDf& df, Notes& notes) {
  df.set_id(reader.string("id"));
  reader.each("vnf-profile", [&](YamlReader& item, std::size_t i) {
    read_vnf_profile(item, item_at(*df.mutable_vnf_profile(), i), notes);
  });
  reader.each("ns-profile", [&](YamlReader& item, std::size_t i) {
    read_ns_profile(item, item_at(*df.mutable_ns_profile(), i));
  });
  reader.each("virtual-link-profile", [&](YamlReader& item, std::size_t i) {
    read_link_profile(item, item_at(*df.mutable_virtual_link_profile(), i), notes);
  });
  reader.each("affinity-or-anti-affinity-group", [&](YamlReader& item, std::size_t i) {
    auto& group = item_at(*df.mutable_affinity_or_anti_affinity_group(), i);
    group.set_id(item.string("id"));
    group.set_affinity_type(item.choice("affinityorAntiaffinity", kAffinityTypes));
    group.set_affinity_scope(item.choice("scope", kAffinityScopes));
  });
  const auto levels = reader.each("ns-instantiation-level", [&](YamlReader& item, std::size_t i) {
    read_level(item, item_at(*df.mutable_ns_instantiation_level(), i), notes);
  });
  if (levels == 0) {
    reader.refuse("ns-instantiation-level", "yaml.missing-key",
                  "a flavour has at least one `ns-instantiation-level`");
  }
  // With a single level there is nothing to choose.
  df.set_default_ns_instantiation_level_id(
      reader.optional_string("default-instantiation-level")
          .value_or(levels == 1 ? df.ns_instantiation_level(0).id() : ""));
  pass_over(reader, kDf, notes);
}

}  // namespace terrace::sol006
