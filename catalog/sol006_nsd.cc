#include <array>

#include "catalog/money.h"
#include "catalog/sol006.h"

namespace terrace::sol006 {
namespace {

constexpr auto kNote = Treatment::kNote;
constexpr auto kRefuse = Treatment::kRefuse;

constexpr std::array<Unhonoured, 7> kNsd{{
    {"pnfd-id", kNote, "physical functions are not placed here"},
    {"security-group-rule", kNote, "nothing refers to it"},
    {"autoscale-rule", kNote, "services are scaled by order only"},
    {"lifecycle-management-script", kNote, "lifecycles are the platform's"},
    {"signature", kNote, "descriptors are identified by their digest"},
    {"algorithm", kNote, "descriptors are identified by their digest"},
    {"certificate", kNote, "descriptors are identified by their digest"},
}};

// One of three pairs: a VNFD and its connection point, a PNFD and its, a nested NSD and its SAP.
void read_associated_cpd(YamlReader& reader, v1::Sapd::AssociatedCpd& cpd) {
  static constexpr std::array<Unhonoured, 2> kPhysical{{
      {"pnfd-id", kRefuse, "physical functions are not placed here"},
      {"pnf-ext-cpd", kRefuse, "physical functions are not placed here"},
  }};
  Notes none;  // what is refused leaves no notes
  pass_over(reader, kPhysical, none);
  const bool is_nested = reader.has("nsd-id") || reader.has("sapd");
  const bool is_vnf = reader.has("vnfd-id") || reader.has("vnf-ext-cpd");
  if (is_nested && is_vnf) {
    reader.refuse("", "descriptor.contradiction",
                  "a SAP exposes a connection point of a VNF or of a nested service, not of both");
  }
  if (reader.has("pnfd-id") || reader.has("pnf-ext-cpd")) return;
  if (is_nested) {
    reader.ignore("vnfd-id");
    reader.ignore("vnf-ext-cpd");
    cpd.set_constituent_base_element_id(reader.string("nsd-id"));
    cpd.set_constituent_cpd_id(reader.string("sapd"));
  } else {
    cpd.set_constituent_base_element_id(reader.string("vnfd-id"));
    cpd.set_constituent_cpd_id(reader.string("vnf-ext-cpd"));
  }
}

void read_sapd(YamlReader& reader, v1::Sapd& sap, Notes& notes) {
  sap.set_id(reader.string("id"));
  sap.set_description(reader.optional_string("description").value_or(""));
  for (auto& protocol : layer_protocols(reader)) sap.add_layer_protocol(std::move(protocol));
  sap.set_virtual_link_desc(reader.optional_string("virtual-link-desc").value_or(""));
  reader.optional_map("associated-cpd", [&](YamlReader& cpd) {
    read_associated_cpd(cpd, *sap.mutable_associated_cpd());
  });
  pass_over_cpd(reader, notes);
}

void read_qos(YamlReader& reader, v1::Qos& qos) {
  constexpr std::uint64_t kUsPerMs = 1000;
  for (const auto key : {"latency", "packet-delay-variation"}) {
    if (!reader.has(key)) reader.string(key);  // mandatory
  }
  if (const auto latency = scaled(reader, "latency", kUsPerMs, Remainder::kRefuse)) {
    qos.set_latency_us(*latency);
  }
  if (const auto jitter = scaled(reader, "packet-delay-variation", kUsPerMs, Remainder::kRefuse)) {
    qos.set_packet_delay_variation_us(*jitter);
  }
  if (const auto text = reader.optional_string("packet-loss-ratio")) {
    const auto ratio = Decimal::parse(*text);
    if (ratio && !ratio->is_negative() && *ratio <= Decimal::of(1)) {
      qos.set_packet_loss_ratio(ratio->text());
    } else {
      reader.refuse(
          "packet-loss-ratio", "yaml.out-of-range",
          "a decimal from 0 to 1 belongs here, and this is `" + text->substr(0, 80) + "`");
    }
  }
  if (const auto priority = reader.optional_uint("priority", 0, 0xffffffff)) {
    qos.set_priority(std::to_string(*priority));
  }
}

void read_link(YamlReader& reader, v1::NsVirtualLinkDesc& link, Notes& notes) {
  static constexpr std::array<std::string_view, 3> kPatterns{"line", "tree", "mesh"};
  static constexpr std::array<Unhonoured, 1> kAttributes{{
      {"test-access", kNote, "links are probed as the platform sees fit"},
  }};
  link.set_id(reader.string("id"));
  link.set_description(reader.optional_string("description").value_or(""));
  reader.map("connectivity-type", [&](YamlReader& type) {
    auto& connectivity = *link.mutable_connectivity_type();
    for (auto& each : layer_protocols(type)) connectivity.add_layer_protocol(std::move(each));
    if (connectivity.layer_protocol().empty()) {
      type.refuse("layer-protocol", "yaml.missing-key", "a link has at least one `layer-protocol`");
    }
    connectivity.set_flow_pattern(type.optional_choice("flow-pattern", kPatterns).value_or(""));
  });
  reader.each("df", [&](YamlReader& item, std::size_t i) {
    auto& df = item_at(*link.mutable_df(), i);
    df.set_id(item.string("id"));
    item.optional_map("qos", [&](YamlReader& qos) { read_qos(qos, *df.mutable_qos()); });
    if (const auto level = item.optional_uint("service-availability-level", 0, 0xffffffff)) {
      df.set_service_availability_level(std::to_string(*level));
    }
  });
  pass_over(reader, kAttributes, notes);
}

}  // namespace

v1::Nsd read_nsd(YamlReader& reader, Notes& notes) {
  v1::Nsd nsd;
  nsd.set_id(reader.string("id"));
  nsd.set_designer(reader.optional_string("designer").value_or(""));
  nsd.set_name(reader.optional_string("name").value_or(""));
  nsd.set_version(reader.optional_string("version").value_or(""));
  nsd.set_invariant_id(reader.optional_string("invariant-id").value_or(""));
  for (auto& id : reader.strings("vnfd-id")) nsd.add_vnfd_id(std::move(id));
  for (auto& id : reader.strings("nested-nsd-id")) nsd.add_nested_nsd_id(std::move(id));
  reader.each("sapd", [&](YamlReader& item, std::size_t i) {
    read_sapd(item, item_at(*nsd.mutable_sapd(), i), notes);
  });
  reader.each("virtual-link-desc", [&](YamlReader& item, std::size_t i) {
    read_link(item, item_at(*nsd.mutable_virtual_link_desc(), i), notes);
  });
  const auto flavours = reader.each("df", [&](YamlReader& item, std::size_t i) {
    read_ns_df(item, item_at(*nsd.mutable_df(), i), notes);
  });
  if (flavours == 0) {
    reader.refuse("df", "yaml.missing-key", "an NSD has at least one `df`");
  }
  // After the flavours: a path is completed from the links that its functions are on.
  reader.each("vnffgd", [&](YamlReader& item, std::size_t i) {
    read_vnffgd(item, nsd, item_at(*nsd.mutable_vnffgd(), i), notes);
  });
  pass_over(reader, kNsd, notes);
  return nsd;
}

}  // namespace terrace::sol006
