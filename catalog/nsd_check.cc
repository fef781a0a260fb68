#include "catalog/nsd_check.h"

#include "catalog/descriptor_check.h"

namespace terrace {
namespace {

std::string at(const std::string& list, int index) {
  return list + "[" + std::to_string(index) + "]";
}

template <class List>
std::set<std::string> set_of(const List& list) {
  return {list.begin(), list.end()};
}

const std::string& itself(const std::string& id) {
  return id;
}

void check_saps(const v1::Nsd& nsd, const std::set<std::string>& links, CheckList& list) {
  std::set<std::string> constituents = set_of(nsd.vnfd_id());
  constituents.insert(nsd.nested_nsd_id().begin(), nsd.nested_nsd_id().end());
  list.unique("sapd", nsd.sapd(), "SAP");
  for (int i = 0; i < nsd.sapd_size(); ++i) {
    const auto& sap = nsd.sapd(i);
    list.reference(at("sapd", i) + ".virtual-link-desc", sap.virtual_link_desc(), links,
                   "virtual link");
    list.reference(at("sapd", i) + ".associated-cpd",
                   sap.associated_cpd().constituent_base_element_id(), constituents,
                   "VNFD or nested NSD named by this NSD");
    if (!sap.virtual_link_desc().empty() && sap.has_associated_cpd()) {
      list.add(at("sapd", i), "descriptor.contradiction",
               "a SAP is the end of a link or exposes a connection point, not both");
    }
  }
}

void check_graphs(const v1::Nsd& nsd, CheckList& list) {
  std::set<std::string> vnf_profiles;
  std::set<std::string> link_profiles;
  for (const auto& df : nsd.df()) {
    for (const auto& profile : df.vnf_profile()) vnf_profiles.insert(profile.id());
    for (const auto& profile : df.virtual_link_profile()) link_profiles.insert(profile.id());
  }
  list.unique("vnffgd", nsd.vnffgd(), "forwarding graph");
  for (int i = 0; i < nsd.vnffgd_size(); ++i) {
    const auto& graph = nsd.vnffgd(i);
    const auto path = at("vnffgd", i);
    for (int j = 0; j < graph.vnf_profile_id_size(); ++j) {
      list.reference(at(path + ".vnf-profile-id", j), graph.vnf_profile_id(j), vnf_profiles,
                     "VNF profile");
    }
    for (int j = 0; j < graph.virtual_link_profile_id_size(); ++j) {
      list.reference(at(path + ".virtual-link-profile-id", j), graph.virtual_link_profile_id(j),
                     link_profiles, "virtual link profile");
    }
    list.unique(path + ".nfpd", graph.nfpd(), "path");
    for (int j = 0; j < graph.nfpd_size(); ++j) {
      check_path(nsd, graph.nfpd(j), at(path + ".nfpd", j), list);
    }
  }
}

}  // namespace

std::vector<Problem> check_nsd(const v1::Nsd& nsd) {
  CheckList list;
  if (!CheckList::is_sound(nsd.id())) {
    list.add("id", "descriptor.bad-id", "an id has at most 255 bytes and no control characters");
  }
  list.unique("vnfd-id", nsd.vnfd_id(), "VNFD named", itself, "");
  const auto nested = list.unique("nested-nsd-id", nsd.nested_nsd_id(), "NSD named", itself, "");
  if (!nsd.id().empty() && nested.contains(nsd.id())) {
    list.add("nested-nsd-id", "descriptor.cyclic", "a service cannot lie within itself");
  }
  const auto links = list.unique("virtual-link-desc", nsd.virtual_link_desc(), "virtual link");
  for (int i = 0; i < nsd.virtual_link_desc_size(); ++i) {
    list.unique(at("virtual-link-desc", i) + ".df", nsd.virtual_link_desc(i).df(), "flavour");
  }
  check_saps(nsd, links, list);
  list.unique("df", nsd.df(), "deployment flavour");
  for (int i = 0; i < nsd.df_size(); ++i) check_ns_df(nsd, nsd.df(i), at("df", i), list);
  check_graphs(nsd, list);
  return list.take();
}

}  // namespace terrace
