#include <map>

#include "catalog/nsd_check.h"

namespace terrace {
namespace {

// What a hop is called: by profile or SAP.
std::string name_of(const v1::NfpPosition& hop) {
  if (!hop.sapd_id().empty()) return "SAP " + hop.sapd_id();
  return hop.vnf_profile_id().empty() ? hop.nested_ns_profile_id() : hop.vnf_profile_id();
}

template <class Profile>
const std::string* link_of(const Profile& profile, const std::string& cpd) {
  for (const auto& connection : profile.virtual_link_connectivity()) {
    for (const auto& each : connection.constituent_cpd_id()) {
      if (each == cpd) return &connection.virtual_link_profile_id();
    }
  }
  return nullptr;
}

// The link profile that a hop has in a flavour at one of its connection points; null when the
// flavour has no such profile, or the point is on no link.
const std::string* link_of(const v1::Nsd& nsd, const v1::NsDf& df, const v1::NfpPosition& hop,
                           const std::string& cpd) {
  for (const auto& sap : nsd.sapd()) {
    if (sap.id() != hop.sapd_id()) continue;
    for (const auto& link : df.virtual_link_profile()) {
      if (link.virtual_link_desc_id() == sap.virtual_link_desc()) return &link.id();
    }
  }
  for (const auto& profile : df.vnf_profile()) {
    if (profile.id() == hop.vnf_profile_id()) return link_of(profile, cpd);
  }
  for (const auto& profile : df.ns_profile()) {
    if (profile.id() == hop.nested_ns_profile_id()) return link_of(profile, cpd);
  }
  return nullptr;
}

bool has_hop(const v1::Nsd& nsd, const v1::NsDf& df, const v1::NfpPosition& hop) {
  if (!hop.sapd_id().empty()) {
    // A SAP that exposes a connection point has no link to compare with.
    for (const auto& sap : nsd.sapd()) {
      if (sap.id() == hop.sapd_id()) return !sap.virtual_link_desc().empty();
    }
    return false;
  }
  const auto has = [](const auto& profiles, const std::string& id) {
    return std::any_of(profiles.begin(), profiles.end(),
                       [&](const auto& each) { return each.id() == id; });
  };
  return has(df.vnf_profile(), hop.vnf_profile_id()) ||
         has(df.ns_profile(), hop.nested_ns_profile_id());
}

void check_hops(const v1::Nsd& nsd, const v1::Nfpd& nfpd, const std::string& path,
                CheckList& list) {
  std::set<std::string> saps, vnfs, nested, visited;
  for (const auto& sap : nsd.sapd()) saps.insert(sap.id());
  for (const auto& df : nsd.df()) {
    for (const auto& profile : df.vnf_profile()) vnfs.insert(profile.id());
    for (const auto& profile : df.ns_profile()) nested.insert(profile.id());
  }
  for (int i = 0; i < nfpd.position_size(); ++i) {
    const auto& hop = nfpd.position(i);
    list.reference(path, hop.sapd_id(), saps, "SAP");
    list.reference(path, hop.vnf_profile_id(), vnfs, "VNF profile");
    list.reference(path, hop.nested_ns_profile_id(), nested, "nested NS profile");
    if (!visited.insert(name_of(hop)).second) {
      list.add(path, "descriptor.path-revisits",
               "the path visits `" + name_of(hop) + "` twice; no routes can do that");
    }
    const bool is_first = i == 0;
    const bool is_last = i + 1 == nfpd.position_size();
    if (!hop.sapd_id().empty()) {
      if (!is_first && !is_last) {
        list.add(
            path, "descriptor.broken-path",
            "a SAP is where a path begins or ends, and `" + hop.sapd_id() + "` lies in the middle");
      }
      continue;
    }
    if (!is_first && hop.ingress_cpd_id().empty()) {
      list.add(path, "descriptor.broken-path",
               "the path does not say by which connection point it enters `" + name_of(hop) + "`");
    }
    if (!is_last && hop.egress_cpd_id().empty()) {
      list.add(path, "descriptor.broken-path",
               "the path does not say by which connection point it leaves `" + name_of(hop) + "`");
    }
  }
}

void check_links(const v1::Nsd& nsd, const v1::NsDf& df, const v1::Nfpd& nfpd,
                 const std::string& path, CheckList& list) {
  for (int i = 0; i + 1 < nfpd.position_size(); ++i) {
    const auto& here = nfpd.position(i);
    const auto& next = nfpd.position(i + 1);
    if (!has_hop(nsd, df, here) || !has_hop(nsd, df, next)) continue;
    const auto* leaves = link_of(nsd, df, here, here.egress_cpd_id());
    const auto* enters = link_of(nsd, df, next, next.ingress_cpd_id());
    if (leaves != nullptr && enters != nullptr && *leaves == *enters) continue;
    const auto link = [](const std::string* id) { return id == nullptr ? "no link" : *id; };
    auto& found = list.add(path, "descriptor.broken-path",
                           "in flavour `" + df.id() + "`, `" + name_of(here) + "` and `" +
                               name_of(next) + "` share no link there");
    found.mutable_constraint()->set_name("shared-link");
    found.mutable_constraint()->set_limit(link(leaves));
    found.mutable_constraint()->set_actual(link(enters));
  }
}

}  // namespace

void check_path(const v1::Nsd& nsd, const v1::Nfpd& nfpd, const std::string& path,
                CheckList& list) {
  if (nfpd.position_size() < 2) {
    list.add(path, "descriptor.broken-path", "a path leads from somewhere to somewhere else");
  }
  check_hops(nsd, nfpd, path, list);
  for (const auto& df : nsd.df()) check_links(nsd, df, nfpd, path, list);
}

}  // namespace terrace
