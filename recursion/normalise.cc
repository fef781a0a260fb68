#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "recursion/decompose.h"
#include "recursion/fragment_view.h"
#include "recursion/normalise_links.h"
#include "recursion/path_saps.h"

namespace terrace {

namespace {

Problem refused(std::string_view type, std::string_view what, const std::string& path,
                std::string_view constraint, std::string_view limit, std::string_view actual) {
  return make_problem(Problem::INVALID_ARGUMENT, type, what)
      .at_path(path)
      .constraint(constraint, limit, actual);
}

template <class List, class Key>
std::set<std::string> ids_of(const List& list, Key key) {
  std::set<std::string> ids;
  for (const auto& item : list) ids.insert(key(item));
  return ids;
}

std::string join(const std::set<std::string>& texts) {
  std::string result;
  for (const auto& text : texts) result += (result.empty() ? "" : ", ") + text;
  return result.empty() ? "none" : result;
}

template <class List, class Key>
Status check_unique(const List& list, const std::string& path, Key key) {
  std::set<std::string> seen;
  for (const auto& item : list) {
    if (seen.insert(key(item)).second && !key(item).empty()) continue;
    return refused("nsd.duplicate-id", "An id is empty or there twice.", path, "unique-id",
                   "each id once", key(item));
  }
  return {};
}

Status check_ids(const v1::Fragment& order) {
  const auto id = [](const auto& item) { return item.id(); };
  const v1::Nsd& nsd = order.nsd();
  if (Status s = check_unique(nsd.df(), "nsd.df", id); !s) return s;
  if (Status s = check_unique(nsd.sapd(), "nsd.sapd", id); !s) return s;
  if (Status s = check_unique(nsd.virtual_link_desc(), "nsd.virtual-link-desc", id); !s) return s;
  if (Status s = check_unique(nsd.vnffgd(), "nsd.vnffgd", id); !s) return s;
  if (Status s = check_unique(order.function(), "function",
                              [](const auto& item) { return item.vnfd_id(); });
      !s) {
    return s;
  }
  return check_unique(order.params().sap_data(), "params.sap-data",
                      [](const auto& item) { return item.sapd_id(); });
}

Status check_flavour_ids(const v1::NsDf& df) {
  const auto id = [](const auto& item) { return item.id(); };
  const std::string path = "nsd.df[" + df.id() + "].";
  if (Status s = check_unique(df.vnf_profile(), path + "vnf-profile", id); !s) return s;
  if (Status s = check_unique(df.virtual_link_profile(), path + "virtual-link-profile", id); !s) {
    return s;
  }
  return check_unique(df.affinity_or_anti_affinity_group(),
                      path + "affinity-or-anti-affinity-group", id);
}

// Keeps the flavour that the order names, or the only one.
Status choose_flavour(v1::Fragment& order) {
  const v1::NsDf* chosen = flavour_of(order);
  const auto known = ids_of(order.nsd().df(), [](const auto& df) { return df.id(); });
  const bool is_open = order.params().ns_flavour_id().empty() && known.size() > 1;
  if (chosen == nullptr || is_open) {
    return make_problem(Problem::INVALID_ARGUMENT, "nsd.flavour-unknown",
                        is_open ? "The service has several flavours and the order names none."
                                : "The service has no such flavour.")
        .at_path("params.ns-flavour-id")
        .constraint("flavour", join(known), order.params().ns_flavour_id())
        .possible("Order one of: " + join(known) + ".");
  }
  if (chosen->ns_profile_size() > 0) {
    return make_problem(Problem::UNIMPLEMENTED, "nsd.nested",
                        "The service contains services; this platform does not take those apart.")
        .at_path("nsd.df[" + chosen->id() + "].ns-profile")
        .constraint("nested-services", "0", std::to_string(chosen->ns_profile_size()))
        .possible("Order the nested services by themselves, or describe their functions here.");
  }
  v1::NsDf kept = *chosen;
  order.mutable_params()->set_ns_flavour_id(kept.id());
  order.mutable_nsd()->clear_df();
  *order.mutable_nsd()->add_df() = std::move(kept);
  order.mutable_nsd()->clear_nested_nsd_id();
  return check_flavour_ids(order.nsd().df(0));
}

Status check_level(const v1::Fragment& order) {
  const auto& df = order.nsd().df(0);
  const auto known =
      ids_of(df.ns_instantiation_level(), [](const auto& level) { return level.id(); });
  const std::string& id = order.params().ns_instantiation_level_id();
  if (id.empty() || known.count(id) != 0) return {};
  return refused("nsd.level-unknown", "The flavour has no such instantiation level.",
                 "params.ns-instantiation-level-id", "level", join(known), id);
}

// The level's bit rates are the links' from here on.
void apply_level(v1::Fragment& order) {
  auto& df = *order.mutable_nsd()->mutable_df(0);
  std::string id = order.params().ns_instantiation_level_id();
  if (id.empty()) id = df.default_ns_instantiation_level_id();
  for (const auto& level : df.ns_instantiation_level()) {
    if (level.id() != id) continue;
    for (const auto& mapping : level.virtual_link_to_level_mapping()) {
      for (auto& link : *df.mutable_virtual_link_profile()) {
        if (link.id() != mapping.virtual_link_profile_id() || !mapping.has_root_bitrate()) continue;
        link.set_max_bitrate_root(mapping.root_bitrate());
      }
    }
  }
  df.clear_ns_instantiation_level();
  df.clear_default_ns_instantiation_level_id();
  order.mutable_params()->clear_ns_instantiation_level_id();
}

Status check_range(const v1::VnfProfile& profile, std::uint32_t instances) {
  const std::uint32_t low = profile.min_number_of_instances();
  const std::uint32_t high = profile.max_number_of_instances();
  if (instances >= low && (high == 0 || instances <= high)) return {};
  return refused("nsd.instances-out-of-range",
                 "The level asks for more or fewer than the profile "
                 "allows.",
                 "nsd.df.vnf-profile[" + profile.id() + "]", "instances",
                 std::to_string(low) + " to " + std::to_string(high), std::to_string(instances));
}

Status resolve_slots(v1::Fragment& order) {
  const auto& df = order.nsd().df(0);
  const bool was_explicit = order.slot_size() > 0;
  if (!was_explicit) {
    if (Status status = check_level(order); !status) return status;
  }
  const auto slots = slots_of(order);
  std::map<std::string, std::uint32_t> count;
  for (const auto& profile : df.vnf_profile()) count[profile.id()] = 0;
  std::set<Slot> seen;
  for (const Slot& slot : slots) {
    const bool is_known = count.count(slot.vnf_profile_id) != 0;
    if (!is_known || slot.index == 0 || !seen.insert(slot).second) {
      return refused(is_known ? "nsd.duplicate-id" : "nsd.profile-unknown",
                     "A slot is no instance of a profile, or there twice.", "slot", "slot",
                     join(ids_of(df.vnf_profile(), [](const auto& p) { return p.id(); })),
                     slot.vnf_profile_id + "/" + std::to_string(slot.index));
    }
    ++count[slot.vnf_profile_id];
  }
  for (const auto& profile : df.vnf_profile()) {
    if (was_explicit) break;  // a part has some of a profile's instances only
    if (Status s = check_range(profile, count[profile.id()]); !s) return s;
  }
  order.clear_slot();
  for (const Slot& slot : slots) {
    auto& out = *order.add_slot();
    out.set_vnf_profile_id(slot.vnf_profile_id);
    out.set_index(slot.index);
  }
  return {};
}

// Every VNFD that a profile names is there, with the connection points it uses.
Status check_functions(const v1::Fragment& order) {
  std::map<std::string, const v1::FunctionRef*> functions;
  for (const auto& function : order.function()) functions[function.vnfd_id()] = &function;
  for (const auto& profile : order.nsd().df(0).vnf_profile()) {
    const std::string path = "nsd.df.vnf-profile[" + profile.id() + "]";
    const auto at = functions.find(profile.vnfd_id());
    if (at == functions.end()) {
      return refused("nsd.function-missing", "The profile's VNFD did not come with the order.",
                     path + ".vnfd-id", "function",
                     join(ids_of(order.function(), [](const auto& f) { return f.vnfd_id(); })),
                     profile.vnfd_id());
    }
    if (!at->second->has_vnfd()) continue;
    const auto cpds = ids_of(at->second->vnfd().ext_cpd(), [](const auto& c) { return c.id(); });
    for (const auto& connectivity : profile.virtual_link_connectivity()) {
      for (const auto& cpd : connectivity.constituent_cpd_id()) {
        if (cpds.count(cpd) != 0) continue;
        return refused("nsd.cpd-unknown", "The VNFD has no such connection point.",
                       path + ".virtual-link-connectivity", "ext-cpd", join(cpds), cpd);
      }
    }
  }
  return {};
}

Status check_params(const v1::Fragment& order) {
  const auto profiles =
      ids_of(order.nsd().df(0).vnf_profile(), [](const auto& profile) { return profile.id(); });
  const auto saps = ids_of(order.nsd().sapd(), [](const auto& sapd) { return sapd.id(); });
  const auto unknown = [&](const std::string& path, const std::string& id) {
    return refused("nsd.profile-unknown", "The order speaks of a profile that is not there.", path,
                   "vnf-profile", join(profiles), id);
  };
  const auto& params = order.params();
  for (const auto& data : params.sap_data()) {
    if (saps.count(data.sapd_id()) != 0) continue;
    return refused("nsd.sap-unknown", "The order speaks of a SAP that is not there.",
                   "params.sap-data", "sapd", join(saps), data.sapd_id());
  }
  for (const auto& place : params.location_constraints()) {
    if (profiles.count(place.vnf_profile_id()) == 0) {
      return unknown("params.location-constraints", place.vnf_profile_id());
    }
  }
  for (const auto& values : params.additional_params_for_vnf()) {
    if (profiles.count(values.vnf_profile_id()) == 0) {
      return unknown("params.additional-params-for-vnf", values.vnf_profile_id());
    }
  }
  for (const auto& rule : params.additional_affinity_or_anti_affinity_rule()) {
    for (const auto& id : rule.vnf_profile_id()) {
      if (profiles.count(id) == 0) return unknown("params.affinity", id);
    }
  }
  return {};
}

const char* scope_name(v1::AffinityOrAntiAffinityRule::Scope scope) {
  using Rule = v1::AffinityOrAntiAffinityRule;
  switch (scope) {
    case Rule::NFVI_POP:
      return "nfvi-pop";
    case Rule::ZONE:
      return "zone";
    case Rule::ZONE_GROUP:
      return "zone-group";
    case Rule::PLATFORM:
      return "platform";
    default:
      return "nfvi-node";
  }
}

// The order's rules become groups of the NSD, which have ids and so survive cutting.
void turn_rules_into_groups(v1::Fragment& order) {
  auto& df = *order.mutable_nsd()->mutable_df(0);
  auto taken =
      ids_of(df.affinity_or_anti_affinity_group(), [](const auto& group) { return group.id(); });
  int number = 0;
  for (const auto& rule : order.params().additional_affinity_or_anti_affinity_rule()) {
    std::string id;
    do id = "order-" + std::to_string(++number);
    while (!taken.insert(id).second);
    auto& group = *df.add_affinity_or_anti_affinity_group();
    group.set_id(id);
    group.set_affinity_type(rule.affinity_or_anti_affinity() ==
                                    v1::AffinityOrAntiAffinityRule::ANTI_AFFINITY
                                ? "anti-affinity"
                                : "affinity");
    group.set_affinity_scope(scope_name(rule.scope()));
    for (auto& profile : *df.mutable_vnf_profile()) {
      const auto& named = rule.vnf_profile_id();
      if (std::find(named.begin(), named.end(), profile.id()) == named.end()) continue;
      profile.add_affinity_or_anti_affinity_group_id(id);
    }
  }
  order.mutable_params()->clear_additional_affinity_or_anti_affinity_rule();
}

Status check_groups(const v1::NsDf& df) {
  const auto groups =
      ids_of(df.affinity_or_anti_affinity_group(), [](const auto& group) { return group.id(); });
  for (const auto& profile : df.vnf_profile()) {
    for (const auto& id : profile.affinity_or_anti_affinity_group_id()) {
      if (groups.count(id) != 0) continue;
      return refused("nsd.group-unknown", "The profile names an affinity group that is not there.",
                     "nsd.df.vnf-profile[" + profile.id() + "]", "group", join(groups), id);
    }
  }
  return {};
}

template <class List, class Drop>
void erase_if(List& list, Drop drop) {
  list.erase(std::remove_if(list.begin(), list.end(), drop), list.end());
}

// What no slot uses is not ordered.
void drop_unused(v1::Fragment& order) {
  auto& nsd = *order.mutable_nsd();
  auto& df = *nsd.mutable_df(0);
  const auto used = ids_of(order.slot(), [](const auto& slot) { return slot.vnf_profile_id(); });
  const auto no_profile = [&](const auto& item) { return used.count(item.vnf_profile_id()) == 0; };
  erase_if(*df.mutable_vnf_profile(), [&](const auto& p) { return used.count(p.id()) == 0; });
  erase_if(*order.mutable_params()->mutable_location_constraints(), no_profile);
  erase_if(*order.mutable_params()->mutable_additional_params_for_vnf(), no_profile);
  const auto vnfds = ids_of(df.vnf_profile(), [](const auto& p) { return p.vnfd_id(); });
  erase_if(*order.mutable_function(),
           [&](const auto& function) { return vnfds.count(function.vnfd_id()) == 0; });
  nsd.clear_vnfd_id();
  for (const auto& id : vnfds) nsd.add_vnfd_id(id);
  std::set<std::string> groups;
  for (const auto& profile : df.vnf_profile()) {
    groups.insert(profile.affinity_or_anti_affinity_group_id().begin(),
                  profile.affinity_or_anti_affinity_group_id().end());
  }
  for (const auto& link : df.virtual_link_profile()) {
    groups.insert(link.affinity_or_anti_affinity_group_id().begin(),
                  link.affinity_or_anti_affinity_group_id().end());
  }
  erase_if(*df.mutable_affinity_or_anti_affinity_group(),
           [&](const auto& group) { return groups.count(group.id()) == 0; });
  for (auto& graph : *nsd.mutable_vnffgd()) {
    erase_if(*graph.mutable_vnf_profile_id(), [&](const auto& id) { return used.count(id) == 0; });
  }
  erase_if(*nsd.mutable_vnffgd(), [](const auto& graph) {
    return graph.nfpd_size() == 0 && graph.vnf_profile_id_size() == 0 &&
           graph.virtual_link_profile_id_size() == 0;
  });
}

Status check_position(const v1::Fragment& order, const v1::Nfpd& path, int index,
                      std::set<std::string>& seen) {
  const auto& position = path.position(index);
  const std::string where =
      "nsd.vnffgd.nfpd[" + path.id() + "].position[" + std::to_string(index) + "]";
  if (!position.nested_ns_profile_id().empty()) {
    return make_problem(Problem::UNIMPLEMENTED, "nsd.nested",
                        "The path leads through a nested service.")
        .at_path(where);
  }
  if (!position.sapd_id().empty()) {
    const auto saps = ids_of(order.nsd().sapd(), [](const auto& sapd) { return sapd.id(); });
    if (saps.count(position.sapd_id()) == 0) {
      return refused("nsd.sap-unknown", "The path names a SAP that is not there.", where, "sapd",
                     join(saps), position.sapd_id());
    }
    if (index != 0 && index + 1 != path.position_size()) {
      return refused("nsd.path-sap-inside", "A path may pass a SAP at its ends only.", where,
                     "position", "first or last", std::to_string(index));
    }
  } else {
    const auto profiles =
        ids_of(order.slot(), [](const auto& slot) { return slot.vnf_profile_id(); });
    if (profiles.count(position.vnf_profile_id()) == 0) {
      return refused("nsd.profile-unknown", "The path names a function that has no instance.",
                     where, "vnf-profile", join(profiles), position.vnf_profile_id());
    }
  }
  // A part's path may leave and come back by the same cut link.
  if (is_cut_sap(position.sapd_id())) return {};
  if (seen.insert(position.sapd_id() + "|" + position.vnf_profile_id()).second) return {};
  return refused("nsd.path-visits-twice", "The path visits a function twice.", where, "visits", "1",
                 position.vnf_profile_id() + position.sapd_id());
}

Status check_path(const v1::Fragment& order, const v1::Nfpd& path) {
  const std::string where = "nsd.vnffgd.nfpd[" + path.id() + "]";
  if (path.position_size() < 2) {
    return refused("nsd.path-broken", "A path has at least two positions.", where, "positions", "2",
                   std::to_string(path.position_size()));
  }
  std::set<std::string> seen;
  for (int index = 0; index < path.position_size(); ++index) {
    if (Status s = check_position(order, path, index, seen); !s) return s;
  }
  for (int index = 0; index + 1 < path.position_size(); ++index) {
    if (!link_after(order, path, index).empty()) continue;
    const auto name = [&](int at) {
      return path.position(at).sapd_id() + path.position(at).vnf_profile_id();
    };
    return refused("nsd.path-broken", "Two neighbours of the path are on no common link.",
                   where + ".position[" + std::to_string(index) + "]", "common-link",
                   "egress and next ingress on one link", name(index) + " to " + name(index + 1));
  }
  return {};
}

Status check_paths(const v1::Fragment& order) {
  const auto paths = paths_of(order);
  std::set<std::string> ids;
  for (const auto* path : paths) {
    if (!path->id().empty() && ids.insert(path->id()).second) continue;
    return refused("nsd.path-id", "Paths need ids of their own, across all graphs.", "nsd.vnffgd",
                   "unique-id", "each id once", path->id());
  }
  for (const auto* path : paths) {
    // "p#1" beside "p" could not be told from a run of p.
    const std::string whole = path->id().substr(0, path->id().rfind('#'));
    if (whole != path->id() && ids.count(whole) != 0) {
      return refused("nsd.path-id", "A path's id is another's with a number.", "nsd.vnffgd",
                     "path-id", "not " + whole + "#n", path->id());
    }
    if (Status s = check_path(order, *path); !s) return s;
  }
  return {};
}

}  // namespace

Result<v1::Fragment> normalise(const v1::Fragment& order) {
  v1::Fragment fragment = order;
  if (Status s = check_ids(fragment); !s) return s.problem();
  if (Status s = choose_flavour(fragment); !s) return s.problem();
  if (Status s = resolve_slots(fragment); !s) return s.problem();
  apply_level(fragment);
  if (Status s = check_functions(fragment); !s) return s.problem();
  if (Status s = check_params(fragment); !s) return s.problem();
  turn_rules_into_groups(fragment);
  if (Status s = check_groups(fragment.nsd().df(0)); !s) return s.problem();
  drop_unused(fragment);
  if (Status s = normalise_links(fragment); !s) return s.problem();
  extend_paths_to_saps(fragment);
  if (Status s = check_paths(fragment); !s) return s.problem();
  // Links go before what only they named.
  drop_unused(fragment);
  make_canonical(fragment);
  return fragment;
}

}  // namespace terrace
