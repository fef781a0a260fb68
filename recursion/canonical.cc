// Canonical order, and small readings of normalised fragments.
#include <algorithm>

#include "recursion/decompose.h"
#include "recursion/fragment_view.h"

namespace terrace {

namespace {

template <class List, class Key>
void sort_by(List& list, Key key) {
  std::stable_sort(list.begin(), list.end(),
                   [&](const auto& a, const auto& b) { return key(a) < key(b); });
}

template <class List>
void sort_by_id(List& list) {
  sort_by(list, [](const auto& item) { return item.id(); });
}

void sort_texts(google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::sort(texts.begin(), texts.end());
}

void sort_flavour(v1::NsDf& df) {
  sort_by_id(*df.mutable_vnf_profile());
  sort_by_id(*df.mutable_virtual_link_profile());
  sort_by_id(*df.mutable_ns_profile());
  sort_by_id(*df.mutable_affinity_or_anti_affinity_group());
  sort_by_id(*df.mutable_ns_instantiation_level());
  for (auto& profile : *df.mutable_vnf_profile()) {
    auto& connectivity = *profile.mutable_virtual_link_connectivity();
    sort_by(connectivity, [](const auto& item) { return item.virtual_link_profile_id(); });
    for (auto& link : connectivity) sort_texts(*link.mutable_constituent_cpd_id());
    sort_texts(*profile.mutable_affinity_or_anti_affinity_group_id());
  }
}

const v1::VnfProfile* profile_of(const v1::Fragment& fragment, const std::string& id) {
  const v1::NsDf* df = flavour_of(fragment);
  if (df == nullptr) return nullptr;
  for (const auto& profile : df->vnf_profile()) {
    if (profile.id() == id) return &profile;
  }
  return nullptr;
}

// The link of a position's SAP, or of one of its connection points; empty: none.
std::string link_at(const v1::Fragment& fragment, const v1::NfpPosition& position,
                    const std::string& cpd_id) {
  if (!position.sapd_id().empty()) {
    for (const auto& sapd : fragment.nsd().sapd()) {
      if (sapd.id() == position.sapd_id()) return link_of_sap(fragment, sapd);
    }
    return {};
  }
  const auto* profile = profile_of(fragment, position.vnf_profile_id());
  if (profile == nullptr) return {};
  for (const auto& connectivity : profile->virtual_link_connectivity()) {
    for (const auto& cpd : connectivity.constituent_cpd_id()) {
      if (cpd == cpd_id) return connectivity.virtual_link_profile_id();
    }
  }
  return {};
}

}  // namespace

std::string cut_sap(const std::string& link_id) {
  return "cut:" + link_id;
}

void make_canonical(v1::Fragment& fragment) {
  auto& nsd = *fragment.mutable_nsd();
  sort_texts(*nsd.mutable_vnfd_id());
  sort_by_id(*nsd.mutable_sapd());
  sort_by_id(*nsd.mutable_virtual_link_desc());
  sort_by_id(*nsd.mutable_vnffgd());
  for (auto& graph : *nsd.mutable_vnffgd()) {
    sort_texts(*graph.mutable_vnf_profile_id());
    sort_texts(*graph.mutable_virtual_link_profile_id());
    sort_by_id(*graph.mutable_nfpd());
  }
  for (auto& df : *nsd.mutable_df()) sort_flavour(df);
  auto& params = *fragment.mutable_params();
  sort_by(*params.mutable_sap_data(), [](const auto& data) { return data.sapd_id(); });
  const auto by_profile = [](const auto& item) { return item.vnf_profile_id(); };
  sort_by(*params.mutable_location_constraints(), by_profile);
  sort_by(*params.mutable_additional_params_for_vnf(), by_profile);
  sort_by(*fragment.mutable_function(), [](const auto& function) { return function.vnfd_id(); });
  sort_by(*fragment.mutable_slot(), [](const auto& slot) {
    return Slot{slot.vnf_profile_id(), slot.index()};
  });
}

std::vector<const v1::Nfpd*> paths_of(const v1::Fragment& fragment) {
  std::vector<const v1::Nfpd*> paths;
  for (const auto& graph : fragment.nsd().vnffgd()) {
    for (const auto& path : graph.nfpd()) paths.push_back(&path);
  }
  std::sort(paths.begin(), paths.end(),
            [](const auto* a, const auto* b) { return a->id() < b->id(); });
  return paths;
}

const v1::Nfpd* path_of(const v1::Fragment& fragment, const std::string& path_id) {
  for (const auto& graph : fragment.nsd().vnffgd()) {
    for (const auto& path : graph.nfpd()) {
      if (path.id() == path_id) return &path;
    }
  }
  return nullptr;
}

std::string link_after(const v1::Fragment& fragment, const v1::Nfpd& path, int index) {
  const auto& here = path.position(index);
  const auto& next = path.position(index + 1);
  const std::string link = link_at(fragment, here, here.egress_cpd_id());
  return link == link_at(fragment, next, next.ingress_cpd_id()) ? link : std::string();
}

}  // namespace terrace
