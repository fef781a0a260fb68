#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "recursion/decompose.h"
#include "recursion/fragment_view.h"

namespace terrace {

namespace {

// Adds what is not there yet; what is there already must be the same.
template <class List, class Key>
bool merge(List& into, const List& from, Key key) {
  for (const auto& item : from) {
    bool is_there = false;
    for (const auto& known : into) {
      if (key(known) != key(item)) continue;
      is_there = true;
      if (known.SerializeAsString() != item.SerializeAsString()) return false;
    }
    if (!is_there) *into.Add() = item;
  }
  return true;
}

// Lists that may name one profile several times: all of one part's entries, from the first part
// that has the profile.
template <class List>
void merge_by_profile(List& into, const List& from) {
  std::set<std::string> known;
  for (const auto& item : into) known.insert(item.vnf_profile_id());
  for (const auto& item : from) {
    if (known.count(item.vnf_profile_id()) == 0) *into.Add() = item;
  }
}

void merge_texts(google::protobuf::RepeatedPtrField<std::string>& into,
                 const google::protobuf::RepeatedPtrField<std::string>& from) {
  std::set<std::string> all(into.begin(), into.end());
  all.insert(from.begin(), from.end());
  into.Clear();
  for (const auto& text : all) *into.Add() = text;
}

Problem inconsistent(const std::string& what) {
  return make_problem(Problem::INTERNAL, "division.inconsistent",
                      "Two parts of a division disagree about their " + what + ".");
}

v1::Vnffgd& graph_of(v1::Nsd& nsd, const std::string& id) {
  for (auto& graph : *nsd.mutable_vnffgd()) {
    if (graph.id() == id) return graph;
  }
  auto& graph = *nsd.add_vnffgd();
  graph.set_id(id);
  return graph;
}

Status merge_nsd(v1::Nsd& into, const v1::Nsd& part, const std::set<std::string>& cut_saps) {
  const auto by_id = [](const auto& item) { return item.id(); };
  merge_texts(*into.mutable_vnfd_id(), part.vnfd_id());
  v1::Nsd shown = part;
  shown.clear_sapd();
  for (const auto& sapd : part.sapd()) {
    if (cut_saps.count(sapd.id()) == 0) *shown.add_sapd() = sapd;
  }
  if (!merge(*into.mutable_sapd(), shown.sapd(), by_id)) return inconsistent("SAPs");
  if (!merge(*into.mutable_virtual_link_desc(), part.virtual_link_desc(), by_id)) {
    return inconsistent("link descriptors");
  }
  auto& df = *into.mutable_df(0);
  const auto& from = part.df(0);
  if (!merge(*df.mutable_vnf_profile(), from.vnf_profile(), by_id)) {
    return inconsistent("VNF profiles");
  }
  if (!merge(*df.mutable_virtual_link_profile(), from.virtual_link_profile(), by_id)) {
    return inconsistent("link profiles");
  }
  if (!merge(*df.mutable_affinity_or_anti_affinity_group(), from.affinity_or_anti_affinity_group(),
             by_id)) {
    return inconsistent("affinity groups");
  }
  for (const auto& graph : part.vnffgd()) {
    auto& merged = graph_of(into, graph.id());
    merge_texts(*merged.mutable_vnf_profile_id(), graph.vnf_profile_id());
    merge_texts(*merged.mutable_virtual_link_profile_id(), graph.virtual_link_profile_id());
  }
  return {};
}

// The runs end to end, without the cuts between them.
Status join_path(const Division& division, const DividedPath& divided, v1::Nsd& nsd) {
  v1::Nfpd path;
  path.set_id(divided.path_id);
  std::string graph_id;
  for (std::size_t run = 0; run < divided.run.size(); ++run) {
    std::optional<v1::Nfpd> shared;
    for (const auto& member : divided.run[run].member) {
      for (const auto& graph : division.part[member.part].nsd().vnffgd()) {
        for (const auto& part_path : graph.nfpd()) {
          if (part_path.id() != member.path_id) continue;
          graph_id = graph.id();
          v1::Nfpd nameless = part_path;
          nameless.clear_id();
          if (shared && shared->SerializeAsString() != nameless.SerializeAsString()) {
            return inconsistent("path " + divided.path_id);
          }
          shared = std::move(nameless);
        }
      }
    }
    if (!shared) return inconsistent("path " + divided.path_id);
    if (shared->has_nfp_rule()) *path.mutable_nfp_rule() = shared->nfp_rule();
    const int begin = run > 0 ? 1 : 0;
    const int end = shared->position_size() - (run + 1 < divided.run.size() ? 1 : 0);
    for (int index = begin; index < end; ++index) *path.add_position() = shared->position(index);
  }
  *graph_of(nsd, graph_id).add_nfpd() = std::move(path);
  return {};
}

}  // namespace

Result<v1::Fragment> reassemble(const Division& division) {
  if (division.part.empty()) return inconsistent("number: there is none");
  std::set<std::string> cut_saps;
  for (const auto& cut : division.cut) {
    if (!cut.continues) cut_saps.insert(cut_sap(cut.link_id));
  }
  v1::Fragment whole;
  const v1::Fragment& first = division.part.front();
  auto& nsd = *whole.mutable_nsd();
  nsd.set_id(first.nsd().id());
  nsd.set_designer(first.nsd().designer());
  nsd.set_name(first.nsd().name());
  nsd.set_version(first.nsd().version());
  nsd.set_invariant_id(first.nsd().invariant_id());
  nsd.add_df()->set_id(first.nsd().df(0).id());
  whole.set_nsd_digest(first.nsd_digest());
  auto& params = *whole.mutable_params();
  params.set_ns_flavour_id(first.params().ns_flavour_id());
  *params.mutable_additional_params_for_ns() = first.params().additional_params_for_ns();
  for (const auto& part : division.part) {
    if (Status s = merge_nsd(nsd, part.nsd(), cut_saps); !s) return s.problem();
    merge_by_profile(*params.mutable_location_constraints(), part.params().location_constraints());
    merge_by_profile(*params.mutable_additional_params_for_vnf(),
                     part.params().additional_params_for_vnf());
    if (!merge(*params.mutable_sap_data(), part.params().sap_data(),
               [](const auto& data) { return data.sapd_id(); })) {
      return inconsistent("SAP data");
    }
    if (!merge(*whole.mutable_function(), part.function(),
               [](const auto& function) { return function.vnfd_id(); })) {
      return inconsistent("functions");
    }
    whole.mutable_slot()->MergeFrom(part.slot());
  }
  for (const auto& path : division.path) {
    if (Status s = join_path(division, path, nsd); !s) return s.problem();
  }
  make_canonical(whole);
  return whole;
}

}  // namespace terrace
