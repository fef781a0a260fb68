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

using Parts = std::set<std::size_t>;

// Positions [begin, end) of a path that the same parts have.
struct Run {
  int begin = 0;
  int end = 0;
  Parts parts;
  // Set where the path comes from, or goes on to, another run.
  std::string cut_before;
  std::string cut_after;
};

class Divider {
 public:
  Divider(const v1::Fragment& whole, const Assignment& assignment)
      : whole_(whole), assignment_(assignment) {}

  Result<Division> run() {
    if (Status s = count_parts(); !s) return s.problem();
    find_members();
    Division division;
    for (std::size_t part = 0; part < parts_; ++part) division.part.push_back(project(part));
    for (const auto& [link, parts] : link_parts_) {
      if (parts.size() < 2) continue;
      division.cut.push_back({link, {parts.begin(), parts.end()}, continuing_.count(link) != 0});
    }
    for (const auto* path : paths_of(whole_)) divide_path(*path, division);
    for (auto& part : division.part) make_canonical(part);
    return division;
  }

 private:
  Status count_parts() {
    Parts used;
    for (const auto& slot : whole_.slot()) {
      const auto at = assignment_.slot.find({slot.vnf_profile_id(), slot.index()});
      if (at == assignment_.slot.end()) return incomplete("slot", slot.vnf_profile_id());
      used.insert(at->second);
    }
    for (const auto& sapd : whole_.nsd().sapd()) {
      if (is_cut_sap(sapd.id())) continue;
      const auto at = assignment_.sap.find(sapd.id());
      if (at == assignment_.sap.end()) return incomplete("SAP", sapd.id());
      used.insert(at->second);
    }
    parts_ = used.size();
    if (parts_ > 0 && *used.rbegin() + 1 == parts_) return {};
    return incomplete("part", "an index");
  }

  static Problem incomplete(const std::string& kind, const std::string& id) {
    return make_problem(Problem::INVALID_ARGUMENT, "division.incomplete",
                        "The division leaves out a " + kind + ".")
        .constraint("every-" + kind, "in one part", id);
  }

  void find_members() {
    for (const auto& attachment : attachments_of(whole_)) {
      link_parts_[attachment.link_id].insert(assignment_.slot.at(attachment.slot));
    }
    for (const auto& sapd : whole_.nsd().sapd()) {
      const std::string link = link_of_sap(whole_, sapd);
      if (is_cut_sap(sapd.id())) {
        continuing_.insert(link);
        continue;
      }
      link_parts_[link].insert(assignment_.sap.at(sapd.id()));
    }
    for (const auto& slot : whole_.slot()) {
      profile_parts_[slot.vnf_profile_id()].insert(
          assignment_.slot.at({slot.vnf_profile_id(), slot.index()}));
    }
  }

  bool has_profile(std::size_t part, const std::string& id) const {
    const auto at = profile_parts_.find(id);
    return at != profile_parts_.end() && at->second.count(part) != 0;
  }

  bool has_link(std::size_t part, const std::string& id) const {
    const auto at = link_parts_.find(id);
    return at != link_parts_.end() && at->second.count(part) != 0;
  }

  v1::Fragment project(std::size_t part) const {
    v1::Fragment fragment;
    project_nsd(part, *fragment.mutable_nsd());
    fragment.set_nsd_digest(whole_.nsd_digest());
    project_params(part, *fragment.mutable_params());
    const auto& vnfds = fragment.nsd().vnfd_id();
    for (const auto& function : whole_.function()) {
      if (std::find(vnfds.begin(), vnfds.end(), function.vnfd_id()) == vnfds.end()) continue;
      *fragment.add_function() = function;
    }
    for (const auto& slot : whole_.slot()) {
      if (assignment_.slot.at({slot.vnf_profile_id(), slot.index()}) != part) continue;
      *fragment.add_slot() = slot;
    }
    return fragment;
  }

  void project_nsd(std::size_t part, v1::Nsd& nsd) const {
    const v1::Nsd& from = whole_.nsd();
    nsd.set_id(from.id());
    nsd.set_designer(from.designer());
    nsd.set_name(from.name());
    nsd.set_version(from.version());
    nsd.set_invariant_id(from.invariant_id());
    project_flavour(part, *nsd.add_df());
    std::set<std::string> vnfds;
    for (const auto& profile : nsd.df(0).vnf_profile()) vnfds.insert(profile.vnfd_id());
    for (const auto& id : vnfds) nsd.add_vnfd_id(id);
    std::map<std::string, std::string> desc_of;
    for (const auto& link : nsd.df(0).virtual_link_profile()) {
      desc_of[link.id()] = link.virtual_link_desc_id();
    }
    for (const auto& desc : from.virtual_link_desc()) {
      const bool is_here = std::any_of(desc_of.begin(), desc_of.end(),
                                       [&](const auto& item) { return item.second == desc.id(); });
      if (is_here) *nsd.add_virtual_link_desc() = desc;
    }
    project_saps(part, desc_of, nsd);
    for (const auto& graph : from.vnffgd()) {
      v1::Vnffgd projected;
      projected.set_id(graph.id());
      for (const auto& id : graph.vnf_profile_id()) {
        if (has_profile(part, id)) projected.add_vnf_profile_id(id);
      }
      for (const auto& id : graph.virtual_link_profile_id()) {
        if (has_link(part, id)) projected.add_virtual_link_profile_id(id);
      }
      const bool is_here =
          projected.vnf_profile_id_size() > 0 || projected.virtual_link_profile_id_size() > 0;
      if (is_here) *nsd.add_vnffgd() = std::move(projected);
    }
  }

  void project_saps(std::size_t part, const std::map<std::string, std::string>& desc_of,
                    v1::Nsd& nsd) const {
    for (const auto& sapd : whole_.nsd().sapd()) {
      const bool is_here = is_cut_sap(sapd.id()) ? has_link(part, link_of_sap(whole_, sapd))
                                                 : assignment_.sap.at(sapd.id()) == part;
      if (is_here) *nsd.add_sapd() = sapd;
    }
    for (const auto& [link, desc] : desc_of) {
      if (link_parts_.at(link).size() < 2 || continuing_.count(link) != 0) continue;
      auto& sapd = *nsd.add_sapd();
      sapd.set_id(cut_sap(link));
      sapd.set_virtual_link_desc(desc);
    }
  }

  void project_flavour(std::size_t part, v1::NsDf& df) const {
    const v1::NsDf& from = whole_.nsd().df(0);
    df.set_id(from.id());
    std::set<std::string> groups;
    for (const auto& profile : from.vnf_profile()) {
      if (!has_profile(part, profile.id())) continue;
      *df.add_vnf_profile() = profile;
      groups.insert(profile.affinity_or_anti_affinity_group_id().begin(),
                    profile.affinity_or_anti_affinity_group_id().end());
    }
    for (const auto& link : from.virtual_link_profile()) {
      if (!has_link(part, link.id())) continue;
      *df.add_virtual_link_profile() = link;
      groups.insert(link.affinity_or_anti_affinity_group_id().begin(),
                    link.affinity_or_anti_affinity_group_id().end());
    }
    for (const auto& group : from.affinity_or_anti_affinity_group()) {
      if (groups.count(group.id()) != 0) *df.add_affinity_or_anti_affinity_group() = group;
    }
  }

  void project_params(std::size_t part, v1::InstantiateNsRequest& params) const {
    const auto& from = whole_.params();
    params.set_ns_flavour_id(from.ns_flavour_id());
    for (const auto& data : from.sap_data()) {
      const auto at = assignment_.sap.find(data.sapd_id());
      if (at != assignment_.sap.end() && at->second == part) *params.add_sap_data() = data;
    }
    for (const auto& place : from.location_constraints()) {
      if (has_profile(part, place.vnf_profile_id())) *params.add_location_constraints() = place;
    }
    for (const auto& values : from.additional_params_for_vnf()) {
      if (!has_profile(part, values.vnf_profile_id())) continue;
      *params.add_additional_params_for_vnf() = values;
    }
    *params.mutable_additional_params_for_ns() = from.additional_params_for_ns();
  }

  Parts parts_of(const v1::NfpPosition& position) const {
    if (is_cut_sap(position.sapd_id())) return {};
    if (!position.sapd_id().empty()) return {assignment_.sap.at(position.sapd_id())};
    return profile_parts_.at(position.vnf_profile_id());
  }

  // A position that stands for the outside goes with its neighbour.
  std::vector<Run> runs_of(const v1::Nfpd& path) const {
    std::vector<Run> runs;
    Parts here = parts_of(path.position(0));
    runs.push_back({0, 1, here, {}, {}});
    for (int index = 1; index < path.position_size(); ++index) {
      const Parts next = parts_of(path.position(index));
      Parts both = here;
      both.insert(next.begin(), next.end());
      if (both.size() < 2 || here.empty() || next.empty()) {
        runs.back().end = index + 1;
        runs.back().parts.insert(next.begin(), next.end());
      } else {
        const std::string link = cut_sap(link_after(whole_, path, index - 1));
        runs.back().cut_after = link;
        runs.push_back({index, index + 1, next, link, {}});
      }
      if (!next.empty()) here = next;
    }
    return runs;
  }

  void divide_path(const v1::Nfpd& path, Division& division) const {
    const std::vector<Run> runs = runs_of(path);
    std::map<std::size_t, int> total;
    for (const Run& run : runs) {
      for (const std::size_t part : run.parts) ++total[part];
    }
    DividedPath divided{path.id(), {}};
    std::map<std::size_t, int> number;
    for (const Run& run : runs) {
      PathRun members;
      for (const std::size_t part : run.parts) {
        const int which = ++number[part];
        std::string id = path.id();
        if (total[part] > 1) id += "#" + std::to_string(which);
        add_run(path, run, id, division.part[part]);
        members.member.push_back({part, id});
      }
      divided.run.push_back(std::move(members));
    }
    division.path.push_back(std::move(divided));
  }

  void add_run(const v1::Nfpd& path, const Run& run, const std::string& id,
               v1::Fragment& part) const {
    v1::Nfpd projected;
    projected.set_id(id);
    if (path.has_nfp_rule()) *projected.mutable_nfp_rule() = path.nfp_rule();
    if (!run.cut_before.empty()) projected.add_position()->set_sapd_id(run.cut_before);
    for (int index = run.begin; index < run.end; ++index) {
      *projected.add_position() = path.position(index);
    }
    if (!run.cut_after.empty()) projected.add_position()->set_sapd_id(run.cut_after);
    *graph_of(path, part).add_nfpd() = std::move(projected);
  }

  v1::Vnffgd& graph_of(const v1::Nfpd& path, v1::Fragment& part) const {
    std::string id;
    for (const auto& graph : whole_.nsd().vnffgd()) {
      for (const auto& candidate : graph.nfpd()) {
        if (candidate.id() == path.id()) id = graph.id();
      }
    }
    for (auto& graph : *part.mutable_nsd()->mutable_vnffgd()) {
      if (graph.id() == id) return graph;
    }
    auto& graph = *part.mutable_nsd()->add_vnffgd();
    graph.set_id(id);
    return graph;
  }

  const v1::Fragment& whole_;
  const Assignment& assignment_;
  std::size_t parts_ = 0;
  std::map<std::string, Parts> link_parts_;
  std::map<std::string, Parts> profile_parts_;
  std::set<std::string> continuing_;
};

}  // namespace

Result<Division> divide(const v1::Fragment& whole, const Assignment& assignment) {
  return Divider(whole, assignment).run();
}

}  // namespace terrace
