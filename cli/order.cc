#include "cli/order.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/strict_yaml.h"
#include "catalog/ip_text.h"

namespace terrace::cli {
namespace {

using Body = v1::InstantiateNsRequest;

Problem bad_option(const char* option, const std::string& value, const char* form) {
  return make_problem(Problem::INVALID_ARGUMENT, "cli.argument",
                      "`" + value + "` is not what " + option + " takes.")
      .at_path(option)
      .constraint("form", form, value)
      .possible(std::string(option) + " " + form);
}

// "10.10.1.100/24" is an address and the subnet it lies in. False: it is no address.
bool add_address(v1::CpProtocolData& data, const std::string& text) {
  if (const auto plain = parse_ip(text)) {
    data.add_ip_address(plain->canonical);
    return true;
  }
  const auto prefix = parse_prefix(text);
  if (!prefix) return false;
  data.add_ip_address(prefix->address.canonical);
  const std::string subnet = prefix->masked();
  for (const auto& known : data.subnet())
    if (known == subnet) return true;
  data.add_subnet(subnet);
  return true;
}

v1::SapData& sap_of(Body& body, const std::string& sapd) {
  for (auto& sap : *body.mutable_sap_data())
    if (sap.sapd_id() == sapd) return sap;
  auto& sap = *body.add_sap_data();
  sap.set_sapd_id(sapd);
  return sap;
}

v1::ParamsForVnf& params_of(Body& body, const std::string& profile) {
  for (auto& params : *body.mutable_additional_params_for_vnf())
    if (params.vnf_profile_id() == profile) return params;
  auto& params = *body.add_additional_params_for_vnf();
  params.set_vnf_profile_id(profile);
  return params;
}

v1::Location& location_of(Body& body, const std::string& profile) {
  for (auto& constraint : *body.mutable_location_constraints())
    if (constraint.vnf_profile_id() == profile) return *constraint.mutable_location();
  auto& constraint = *body.add_location_constraints();
  constraint.set_vnf_profile_id(profile);
  return *constraint.mutable_location();
}

Status add_sap(Body& body, const std::string& text) {
  constexpr char kForm[] = "SAP=ATTACHMENT[:ADDRESS[,ADDRESS...]]";
  const auto equals = text.find('=');
  if (equals == 0 || equals == std::string::npos) return bad_option("--sap", text, kForm);
  const std::string rest = text.substr(equals + 1);
  const auto colon = rest.find(':');
  auto& sap = sap_of(body, text.substr(0, equals));
  sap.set_attachment_point_id(rest.substr(0, colon));
  if (colon == std::string::npos) return {};
  sap.clear_sap_protocol_data();
  std::size_t begin = colon + 1;
  while (begin <= rest.size()) {
    const auto end = std::min(rest.find(',', begin), rest.size());
    if (!add_address(*sap.mutable_sap_protocol_data(), rest.substr(begin, end - begin)))
      return bad_option("--sap", text, kForm);
    begin = end + 1;
  }
  return {};
}

Status add_param(Body& body, const std::string& text) {
  constexpr char kForm[] = "VNF.KEY=VALUE";
  const auto equals = text.find('=');
  const auto dot = text.find('.');
  if (equals == std::string::npos || dot == std::string::npos || dot == 0 || dot + 1 >= equals)
    return bad_option("--param", text, kForm);
  const std::string key = text.substr(dot + 1, equals - dot - 1);
  auto& params = params_of(body, text.substr(0, dot));
  for (auto& known : *params.mutable_additional_params())
    if (known.key() == key) {
      known.set_value(text.substr(equals + 1));
      return {};
    }
  auto& param = *params.add_additional_params();
  param.set_key(key);
  param.set_value(text.substr(equals + 1));
  return {};
}

Status add_location(Body& body, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size())
    return bad_option("--location", text, "VNF=ZONE");
  location_of(body, text.substr(0, equals)).set_zone(text.substr(equals + 1));
  return {};
}

// --- the order file ---

void read_protocol_data(YamlReader& reader, v1::SapData& sap) {
  for (const auto& address : reader.strings("address"))
    if (!add_address(*sap.mutable_sap_protocol_data(), address))
      reader.refuse("address", "order.address", "`" + address + "` is no IP address.");
  for (const auto& text : reader.strings("subnet")) {
    const auto prefix = parse_prefix(text);
    if (!prefix || prefix->has_host_bits)
      reader.refuse("subnet", "order.prefix", "`" + text + "` is no prefix.");
    else
      sap.mutable_sap_protocol_data()->add_subnet(prefix->canonical());
  }
  for (const auto& text : reader.strings("prefix")) {
    const auto prefix = parse_prefix(text);
    if (!prefix || prefix->has_host_bits)
      reader.refuse("prefix", "order.prefix", "`" + text + "` is no prefix.");
    else
      sap.add_customer_prefix(prefix->canonical());
  }
  if (const auto mac = reader.optional_string("mac"))
    sap.mutable_sap_protocol_data()->set_mac_address(*mac);
}

void read_sap(YamlReader& reader, Body& body) {
  const std::string id = reader.string("sap");
  for (const auto& known : body.sap_data())
    if (known.sapd_id() == id) reader.refuse("sap", "order.duplicate", "This SAP is there twice.");
  auto& sap = *body.add_sap_data();
  sap.set_sapd_id(id);
  sap.set_attachment_point_id(reader.optional_string("attachment").value_or(""));
  sap.set_sap_name(reader.optional_string("name").value_or(""));
  sap.set_description(reader.optional_string("description").value_or(""));
  read_protocol_data(reader, sap);
}

void read_values(const YamlNode& value, const std::string& path, YamlProblems& problems,
                 google::protobuf::RepeatedPtrField<v1::KeyValue>& into) {
  YamlReader reader(value, path, problems);
  reader.each_entry([&](const std::string& key, const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kScalar) {
      problems.add(node, path + "." + key, "order.value", "A parameter has a single value.");
      return;
    }
    auto& entry = *into.Add();
    entry.set_key(key);
    entry.set_value(node.text);
  });
}

void read_parameters(YamlReader& reader, Body& body) {
  reader.each_entry([&](const std::string& profile, const YamlNode& value) {
    read_values(value, "parameters." + profile, reader.problems(),
                *params_of(body, profile).mutable_additional_params());
  });
}

void read_locations(YamlReader& reader, Body& body) {
  reader.each_entry([&](const std::string& profile, const YamlNode& value) {
    YamlReader place(value, "locations." + profile, reader.problems());
    auto& location = location_of(body, profile);
    location.set_zone(place.optional_string("zone").value_or(""));
    location.set_zone_group(place.optional_string("zone-group").value_or(""));
    location.set_nfvi_pop(place.optional_string("pop").value_or(""));
    location.set_nfvi_node(place.optional_string("node").value_or(""));
    location.set_country_code(place.optional_string("country").value_or(""));
  });
}

void read_affinity(YamlReader& reader, Body& body) {
  using Rule = v1::AffinityOrAntiAffinityRule;
  static constexpr std::array<std::string_view, 2> kRules{"affinity", "anti-affinity"};
  static constexpr std::array<std::string_view, 5> kScopes{"node", "pop", "zone", "zone-group",
                                                           "platform"};
  static constexpr std::array<Rule::Scope, 5> kScopeValues{
      Rule::NFVI_NODE, Rule::NFVI_POP, Rule::ZONE, Rule::ZONE_GROUP, Rule::PLATFORM};
  auto& rule = *body.add_additional_affinity_or_anti_affinity_rule();
  for (const auto& profile : reader.strings("functions")) rule.add_vnf_profile_id(profile);
  rule.set_affinity_or_anti_affinity(
      reader.choice("rule", kRules) == "affinity" ? Rule::AFFINITY : Rule::ANTI_AFFINITY);
  const std::string scope = reader.choice("scope", kScopes);
  for (std::size_t i = 0; i < kScopes.size(); ++i)
    if (scope == kScopes[i]) rule.set_scope(kScopeValues[i]);
}

}  // namespace

Result<Order> read_order(std::string_view text, const std::string& file_name) {
  auto tree = parse_yaml(text, file_name);
  if (!tree.ok()) return std::move(tree).problem();
  YamlProblems problems(file_name);
  Order order;
  {
    YamlReader root(*tree, "", problems);
    order.nsd = root.optional_string("nsd").value_or("");
    order.name = root.optional_string("name").value_or("");
    order.description = root.optional_string("description").value_or("");
    order.body.set_ns_flavour_id(root.optional_string("flavour").value_or(""));
    order.body.set_ns_instantiation_level_id(root.optional_string("level").value_or(""));
    root.each("saps", [&](YamlReader& sap, std::size_t) { read_sap(sap, order.body); });
    root.optional_map("parameters", [&](YamlReader& all) { read_parameters(all, order.body); });
    root.optional_map("locations", [&](YamlReader& all) { read_locations(all, order.body); });
    root.each("affinity", [&](YamlReader& one, std::size_t) { read_affinity(one, order.body); });
    if (const YamlNode* const values = root.find("service-parameters"))
      read_values(*values, "service-parameters", problems,
                  *order.body.mutable_additional_params_for_ns());
  }
  if (!problems.empty()) return problems.as_problem("order.invalid");
  return order;
}

Result<Order> make_order(const OrderOptions& options) {
  Order order;
  if (!options.file.empty()) {
    auto text = read_file(options.file);
    if (!text.ok()) return std::move(text).problem();
    auto read = read_order(*text, options.file);
    if (!read.ok()) return read;
    order = *std::move(read);
  }
  if (!options.nsd.empty()) order.nsd = options.nsd;
  if (!options.flavour.empty()) order.body.set_ns_flavour_id(options.flavour);
  if (!options.level.empty()) order.body.set_ns_instantiation_level_id(options.level);
  for (const auto& sap : options.sap)
    if (Status added = add_sap(order.body, sap); !added) return std::move(added).problem();
  for (const auto& param : options.param)
    if (Status added = add_param(order.body, param); !added) return std::move(added).problem();
  for (const auto& location : options.location)
    if (Status added = add_location(order.body, location); !added)
      return std::move(added).problem();
  return order;
}

Status name_attachments(v1::InstantiateNsRequest& body, const v1::Catalogue& catalogue) {
  for (auto& sap : *body.mutable_sap_data()) {
    const std::string wanted = sap.attachment_point_id();
    if (wanted.empty()) continue;
    std::vector<std::string> named;
    std::string all;
    bool is_id = false;
    for (const auto& point : catalogue.attachment_point()) {
      is_id = is_id || point.id() == wanted;
      if (point.name() == wanted) named.push_back(point.id());
      all += (all.empty() ? "" : ", ") + (point.name().empty() ? point.id() : point.name());
    }
    if (is_id) continue;
    if (named.size() == 1) {
      sap.set_attachment_point_id(named.front());
      continue;
    }
    if (named.empty())
      return make_problem(Problem::NOT_FOUND, "order.unknown-attachment",
                          "The catalogue has no attachment point `" + wanted + "`.")
          .at_resource("sap/" + sap.sapd_id())
          .possible(all.empty() ? "The catalogue has none at all: terrace catalogue show."
                                : "One of: " + all + ".");
    return make_problem(Problem::FAILED_PRECONDITION, "order.ambiguous-attachment",
                        "Several attachment points are named `" + wanted + "`.")
        .at_resource("sap/" + sap.sapd_id())
        .possible("Name it by its id: terrace catalogue show -o wide.");
  }
  return {};
}

Result<std::string> read_file(const std::string& path) {
  constexpr std::size_t kMost = 4u << 20;
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) {
      const int error = errno;
      return make_problem(error == EACCES ? Problem::PERMISSION_DENIED : Problem::NOT_FOUND,
                          "cli.cannot-read", "Cannot read " + path + ": " + std::strerror(error))
          .at_path(path);
    }
  }
  std::istream& in = path == "-" ? std::cin : file;
  std::string text;
  std::array<char, 65536> block{};
  while (in.read(block.data(), block.size()) || in.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMost)
      return make_problem(Problem::RESOURCE_EXHAUSTED, "cli.too-large", path + " is too large.")
          .at_path(path)
          .constraint("bytes", std::to_string(kMost), "more");
  }
  if (in.bad())
    return make_problem(Problem::INVALID_ARGUMENT, "cli.cannot-read",
                        "Cannot read " + path + ": is it a file?")
        .at_path(path);
  return text;
}

}  // namespace terrace::cli
