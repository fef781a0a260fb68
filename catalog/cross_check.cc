#include "catalog/cross_check.h"

#include <map>

#include "catalog/check_list.h"

namespace terrace {
namespace {

std::string at(const std::string& list, int index) {
  return list + "[" + std::to_string(index) + "]";
}

template <class List>
std::set<std::string> ids_of(const List& list) {
  std::set<std::string> ids;
  for (const auto& each : list) ids.insert(each.id());
  return ids;
}

template <class List>
auto* by_id(const List& list, const std::string& id) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const auto& each) { return each.id() == id; });
  return found == list.end() ? nullptr : &*found;
}

class CrossCheck {
 public:
  CrossCheck(const v1::Nsd& nsd, std::span<const v1::Vnfd* const> vnfds,
             std::span<const v1::Nsd* const> nested)
      : nsd_(nsd) {
    for (const auto* each : vnfds) vnfds_[each->id()] = each;
    for (const auto* each : nested) nested_[each->id()] = each;
  }

  std::vector<Problem> run() {
    check_there(nsd_.vnfd_id(), vnfds_, "vnfd-id", "VNFD");
    check_there(nsd_.nested_nsd_id(), nested_, "nested-nsd-id", "NSD");
    check_cycles();
    check_saps();
    for (int i = 0; i < nsd_.df_size(); ++i) {
      for (int j = 0; j < nsd_.df(i).vnf_profile_size(); ++j) {
        check_vnf(nsd_.df(i).vnf_profile(j), at(at("df", i) + ".vnf-profile", j));
      }
      for (int j = 0; j < nsd_.df(i).ns_profile_size(); ++j) {
        check_nested(nsd_.df(i).ns_profile(j), at(at("df", i) + ".ns-profile", j));
      }
    }
    return list_.take();
  }

 private:
  template <class List, class Known>
  void check_there(const List& ids, const Known& known, const std::string& path,
                   const std::string& sort) {
    for (int i = 0; i < ids.size(); ++i) {
      if (known.contains(ids.Get(i))) continue;
      list_
          .add(at(path, i), "descriptor.not-on-board",
               "no " + sort + " with the id `" + ids.Get(i) + "` is on board")
          .add_possible("On-board it first.");
    }
  }

  // Whether a service lies within itself, by way of those it nests.
  void check_cycles() {
    std::set<std::string> seen;
    std::vector<std::string> open(nsd_.nested_nsd_id().begin(), nsd_.nested_nsd_id().end());
    while (!open.empty()) {
      const std::string id = open.back();
      open.pop_back();
      if (id == nsd_.id()) {
        list_.add("nested-nsd-id", "descriptor.cyclic",
                  "a service cannot lie within itself, not even by way of others");
        return;
      }
      const auto found = nested_.find(id);
      if (!seen.insert(id).second || found == nested_.end()) continue;
      open.insert(open.end(), found->second->nested_nsd_id().begin(),
                  found->second->nested_nsd_id().end());
    }
  }

  void check_saps() {
    for (int i = 0; i < nsd_.sapd_size(); ++i) {
      const auto& cpd = nsd_.sapd(i).associated_cpd();
      const auto path = at("sapd", i) + ".associated-cpd";
      const auto& owner = cpd.constituent_base_element_id();
      if (const auto vnfd = vnfds_.find(owner); vnfd != vnfds_.end()) {
        list_.reference(path + ".vnf-ext-cpd", cpd.constituent_cpd_id(),
                        ids_of(vnfd->second->ext_cpd()), "connection point of `" + owner + "`");
      } else if (const auto nsd = nested_.find(owner); nsd != nested_.end()) {
        list_.reference(path + ".sapd", cpd.constituent_cpd_id(), ids_of(nsd->second->sapd()),
                        "SAP of `" + owner + "`");
      }
    }
  }

  template <class Profile>
  void check_connectivity(const Profile& profile, const std::string& path,
                          const std::set<std::string>& points, const std::string& sort) {
    for (int i = 0; i < profile.virtual_link_connectivity_size(); ++i) {
      const auto& cpds = profile.virtual_link_connectivity(i).constituent_cpd_id();
      for (int j = 0; j < cpds.size(); ++j) {
        list_.reference(at(at(path + ".virtual-link-connectivity", i) + ".constituent-cpd-id", j) +
                            ".constituent-cpd-id",
                        cpds.Get(j), points, sort);
      }
    }
  }

  void check_vnf(const v1::VnfProfile& profile, const std::string& path) {
    const auto found = vnfds_.find(profile.vnfd_id());
    if (found == vnfds_.end()) return;
    const auto& vnfd = *found->second;
    list_.reference(path + ".flavour-id", profile.flavour_id(), ids_of(vnfd.df()),
                    "flavour of `" + vnfd.id() + "`");
    if (const auto* df = by_id(vnfd.df(), profile.flavour_id())) {
      list_.reference(path + ".instantiation-level", profile.instantiation_level(),
                      ids_of(df->instantiation_level()),
                      "level of `" + vnfd.id() + "`'s flavour `" + df->id() + "`");
    }
    check_connectivity(profile, path, ids_of(vnfd.ext_cpd()),
                       "connection point of `" + vnfd.id() + "`");
  }

  void check_nested(const v1::NestedNsProfile& profile, const std::string& path) {
    const auto found = nested_.find(profile.nsd_id());
    if (found == nested_.end()) return;
    const auto& nsd = *found->second;
    list_.reference(path + ".ns-df-id", profile.ns_df_id(), ids_of(nsd.df()),
                    "flavour of `" + nsd.id() + "`");
    if (const auto* df = by_id(nsd.df(), profile.ns_df_id())) {
      list_.reference(path + ".instantiation-level-id", profile.ns_instantiation_level_id(),
                      ids_of(df->ns_instantiation_level()),
                      "level of `" + nsd.id() + "`'s flavour `" + df->id() + "`");
    }
    check_connectivity(profile, path, ids_of(nsd.sapd()), "SAP of `" + nsd.id() + "`");
  }

  const v1::Nsd& nsd_;
  std::map<std::string, const v1::Vnfd*> vnfds_;
  std::map<std::string, const v1::Nsd*> nested_;
  CheckList list_;
};

}  // namespace

Status cross_check(const v1::Nsd& nsd, std::span<const v1::Vnfd* const> vnfds,
                   std::span<const v1::Nsd* const> nested) {
  auto found = CrossCheck(nsd, vnfds, nested).run();
  if (found.empty()) return {};
  Problem all = problem(Problem::FAILED_PRECONDITION, "descriptor.unresolved",
                        "the NSD `" + nsd.id() + "` names what is not there");
  for (auto& each : found) {
    each.set_code(Problem::FAILED_PRECONDITION);
    *all.add_causes() = std::move(each);
  }
  return all;
}

}  // namespace terrace
