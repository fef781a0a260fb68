// Paths as rows of members: from a leaf's proof, or from the parts' proofs.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "recursion/decompose.h"
#include "recursion/fragment_view.h"
#include "recursion/route_set.h"
#include "recursion/routes.h"

namespace terrace {

namespace {

using Function = driver::v1::Function;

void add_unique(std::vector<std::string>& into, const std::string& text) {
  if (std::find(into.begin(), into.end(), text) == into.end()) into.push_back(text);
}

void add_prefixes(const v1::Proof& proof, Paths& paths) {
  for (const auto& link : proof.link()) {
    auto& prefixes = paths.prefixes[link.link_id()];
    for (const auto& prefix : link.prefix()) add_unique(prefixes, prefix);
  }
}

Problem wrong_proof(const std::string& what, const std::string& resource) {
  return make_problem(Problem::INTERNAL, "routes.proof", what).at_resource(resource);
}

// The SAPs at the two ends.
void add_ends(const v1::Fragment& fragment, const v1::Nfpd& path, PathRow& row) {
  row.path_id = path.id();
  for (const auto& sapd : fragment.nsd().sapd()) {
    const PathEnd end{sapd.id(), link_of_sap(fragment, sapd)};
    if (path.position(0).sapd_id() == sapd.id()) row.first = end;
    if (path.position(path.position_size() - 1).sapd_id() == sapd.id()) row.last = end;
  }
}

std::set<std::string> links_of_profile(const v1::Fragment& fragment, const std::string& id) {
  std::set<std::string> links;
  const v1::NsDf* df = flavour_of(fragment);
  for (const auto& profile : df->vnf_profile()) {
    if (profile.id() != id) continue;
    for (const auto& connectivity : profile.virtual_link_connectivity()) {
      links.insert(connectivity.virtual_link_profile_id());
    }
  }
  return links;
}

class Instance {
 public:
  Instance(const Paths& paths, const v1::VnfProof& proof, const FunctionFacts& facts)
      : paths_(paths), proof_(proof), facts_(facts) {}

  Result<PathMember> on(const v1::NfpPosition& position, bool has_in, bool has_out) const {
    PathMember member;
    for (const auto& cp : proof_.cp()) member.links.insert(cp.link_id());
    const bool ends_here = facts_.behaviour == Function::TERMINATING;
    if (has_in) {
      auto face = face_at(position.ingress_cpd_id());
      if (!face) return face.problem();
      member.in = *std::move(face);
      if (ends_here || !has_out)
        end(*member.in);
      else
        member.in->passes_on = true;
    }
    if (has_out) {
      auto face = face_at(position.egress_cpd_id());
      if (!face) return face.problem();
      member.out = *std::move(face);
      // Answers to what was translated come to the function's own address.
      if (ends_here || !has_in)
        originate(*member.out, true);
      else if (facts_.behaviour == Function::TRANSLATING)
        originate(*member.out, false);
      else
        member.out->passes_on = true;
    }
    return member;
  }

 private:
  Result<PathFace> face_at(const std::string& cpd_id) const {
    for (const auto& cp : proof_.cp()) {
      if (cp.cpd_id() != cpd_id) continue;
      PathFace face;
      face.port = cpd_id;
      face.link_id = cp.link_id();
      for (const auto& text : cp.address()) {
        if (const auto address = address_of(text)) face.next_hop.push_back(address->str());
      }
      return face;
    }
    return wrong_proof("The proof lacks a connection point that a path passes.",
                       proof_.vnf_profile_id() + "/" + cpd_id);
  }

  // What comes in here ends here: at these addresses and, at an end of the path, their link.
  void originate(PathFace& face, bool with_link) const {
    const auto at = paths_.prefixes.find(face.link_id);
    if (with_link && at != paths_.prefixes.end()) face.originates = at->second;
    for (const auto& text : face.next_hop) {
      const auto address = address_of(text);
      face.originates.push_back(Prefix(*address, width_of(address->family())).str());
    }
  }

  // The path's traffic ends here.
  void end(PathFace& face) const {
    originate(face, true);
    for (const auto& text : face.next_hop) {
      v1::ProbeTarget target = facts_.service;
      if (target.protocol().empty()) target.set_protocol("icmp");
      target.set_address(text);
      face.target.push_back(std::move(target));
    }
  }

  const Paths& paths_;
  const v1::VnfProof& proof_;
  const FunctionFacts& facts_;
};

// A run of a path as one part has it.
class Run {
 public:
  Run(const v1::Fragment& fragment, const v1::Nfpd& path, const v1::Proof& proof)
      : fragment_(fragment), path_(path), proof_(proof) {
    for (const auto& position : path.position()) {
      if (position.sapd_id().empty()) functions_.push_back(position.vnf_profile_id());
    }
  }

  bool is_transit() const { return functions_.empty(); }

  Result<PathMember> member(std::size_t part) const {
    PathMember member;
    member.node = part;
    member.path_id = path_.id();
    for (const auto& id : functions_) member.links.merge(links_of_profile(fragment_, id));
    const std::string first = path_.position(0).sapd_id();
    const std::string last = path_.position(path_.position_size() - 1).sapd_id();
    if (!first.empty()) {
      auto face = face_at(first, last, true);
      if (!face) return face.problem();
      member.in = *std::move(face);
    }
    if (!last.empty()) {
      auto face = face_at(last, first, false);
      if (!face) return face.problem();
      member.out = *std::move(face);
    }
    return member;
  }

 private:
  Result<PathFace> face_at(const std::string& sapd_id, const std::string& other, bool is_in) const {
    PathFace face;
    face.port = sapd_id;
    for (const auto& sapd : fragment_.nsd().sapd()) {
      if (sapd.id() == sapd_id) face.link_id = link_of_sap(fragment_, sapd);
    }
    if (is_transit()) return face;
    for (std::size_t i = 0; i < functions_.size(); ++i) {
      const bool is_adjacent = i == (is_in ? 0 : functions_.size() - 1);
      if (is_adjacent) continue;
      face.has_more_behind = true;
      if (links_of_profile(fragment_, functions_[i]).count(face.link_id) != 0) {
        face.is_link_used_behind = true;
      }
    }
    // A path that comes in and leaves by one SAP has two: towards the start first.
    int skip = !is_in && sapd_id == other ? 1 : 0;
    for (const auto& said : proof_.announcement()) {
      if (said.sapd_id() != sapd_id || said.path_id() != path_.id()) continue;
      if (skip-- > 0) continue;
      face.next_hop = {said.next_hop().begin(), said.next_hop().end()};
      face.originates = {said.originates().begin(), said.originates().end()};
      face.target = {said.target().begin(), said.target().end()};
      const auto& on = said.passes_on();
      face.passes_on = !other.empty() && std::find(on.begin(), on.end(), other) != on.end();
      return face;
    }
    return make_problem(Problem::FAILED_PRECONDITION, "proof.announcement-missing",
                        "A part says nothing of a path that enters it.")
        .at_resource("sap/" + sapd_id)
        .constraint("announcement", "one for path " + path_.id() + " at " + sapd_id, "none");
  }

  const v1::Fragment& fragment_;
  const v1::Nfpd& path_;
  const v1::Proof& proof_;
  std::vector<std::string> functions_;
};

Status add_run(const Division& division, const std::vector<v1::Proof>& proofs, const PathRun& run,
               bool is_first, PathRow& row) {
  std::vector<PathMember> stage;
  for (const auto& at : run.member) {
    const v1::Fragment& fragment = division.part[at.part];
    const v1::Nfpd* path = path_of(fragment, at.path_id);
    if (path == nullptr) return wrong_proof("A part lacks its path.", "path/" + at.path_id);
    const Run part_run(fragment, *path, proofs[at.part]);
    auto member = part_run.member(at.part);
    if (!member) return member.problem();
    if (!part_run.is_transit()) {
      stage.push_back(*std::move(member));
    } else {
      (is_first ? row.first_transit : row.last_transit) = *std::move(member);
    }
  }
  if (!stage.empty()) row.stage.push_back(std::move(stage));
  return {};
}

}  // namespace

Result<Paths> leaf_paths(const v1::Fragment& fragment, const v1::Proof& proof,
                         const std::map<std::string, FunctionFacts>& facts) {
  Paths paths;
  add_prefixes(proof, paths);
  for (const auto* path : paths_of(fragment)) {
    PathRow row;
    add_ends(fragment, *path, row);
    for (int index = 0; index < path->position_size(); ++index) {
      const auto& position = path->position(index);
      if (!position.sapd_id().empty()) continue;
      std::vector<PathMember> stage;
      for (int node = 0; node < proof.vnf_size(); ++node) {
        const auto& vnf = proof.vnf(node);
        if (vnf.vnf_profile_id() != position.vnf_profile_id()) continue;
        const auto known = facts.find(vnf.vnf_profile_id());
        const FunctionFacts fact = known == facts.end() ? FunctionFacts{} : known->second;
        auto member =
            Instance(paths, vnf, fact).on(position, index > 0, index + 1 < path->position_size());
        if (!member) return member.problem();
        member->node = static_cast<std::size_t>(node);
        member->path_id = path->id();
        stage.push_back(*std::move(member));
      }
      if (stage.empty()) {
        return wrong_proof("The proof lacks a function that a path passes.",
                           position.vnf_profile_id());
      }
      row.stage.push_back(std::move(stage));
    }
    paths.row.push_back(std::move(row));
  }
  return paths;
}

Result<Paths> part_paths(const v1::Fragment& whole, const Division& division,
                         const std::vector<v1::Proof>& proofs) {
  if (proofs.size() != division.part.size()) {
    return wrong_proof("There is not one proof per part.", "division");
  }
  Paths paths;
  for (const auto& proof : proofs) add_prefixes(proof, paths);
  for (const auto& divided : division.path) {
    const v1::Nfpd* path = path_of(whole, divided.path_id);
    if (path == nullptr) return wrong_proof("The whole lacks a path.", "path/" + divided.path_id);
    PathRow row;
    add_ends(whole, *path, row);
    for (std::size_t i = 0; i < divided.run.size(); ++i) {
      if (Status s = add_run(division, proofs, divided.run[i], i == 0, row); !s) return s.problem();
    }
    paths.row.push_back(std::move(row));
  }
  return paths;
}

}  // namespace terrace
