#include <map>

#include "catalog/ip_text.h"
#include "catalog/nsd_check.h"

namespace terrace {
namespace {

std::string at(const std::string& list, int index) {
  return list + "[" + std::to_string(index) + "]";
}

class NsDfCheck {
 public:
  NsDfCheck(const v1::Nsd& nsd, const v1::NsDf& df, const std::string& path, CheckList& list)
      : nsd_(nsd), df_(df), path_(path), list_(list) {}

  void run() {
    vnfs_ = list_.unique(path_ + ".vnf-profile", df_.vnf_profile(), "VNF profile");
    links_ = list_.unique(path_ + ".virtual-link-profile", df_.virtual_link_profile(),
                          "virtual link profile");
    list_.unique(path_ + ".ns-profile", df_.ns_profile(), "nested NS profile");
    groups_ = list_.unique(path_ + ".affinity-or-anti-affinity-group",
                           df_.affinity_or_anti_affinity_group(), "affinity group");
    const auto levels =
        list_.unique(path_ + ".ns-instantiation-level", df_.ns_instantiation_level(), "level");
    check_vnf_profiles();
    check_ns_profiles();
    check_link_profiles();
    for (int i = 0; i < df_.ns_instantiation_level_size(); ++i) {
      check_level(df_.ns_instantiation_level(i), at(path_ + ".ns-instantiation-level", i));
    }
    list_.reference(path_ + ".default-instantiation-level", df_.default_ns_instantiation_level_id(),
                    levels, "instantiation level");
    if (levels.size() > 1 && df_.default_ns_instantiation_level_id().empty()) {
      list_.add(path_, "descriptor.no-default-level",
                "with several levels, `default-instantiation-level` names the usual one");
    }
  }

 private:
  template <class Profile>
  void check_profile(const Profile& profile, const std::string& path) {
    if (profile.min_number_of_instances() > profile.max_number_of_instances()) {
      list_.add(path + ".min-number-of-instances", "descriptor.out-of-bounds",
                "the least number of instances is above the greatest");
    }
    check_groups(profile, path);
    list_.unique(
        path + ".virtual-link-connectivity", profile.virtual_link_connectivity(), "connection",
        [](const auto& each) -> const std::string& { return each.virtual_link_profile_id(); },
        "virtual-link-profile-id");
    std::map<std::string, std::string> link_of;
    for (int i = 0; i < profile.virtual_link_connectivity_size(); ++i) {
      const auto& connection = profile.virtual_link_connectivity(i);
      const auto where = at(path + ".virtual-link-connectivity", i);
      list_.reference(where + ".virtual-link-profile-id", connection.virtual_link_profile_id(),
                      links_, "virtual link profile");
      for (int j = 0; j < connection.constituent_cpd_id_size(); ++j) {
        const auto& cpd = connection.constituent_cpd_id(j);
        const auto [first, is_new] = link_of.emplace(cpd, connection.virtual_link_profile_id());
        if (is_new || cpd.empty()) continue;
        list_.add(
            at(where + ".constituent-cpd-id", j), "descriptor.contradiction",
            "the connection point `" + cpd + "` is already on the link `" + first->second + "`");
      }
    }
  }

  template <class Profile>
  void check_groups(const Profile& profile, const std::string& path) {
    for (int i = 0; i < profile.affinity_or_anti_affinity_group_id_size(); ++i) {
      list_.reference(at(path + ".affinity-or-anti-affinity-group-id", i),
                      profile.affinity_or_anti_affinity_group_id(i), groups_, "affinity group");
    }
  }

  void check_vnf_profiles() {
    const std::set<std::string> vnfds(nsd_.vnfd_id().begin(), nsd_.vnfd_id().end());
    for (int i = 0; i < df_.vnf_profile_size(); ++i) {
      const auto path = at(path_ + ".vnf-profile", i);
      check_profile(df_.vnf_profile(i), path);
      list_.reference(path + ".vnfd-id", df_.vnf_profile(i).vnfd_id(), vnfds,
                      "entry of the NSD's `vnfd-id`");
    }
  }

  void check_ns_profiles() {
    const std::set<std::string> nsds(nsd_.nested_nsd_id().begin(), nsd_.nested_nsd_id().end());
    for (int i = 0; i < df_.ns_profile_size(); ++i) {
      const auto path = at(path_ + ".ns-profile", i);
      check_profile(df_.ns_profile(i), path);
      list_.reference(path + ".nsd-id", df_.ns_profile(i).nsd_id(), nsds,
                      "entry of the NSD's `nested-nsd-id`");
    }
  }

  void check_link_profiles() {
    std::map<std::string, std::set<std::string>> flavours;
    std::set<std::string> links;
    for (const auto& link : nsd_.virtual_link_desc()) {
      links.insert(link.id());
      for (const auto& df : link.df()) flavours[link.id()].insert(df.id());
    }
    for (int i = 0; i < df_.virtual_link_profile_size(); ++i) {
      const auto& profile = df_.virtual_link_profile(i);
      const auto path = at(path_ + ".virtual-link-profile", i);
      list_.reference(path + ".virtual-link-desc-id", profile.virtual_link_desc_id(), links,
                      "virtual link");
      if (links.contains(profile.virtual_link_desc_id())) {
        list_.reference(path + ".flavour-id", profile.flavour_id(),
                        flavours[profile.virtual_link_desc_id()],
                        "flavour of the link `" + profile.virtual_link_desc_id() + "`");
      }
      check_groups(profile, path);
      if (profile.has_min_bitrate_root() && profile.has_max_bitrate_root() &&
          profile.min_bitrate_root() > profile.max_bitrate_root()) {
        list_.add(path + ".min-bitrate-requirements.root", "descriptor.out-of-bounds",
                  "the least bit rate is above the greatest");
      }
      for (int j = 0; j < profile.l3_protocol_data_size(); ++j) {
        check_l3(profile.l3_protocol_data(j),
                 at(path + ".virtual-link-protocol-data", j) + ".l3-protocol-data");
      }
    }
  }

  void check_l3(const v1::L3ProtocolData& l3, const std::string& path) {
    std::string key = ".cidr";
    const auto bad = [&](const std::string& what) -> Problem& {
      return list_.add(path + key, "descriptor.bad-address", what);
    };
    const auto prefix = parse_prefix(l3.cidr());
    if (!l3.cidr().empty() && !prefix) {
      bad("`" + l3.cidr() + "` is no prefix").add_possible("Write one as in 10.0.1.0/24.");
    } else if (prefix && prefix->has_host_bits) {
      bad("`" + l3.cidr() + "` has bits set behind its length")
          .add_possible("Did you mean " + prefix->masked() + "?");
    } else if (prefix && prefix->address.version != (l3.ip_version() == "ipv6" ? 6 : 4)) {
      bad("`" + l3.cidr() + "` is not of the version " + l3.ip_version());
    }
    const auto inside = [&](const std::string& text) {
      const auto address = parse_ip(text);
      if (!address) bad("`" + text + "` is no address");
      if (address && prefix && !prefix->contains(*address)) {
        bad("`" + text + "` is outside of " + l3.cidr());
      }
      return address;
    };
    key = ".gateway-ip";
    if (!l3.gateway_ip().empty()) inside(l3.gateway_ip());
    key = ".ip-allocation-pools";
    for (const auto& pool : l3.ip_allocation_pool()) {
      const auto first = inside(pool.start_ip_address());
      const auto last = inside(pool.end_ip_address());
      if (first && last && first->version == last->version && first->bytes > last->bytes) {
        bad("the pool begins behind its end: " + first->canonical + "-" + last->canonical);
      }
    }
  }

  void check_level(const v1::NsInstantiationLevel& level, const std::string& path) {
    list_.unique(
        path + ".vnf-to-level-mapping", level.vnf_to_level_mapping(), "mapping",
        [](const auto& each) -> const std::string& { return each.vnf_profile_id(); },
        "vnf-profile-id");
    for (int i = 0; i < level.vnf_to_level_mapping_size(); ++i) {
      const auto& mapping = level.vnf_to_level_mapping(i);
      const auto where = at(path + ".vnf-to-level-mapping", i);
      list_.reference(where + ".vnf-profile-id", mapping.vnf_profile_id(), vnfs_, "VNF profile");
      for (const auto& profile : df_.vnf_profile()) {
        if (profile.id() != mapping.vnf_profile_id()) continue;
        const auto least = profile.min_number_of_instances();
        const auto most = profile.max_number_of_instances();
        const auto number = mapping.number_of_instances();
        if (number >= least && number <= most) continue;
        auto& found = list_.add(where + ".number-of-instances", "descriptor.out-of-bounds",
                                "the VNF's profile does not admit so many instances");
        found.mutable_constraint()->set_name("instances");
        found.mutable_constraint()->set_limit(std::to_string(least) + ".." + std::to_string(most));
        found.mutable_constraint()->set_actual(std::to_string(number));
      }
    }
    for (int i = 0; i < level.virtual_link_to_level_mapping_size(); ++i) {
      list_.reference(at(path + ".virtual-link-to-level-mapping", i) + ".virtual-link-profile-id",
                      level.virtual_link_to_level_mapping(i).virtual_link_profile_id(), links_,
                      "virtual link profile");
    }
  }

  const v1::Nsd& nsd_;
  const v1::NsDf& df_;
  const std::string& path_;
  CheckList& list_;
  std::set<std::string> vnfs_, links_, groups_;
};

}  // namespace

void check_ns_df(const v1::Nsd& nsd, const v1::NsDf& df, const std::string& path, CheckList& list) {
  NsDfCheck(nsd, df, path, list).run();
}

}  // namespace terrace
