#include "recursion/path_saps.h"

#include <algorithm>
#include <string>

#include "recursion/fragment_view.h"

namespace terrace {
namespace {

// The link a profile's connection point is on; empty: none.
std::string link_of(const v1::NsDf& df, const std::string& profile_id, const std::string& cpd_id) {
  for (const auto& profile : df.vnf_profile()) {
    if (profile.id() != profile_id) continue;
    for (const auto& connectivity : profile.virtual_link_connectivity()) {
      const auto& cpds = connectivity.constituent_cpd_id();
      if (std::find(cpds.begin(), cpds.end(), cpd_id) != cpds.end())
        return connectivity.virtual_link_profile_id();
    }
  }
  return "";
}

// The one customer's SAP on that link; empty: none, or several.
std::string sap_on(const v1::Fragment& fragment, const std::string& link_id) {
  std::string found;
  for (const auto& sapd : fragment.nsd().sapd()) {
    if (is_cut_sap(sapd.id()) || link_of_sap(fragment, sapd) != link_id) continue;
    if (!found.empty()) return "";
    found = sapd.id();
  }
  return found;
}

std::string sap_beside(const v1::Fragment& fragment, const v1::NsDf& df,
                       const v1::NfpPosition& position, const std::string& cpd_id) {
  if (!position.sapd_id().empty() || cpd_id.empty()) return "";
  const std::string link_id = link_of(df, position.vnf_profile_id(), cpd_id);
  return link_id.empty() ? "" : sap_on(fragment, link_id);
}

void extend(const v1::Fragment& fragment, const v1::NsDf& df, v1::Nfpd& path) {
  if (path.position().empty()) return;
  const auto& first = path.position(0);
  const auto& last = path.position(path.position_size() - 1);
  const std::string start = sap_beside(fragment, df, first, first.ingress_cpd_id());
  const std::string end = sap_beside(fragment, df, last, last.egress_cpd_id());
  if (!end.empty() && end != start) path.add_position()->set_sapd_id(end);
  if (start.empty()) return;
  v1::Nfpd extended = path;
  extended.clear_position();
  extended.add_position()->set_sapd_id(start);
  for (const auto& position : path.position()) *extended.add_position() = position;
  path = std::move(extended);
}

}  // namespace

void extend_paths_to_saps(v1::Fragment& fragment) {
  const v1::NsDf* const df = flavour_of(fragment);
  if (df == nullptr) return;
  const v1::Fragment before = fragment;
  const v1::NsDf* const df_before = flavour_of(before);
  for (auto& graph : *fragment.mutable_nsd()->mutable_vnffgd())
    for (auto& path : *graph.mutable_nfpd()) extend(before, *df_before, path);
}

}  // namespace terrace
