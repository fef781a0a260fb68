#include "recursion/normalise_links.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "recursion/decompose.h"
#include "recursion/fragment_view.h"

namespace terrace {

namespace {

class Links {
 public:
  explicit Links(v1::Fragment& fragment)
      : nsd_(*fragment.mutable_nsd()), df_(*nsd_.mutable_df(0)) {}

  Status run() {
    for (const auto& link : df_.virtual_link_profile()) leader_[link.id()] = link.id();
    if (Status status = check(); !status) return status;
    if (Status status = join_shared_connection_points(); !status) return status;
    for (auto& sapd : *nsd_.mutable_sapd()) {
      if (Status status = place_sap(sapd); !status) return status;
    }
    merge();
    drop_unused();
    own_descriptors();
    return {};
  }

 private:
  using Cp = std::pair<std::string, std::string>;  // profile, connection point

  Status check() const {
    for (const auto& link : df_.virtual_link_profile()) {
      if (descriptor(link.virtual_link_desc_id()) != nullptr) continue;
      return make_problem(Problem::INVALID_ARGUMENT, "nsd.link-unknown",
                          "The link profile names a link descriptor that is not there.")
          .at_path("nsd.df.virtual-link-profile[" + link.id() + "].virtual-link-desc-id")
          .constraint("link-desc", "a virtual-link-desc of the NSD", link.virtual_link_desc_id());
    }
    return {};
  }

  v1::NsVirtualLinkDesc* descriptor(const std::string& id) const {
    for (auto& link : *nsd_.mutable_virtual_link_desc()) {
      if (link.id() == id) return &link;
    }
    return nullptr;
  }

  std::string find(std::string link) const {
    while (leader_.at(link) != link) link = leader_.at(link);
    return link;
  }

  // The id that comes first names the whole.
  void join(const std::string& a, const std::string& b) {
    const auto [first, second] = std::minmax({find(a), find(b)});
    const std::string low = first;
    leader_[second] = low;
  }

  Status join_shared_connection_points() {
    for (const auto& profile : df_.vnf_profile()) {
      for (const auto& connectivity : profile.virtual_link_connectivity()) {
        const std::string& link = connectivity.virtual_link_profile_id();
        if (leader_.count(link) == 0) {
          return make_problem(Problem::INVALID_ARGUMENT, "nsd.link-unknown",
                              "The function's profile names a link profile that is not there.")
              .at_path("nsd.df.vnf-profile[" + profile.id() + "].virtual-link-connectivity")
              .constraint("link-profile", "a virtual-link-profile of the flavour", link);
        }
        for (const auto& cpd : connectivity.constituent_cpd_id()) {
          const auto [at, fresh] = link_of_cp_.emplace(Cp{profile.id(), cpd}, link);
          if (!fresh) join(at->second, link);
        }
      }
    }
    return {};
  }

  Status place_sap(v1::Sapd& sapd) {
    std::vector<std::string> links = links_named(sapd);
    const bool is_named = !sapd.virtual_link_desc().empty();
    std::vector<Cp> cps;
    if (sapd.has_associated_cpd()) {
      auto found = exposed_cps(sapd);
      if (!found) return found.problem();
      cps = *found;
      for (const Cp& cp : cps) {
        if (const auto at = link_of_cp_.find(cp); at != link_of_cp_.end()) {
          links.push_back(at->second);
        }
      }
    }
    if (links.empty() && (is_named || cps.empty())) return sap_without_link(sapd);
    if (links.empty()) links.push_back(add_link(sapd));
    for (const std::string& link : links) join(links.front(), link);
    for (const Cp& cp : cps) connect(cp, links.front());
    link_of_sap_[sapd.id()] = links.front();
    return {};
  }

  // By the SAP's descriptor; a SAP on a descriptor of several links joins them.
  std::vector<std::string> links_named(const v1::Sapd& sapd) const {
    std::vector<std::string> links;
    for (const auto& link : df_.virtual_link_profile()) {
      const bool is_named = !sapd.virtual_link_desc().empty() &&
                            link.virtual_link_desc_id() == sapd.virtual_link_desc();
      if (is_named || sapd.id() == cut_sap(link.id())) links.push_back(link.id());
    }
    return links;
  }

  Problem sap_without_link(const v1::Sapd& sapd) const {
    return make_problem(Problem::INVALID_ARGUMENT, "nsd.sap-without-link",
                        "The SAP is on no link of this flavour, and exposes no connection point.")
        .at_path("nsd.sapd[" + sapd.id() + "]")
        .constraint("sap-link", "a link descriptor with a profile in the flavour",
                    sapd.virtual_link_desc())
        .possible("Name a virtual-link-desc, or an associated-cpd.");
  }

  Result<std::vector<Cp>> exposed_cps(const v1::Sapd& sapd) const {
    std::vector<Cp> cps;
    for (const auto& profile : df_.vnf_profile()) {
      if (profile.vnfd_id() != sapd.associated_cpd().constituent_base_element_id()) continue;
      cps.emplace_back(profile.id(), sapd.associated_cpd().constituent_cpd_id());
    }
    if (!cps.empty()) return cps;
    return make_problem(Problem::INVALID_ARGUMENT, "nsd.cpd-unknown",
                        "The SAP exposes a connection point of a function that is not in the "
                        "service.")
        .at_path("nsd.sapd[" + sapd.id() + "].associated-cpd")
        .constraint("constituent", "the VNFD of one of the flavour's profiles",
                    sapd.associated_cpd().constituent_base_element_id());
  }

  std::string add_link(const v1::Sapd& sapd) {
    std::string id = "link:" + sapd.id();
    while (leader_.count(id) != 0 || descriptor(id) != nullptr) id += "'";
    auto& desc = *nsd_.add_virtual_link_desc();
    desc.set_id(id);
    desc.mutable_connectivity_type()->set_flow_pattern("mesh");
    auto& link = *df_.add_virtual_link_profile();
    link.set_id(id);
    link.set_virtual_link_desc_id(id);
    leader_[id] = id;
    return id;
  }

  void connect(const Cp& cp, const std::string& link) {
    if (!link_of_cp_.emplace(cp, link).second) return;
    for (auto& profile : *df_.mutable_vnf_profile()) {
      if (profile.id() != cp.first) continue;
      auto& connectivity = *profile.add_virtual_link_connectivity();
      connectivity.set_virtual_link_profile_id(link);
      connectivity.add_constituent_cpd_id(cp.second);
    }
  }

  void merge() {
    std::map<std::string, v1::VirtualLinkProfile> merged;
    for (const auto& link : df_.virtual_link_profile()) {
      const std::string leader = find(link.id());
      if (leader == link.id()) merged[leader].MergeFrom(link);
    }
    for (const auto& link : df_.virtual_link_profile()) {
      const std::string leader = find(link.id());
      if (leader != link.id()) add_to(merged[leader], link);
    }
    df_.clear_virtual_link_profile();
    for (auto& [id, link] : merged) *df_.add_virtual_link_profile() = std::move(link);
    for (auto& profile : *df_.mutable_vnf_profile()) rename_connectivity(profile);
    for (auto& graph : *nsd_.mutable_vnffgd()) {
      std::set<std::string> links;
      for (const auto& link : graph.virtual_link_profile_id()) {
        if (leader_.count(link) != 0) links.insert(find(link));
      }
      graph.clear_virtual_link_profile_id();
      for (const auto& link : links) graph.add_virtual_link_profile_id(link);
    }
  }

  // What one link asks of all: the tighter of the two.
  static void add_to(v1::VirtualLinkProfile& into, const v1::VirtualLinkProfile& link) {
    const auto tighter = [](bool has, auto a, auto b) { return has ? std::min(a, b) : b; };
    if (link.has_mtu()) into.set_mtu(tighter(into.has_mtu(), into.mtu(), link.mtu()));
    if (link.has_max_bitrate_root()) {
      into.set_max_bitrate_root(
          tighter(into.has_max_bitrate_root(), into.max_bitrate_root(), link.max_bitrate_root()));
    }
    if (link.has_min_bitrate_root()) {
      into.set_min_bitrate_root(std::max(into.min_bitrate_root(), link.min_bitrate_root()));
    }
    for (const auto& data : link.l3_protocol_data()) {
      const auto& known = into.l3_protocol_data();
      const bool is_there = std::any_of(known.begin(), known.end(), [&](const auto& other) {
        return other.SerializeAsString() == data.SerializeAsString();
      });
      if (!is_there) *into.add_l3_protocol_data() = data;
    }
    for (const auto& group : link.affinity_or_anti_affinity_group_id()) {
      const auto& known = into.affinity_or_anti_affinity_group_id();
      if (std::find(known.begin(), known.end(), group) == known.end()) {
        into.add_affinity_or_anti_affinity_group_id(group);
      }
    }
    into.mutable_local_affinity_or_anti_affinity_rule()->MergeFrom(
        link.local_affinity_or_anti_affinity_rule());
  }

  void rename_connectivity(v1::VnfProfile& profile) const {
    std::map<std::string, std::set<std::string>> cpds;
    for (const auto& connectivity : profile.virtual_link_connectivity()) {
      auto& on_link = cpds[find(connectivity.virtual_link_profile_id())];
      on_link.insert(connectivity.constituent_cpd_id().begin(),
                     connectivity.constituent_cpd_id().end());
    }
    profile.clear_virtual_link_connectivity();
    for (const auto& [link, on_link] : cpds) {
      auto& connectivity = *profile.add_virtual_link_connectivity();
      connectivity.set_virtual_link_profile_id(link);
      for (const auto& cpd : on_link) connectivity.add_constituent_cpd_id(cpd);
    }
  }

  void drop_unused() {
    std::set<std::string> used;
    for (const auto& [cp, link] : link_of_cp_) used.insert(find(link));
    for (const auto& [sap, link] : link_of_sap_) used.insert(find(link));
    const auto is_unused = [&](const auto& link) { return used.count(link.id()) == 0; };
    auto& links = *df_.mutable_virtual_link_profile();
    links.erase(std::remove_if(links.begin(), links.end(), is_unused), links.end());
    for (auto& graph : *nsd_.mutable_vnffgd()) {
      auto& ids = *graph.mutable_virtual_link_profile_id();
      ids.erase(std::remove_if(ids.begin(), ids.end(),
                               [&](const auto& id) { return used.count(id) == 0; }),
                ids.end());
    }
  }

  void own_descriptors() {
    std::map<std::string, int> users;
    for (const auto& link : df_.virtual_link_profile()) ++users[link.virtual_link_desc_id()];
    std::map<std::string, v1::NsVirtualLinkDesc> kept;
    for (auto& link : *df_.mutable_virtual_link_profile()) {
      v1::NsVirtualLinkDesc desc = *descriptor(link.virtual_link_desc_id());
      if (users[desc.id()] > 1) desc.set_id(desc.id() + "/" + link.id());
      link.set_virtual_link_desc_id(desc.id());
      kept[desc.id()] = std::move(desc);
    }
    nsd_.clear_virtual_link_desc();
    for (auto& [id, desc] : kept) *nsd_.add_virtual_link_desc() = std::move(desc);
    std::map<std::string, std::string> desc_of;
    for (const auto& link : df_.virtual_link_profile()) {
      desc_of[link.id()] = link.virtual_link_desc_id();
    }
    for (auto& sapd : *nsd_.mutable_sapd()) {
      sapd.clear_associated_cpd();
      sapd.set_virtual_link_desc(desc_of.at(find(link_of_sap_.at(sapd.id()))));
    }
  }

  v1::Nsd& nsd_;
  v1::NsDf& df_;
  std::map<std::string, std::string> leader_;
  std::map<Cp, std::string> link_of_cp_;
  std::map<std::string, std::string> link_of_sap_;
};

}  // namespace

Status normalise_links(v1::Fragment& fragment) {
  return Links(fragment).run();
}

}  // namespace terrace
