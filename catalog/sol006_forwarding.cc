// Forwarding graphs. SOL006 describes a path as positions, each of one or two elements (a
// connection point or a pair of them), each element a connection point of a profile. We describe it
// as hops, each a SAP or a function with the points where the path enters and leaves it.
#include <array>
#include <map>

#include "catalog/sol006.h"

namespace terrace::sol006 {
namespace {

constexpr auto kNote = Treatment::kNote;
constexpr auto kRefuse = Treatment::kRefuse;

// An element: one connection point of the path.
struct Element {
  std::string sapd_id;
  std::string vnf_profile_id;
  std::string ns_profile_id;
  std::string cpd_id;

  bool same_hop(const Element& other) const {
    return sapd_id == other.sapd_id && vnf_profile_id == other.vnf_profile_id &&
           ns_profile_id == other.ns_profile_id;
  }
};

using Elements = std::map<std::string, Element>;

void read_constituent(YamlReader& desc, const v1::Nsd& nsd, Element& element, Notes& notes) {
  static constexpr std::array<Unhonoured, 2> kPhysical{{
      {"pnf-profile", kRefuse, "physical functions are not placed here"},
      {"pnf", kRefuse, "physical functions are not placed here"},
  }};
  pass_over(desc, kPhysical, notes);
  desc.optional_map("vnf-profile", [&](YamlReader& vnf) {
    element.vnf_profile_id = vnf.string("vnf-profile-id");
  });
  desc.optional_map("ns-profile", [&](YamlReader& ns) {
    element.ns_profile_id = ns.optional_string("ns-profile-id").value_or("");
  });
  desc.optional_map("vnf", [&](YamlReader& vnf) {
    vnf.optional_string("vnfd-id");
    element.cpd_id = vnf.string("cpd-id");
  });
  desc.optional_map("ns", [&](YamlReader& ns) {
    const auto nsd_id = ns.optional_string("nsd-id").value_or(nsd.id());
    const auto sap = ns.string("sap-cpd-id");
    // The service's own SAP, where a path begins; or a nested service's.
    if (element.ns_profile_id.empty() && nsd_id == nsd.id()) {
      element.sapd_id = sap;
    } else {
      element.cpd_id = sap;
    }
  });
  const bool is_nested = !element.ns_profile_id.empty();
  const bool is_vnf = !element.vnf_profile_id.empty();
  const bool is_whole = !element.sapd_id.empty() || ((is_vnf || is_nested) && element.cpd_id != "");
  const bool is_physical = desc.has("pnf") || desc.has("pnf-profile");
  if (!is_physical && (!is_whole || (is_vnf && is_nested))) {
    desc.refuse("", "descriptor.broken-path",
                "an element is a connection point (`vnf`, `ns`) of one profile (`vnf-profile`, "
                "`ns-profile`), or a SAP of this service (`ns` alone)");
  }
}

Elements read_elements(YamlReader& reader, const v1::Nsd& nsd, Notes& notes) {
  Elements elements;
  const auto number = reader.each("nfp-position-element", [&](YamlReader& item, std::size_t) {
    Element element;
    const auto id = item.string("id");
    item.map("desc", [&](YamlReader& desc) { read_constituent(desc, nsd, element, notes); });
    if (!elements.emplace(id, element).second) {
      item.refuse("id", "descriptor.duplicate-id",
                  "there is already an element with the id `" + id + "`");
    }
  });
  if (number == 0) {
    reader.refuse("nfp-position-element", "yaml.missing-key",
                  "a forwarding graph has at least one `nfp-position-element`");
  }
  return elements;
}

// The elements of one position, looked up: one, or a pair of one and the same hop.
std::vector<Element> read_position(YamlReader& reader, const Elements& elements, Notes& notes) {
  static constexpr std::array<std::string_view, 4> kBehaviours{"all", "lb", "nfv:all", "nfv:lb"};
  static constexpr std::array<Unhonoured, 1> kAttributes{{
      {"forwarding-behavior-input-parameters", kNote, "no behaviour here takes any"},
  }};
  reader.string("id");
  reader.optional_choice("forwarding-behaviour", kBehaviours);
  pass_over(reader, kAttributes, notes);
  std::vector<Element> found;
  for (const auto& id : reader.strings("nfp-position-element-id")) {
    const auto element = elements.find(id);
    if (element != elements.end()) {
      found.push_back(element->second);
      continue;
    }
    reader.refuse("nfp-position-element-id", "descriptor.dangling-reference",
                  "no element of this graph has the id `" + id + "`");
  }
  const bool is_pair = found.size() == 2 && found[0].same_hop(found[1]);
  if (found.size() > 1 && !is_pair) {
    reader.refuse("nfp-position-element-id", "descriptor.unsupported",
                  "a position is one connection point, or the pair where the path enters and "
                  "leaves one function; a path does not branch here");
  }
  return found;
}

v1::NfpPosition hop_of(const Element& element) {
  v1::NfpPosition hop;
  hop.set_sapd_id(element.sapd_id);
  hop.set_vnf_profile_id(element.vnf_profile_id);
  hop.set_nested_ns_profile_id(element.ns_profile_id);
  hop.set_ingress_cpd_id(element.cpd_id);
  return hop;
}

// Neighbouring points of one function are its ingress and egress; a single one is the ingress,
// except at the head of a path that goes on, where it is the egress.
void lay_out(const std::vector<Element>& elements, v1::Nfpd& nfpd) {
  for (std::size_t i = 0; i < elements.size(); ++i) {
    auto& hop = *nfpd.add_position() = hop_of(elements[i]);
    const bool has_twin = i + 1 < elements.size() && elements[i].same_hop(elements[i + 1]) &&
                          elements[i].sapd_id.empty();
    if (has_twin) {
      hop.set_egress_cpd_id(elements[++i].cpd_id);
    } else if (nfpd.position_size() == 1 && elements.size() > 1) {
      hop.set_egress_cpd_id(hop.ingress_cpd_id());
      hop.clear_ingress_cpd_id();
    }
  }
}

// SOL006's elements have no place for a SAP of the service itself, so that many a path begins at
// its first function. It then comes from the one SAP on the link by which it enters that.
void begin_at_sap(const v1::Nsd& nsd, v1::Nfpd& nfpd) {
  if (nfpd.position().empty() || nfpd.position(0).ingress_cpd_id().empty()) return;
  const auto& first = nfpd.position(0);
  std::set<std::string> links;
  for (const auto& df : nsd.df()) {
    for (const auto& profile : df.vnf_profile()) {
      if (profile.id() != first.vnf_profile_id()) continue;
      for (const auto& connection : profile.virtual_link_connectivity()) {
        const auto& cpds = connection.constituent_cpd_id();
        if (std::find(cpds.begin(), cpds.end(), first.ingress_cpd_id()) == cpds.end()) continue;
        for (const auto& link : df.virtual_link_profile()) {
          if (link.id() == connection.virtual_link_profile_id()) {
            links.insert(link.virtual_link_desc_id());
          }
        }
      }
    }
  }
  const v1::Sapd* sap = nullptr;
  for (const auto& each : nsd.sapd()) {
    if (!links.contains(each.virtual_link_desc())) continue;
    if (sap != nullptr) return;  // two of them: nothing says which
    sap = &each;
  }
  if (sap == nullptr) return;
  v1::Nfpd whole = nfpd;
  whole.clear_position();
  whole.add_position()->set_sapd_id(sap->id());
  for (const auto& hop : nfpd.position()) *whole.add_position() = hop;
  nfpd = std::move(whole);
}

void read_nfpd(YamlReader& reader, const v1::Nsd& nsd, const Elements& elements, v1::Nfpd& nfpd,
               Notes& notes) {
  nfpd.set_id(reader.string("id"));
  if (auto rule = read_rule(reader, "rule")) *nfpd.mutable_nfp_rule() = *std::move(rule);
  std::vector<Element> points;
  const auto positions = reader.each("position-desc", [&](YamlReader& item, std::size_t) {
    for (auto& each : read_position(item, elements, notes)) points.push_back(std::move(each));
  });
  if (positions == 0) {
    reader.refuse("position-desc", "yaml.missing-key", "a path has at least one `position-desc`");
  }
  lay_out(points, nfpd);
  begin_at_sap(nsd, nfpd);
}

}  // namespace

void read_vnffgd(YamlReader& reader, const v1::Nsd& nsd, v1::Vnffgd& graph, Notes& notes) {
  static constexpr std::array<Unhonoured, 1> kPhysical{{
      {"pnf-profile-id", kRefuse, "physical functions are not placed here"},
  }};
  graph.set_id(reader.string("id"));
  for (auto& id : reader.strings("vnf-profile-id")) graph.add_vnf_profile_id(std::move(id));
  for (auto& id : reader.strings("virtual-link-profile-id")) {
    graph.add_virtual_link_profile_id(std::move(id));
  }
  // The positions name them again.
  reader.strings("nested-ns-profile-id");
  pass_over(reader, kPhysical, notes);
  const auto elements = read_elements(reader, nsd, notes);
  reader.each("nfpd", [&](YamlReader& item, std::size_t i) {
    read_nfpd(item, nsd, elements, item_at(*graph.mutable_nfpd(), i), notes);
  });
}

}  // namespace terrace::sol006
