#include "recursion/fragment_view.h"

#include <algorithm>

namespace terrace {

namespace {

constexpr std::string_view kCutPrefix = "cut:";

const v1::NsInstantiationLevel* level_of(const v1::Fragment& fragment, const v1::NsDf& df) {
  const std::string& asked = fragment.params().ns_instantiation_level_id();
  const std::string& id = asked.empty() ? df.default_ns_instantiation_level_id() : asked;
  for (const auto& level : df.ns_instantiation_level()) {
    if (level.id() == id) return &level;
  }
  return nullptr;
}

std::uint32_t instances_of(const v1::VnfProfile& profile, const v1::NsInstantiationLevel* level) {
  if (level != nullptr) {
    for (const auto& mapping : level->vnf_to_level_mapping()) {
      if (mapping.vnf_profile_id() == profile.id()) return mapping.number_of_instances();
    }
  }
  // SOL006: min-number-of-instances defaults to 1.
  return std::max(1U, profile.min_number_of_instances());
}

bool on_connection_point(const v1::VirtualLinkConnectivity& connectivity, const std::string& cpd) {
  const auto& cpds = connectivity.constituent_cpd_id();
  return std::find(cpds.begin(), cpds.end(), cpd) != cpds.end();
}

// The link of a connection point of the constituent (by VNFD or NSD id), if it is on one.
std::string link_of_constituent(const v1::NsDf& df, const v1::Sapd::AssociatedCpd& cpd) {
  for (const auto& profile : df.vnf_profile()) {
    if (profile.vnfd_id() != cpd.constituent_base_element_id()) continue;
    for (const auto& connectivity : profile.virtual_link_connectivity()) {
      if (on_connection_point(connectivity, cpd.constituent_cpd_id())) {
        return connectivity.virtual_link_profile_id();
      }
    }
  }
  for (const auto& profile : df.ns_profile()) {
    if (profile.nsd_id() != cpd.constituent_base_element_id()) continue;
    for (const auto& connectivity : profile.virtual_link_connectivity()) {
      if (on_connection_point(connectivity, cpd.constituent_cpd_id())) {
        return connectivity.virtual_link_profile_id();
      }
    }
  }
  return {};
}

void add_family(std::vector<IpFamily>& families, IpFamily family) {
  if (std::find(families.begin(), families.end(), family) == families.end()) {
    families.push_back(family);
  }
}

// The profile's own layer-3 data says it; else the descriptor's layer protocols.
std::vector<IpFamily> families_of(const v1::Nsd& nsd, const v1::VirtualLinkProfile& profile) {
  std::vector<IpFamily> families;
  for (const auto& l3 : profile.l3_protocol_data()) {
    if (l3.ip_version() == "ipv4") add_family(families, IpFamily::kV4);
    if (l3.ip_version() == "ipv6") add_family(families, IpFamily::kV6);
  }
  if (!families.empty()) return families;
  for (const auto& link : nsd.virtual_link_desc()) {
    if (link.id() != profile.virtual_link_desc_id()) continue;
    for (const auto& protocol : link.connectivity_type().layer_protocol()) {
      if (protocol == "ipv4") add_family(families, IpFamily::kV4);
      if (protocol == "ipv6") add_family(families, IpFamily::kV6);
    }
  }
  std::sort(families.begin(), families.end());
  return families;
}

}  // namespace

const v1::NsDf* flavour_of(const v1::Fragment& fragment) {
  const std::string& id = fragment.params().ns_flavour_id();
  for (const auto& df : fragment.nsd().df()) {
    if (id.empty() || df.id() == id) return &df;
  }
  return nullptr;
}

std::vector<Slot> slots_of(const v1::Fragment& fragment) {
  std::vector<Slot> slots;
  for (const auto& slot : fragment.slot()) slots.push_back({slot.vnf_profile_id(), slot.index()});
  const v1::NsDf* df = flavour_of(fragment);
  if (!slots.empty() || df == nullptr) return slots;
  const auto* level = level_of(fragment, *df);
  for (const auto& profile : df->vnf_profile()) {
    const std::uint32_t instances = instances_of(profile, level);
    for (std::uint32_t index = 1; index <= instances; ++index) {
      slots.push_back({profile.id(), index});
    }
  }
  return slots;
}

bool is_cut_sap(const std::string& sapd_id) {
  return sapd_id.starts_with(kCutPrefix);
}

std::string link_of_sap(const v1::Fragment& fragment, const v1::Sapd& sapd) {
  const v1::NsDf* df = flavour_of(fragment);
  if (df == nullptr) return {};
  const std::string cut = is_cut_sap(sapd.id()) ? sapd.id().substr(kCutPrefix.size()) : "";
  for (const auto& profile : df->virtual_link_profile()) {
    if (!cut.empty() && profile.id() == cut) return profile.id();
  }
  for (const auto& profile : df->virtual_link_profile()) {
    if (!sapd.virtual_link_desc().empty() &&
        profile.virtual_link_desc_id() == sapd.virtual_link_desc()) {
      return profile.id();
    }
  }
  return sapd.has_associated_cpd() ? link_of_constituent(*df, sapd.associated_cpd())
                                   : std::string();
}

const v1::SapData* sap_data_of(const v1::Fragment& fragment, const std::string& sapd_id) {
  for (const auto& data : fragment.params().sap_data()) {
    if (data.sapd_id() == sapd_id) return &data;
  }
  return nullptr;
}

std::vector<Attachment> attachments_of(const v1::Fragment& fragment) {
  const v1::NsDf* df = flavour_of(fragment);
  if (df == nullptr) return {};
  std::map<std::string, const v1::VnfProfile*> profiles;
  for (const auto& profile : df->vnf_profile()) profiles.emplace(profile.id(), &profile);
  std::vector<Attachment> result;
  for (const Slot& slot : slots_of(fragment)) {
    const auto profile = profiles.find(slot.vnf_profile_id);
    if (profile == profiles.end()) continue;
    for (const auto& connectivity : profile->second->virtual_link_connectivity()) {
      for (const auto& cpd : connectivity.constituent_cpd_id()) {
        result.push_back({slot, cpd, connectivity.virtual_link_profile_id()});
      }
    }
  }
  return result;
}

std::map<std::string, LinkView> links_of(const v1::Fragment& fragment) {
  std::map<std::string, LinkView> links;
  const v1::NsDf* df = flavour_of(fragment);
  if (df == nullptr) return links;
  for (const auto& profile : df->virtual_link_profile()) {
    links.emplace(profile.id(), LinkView{&profile, 0, families_of(fragment.nsd(), profile)});
  }
  for (const Attachment& attachment : attachments_of(fragment)) {
    const auto link = links.find(attachment.link_id);
    if (link != links.end()) ++link->second.connection_points;
  }
  for (const auto& profile : df->ns_profile()) {
    for (const auto& connectivity : profile.virtual_link_connectivity()) {
      const auto link = links.find(connectivity.virtual_link_profile_id());
      if (link == links.end()) continue;
      link->second.connection_points +=
          std::uint64_t{std::max(1U, profile.min_number_of_instances())} *
          static_cast<std::uint64_t>(connectivity.constituent_cpd_id_size());
    }
  }
  return links;
}

std::uint64_t nested_services_of(const v1::Fragment& fragment) {
  const v1::NsDf* df = flavour_of(fragment);
  std::uint64_t services = 0;
  if (df == nullptr) return services;
  for (const auto& profile : df->ns_profile()) {
    services += std::max(1U, profile.min_number_of_instances());
  }
  return services;
}

}  // namespace terrace
