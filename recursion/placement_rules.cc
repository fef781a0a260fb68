// The rules that options must keep together.
#include <algorithm>
#include <limits>
#include <utility>

#include "recursion/decompose.h"
#include "recursion/fragment_view.h"
#include "recursion/placement_model.h"

namespace terrace {

namespace {

using Segments = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

// RFC 7348: 24 bits; 0 is left alone.
constexpr std::uint32_t kLastVni = 0xffffff;

Segments segments_of(const v1::Interconnect& interconnect) {
  Segments result;
  for (const auto& ids : interconnect.segment_ids()) {
    const std::uint32_t first = ids.wan_segment_id_value();
    result.emplace_back(
        first, ids.has_wan_segment_id_upper_range() ? ids.wan_segment_id_upper_range() : first);
  }
  if (result.empty()) result.emplace_back(1, kLastVni);
  return result;
}

Segments unite(Segments all) {
  std::sort(all.begin(), all.end());
  Segments result;
  for (const auto& [first, last] : all) {
    if (!result.empty() && first <= result.back().second + std::uint64_t{1}) {
      result.back().second = std::max(result.back().second, last);
    } else {
      result.emplace_back(first, last);
    }
  }
  return result;
}

Segments intersect(const Segments& a, const Segments& b) {
  Segments result;
  for (const auto& one : a) {
    for (const auto& other : b) {
      const auto first = std::max(one.first, other.first);
      const auto last = std::min(one.second, other.second);
      if (first <= last) result.emplace_back(first, last);
    }
  }
  return unite(std::move(result));
}

bool carries(const v1::Interconnect& interconnect, v1::Stitching::EncapsulationType type) {
  const auto& types = interconnect.encapsulation_type();
  return std::find(types.begin(), types.end(), type) != types.end();
}

std::string place_in(const v1::Location& location, const std::string& scope) {
  if (scope == "nfvi-pop") return location.nfvi_pop();
  if (scope == "zone") return location.zone();
  if (scope == "zone-group") return location.zone_group();
  return location.nfvi_node();
}

// How much of an offer is taken.
struct Use {
  std::uint64_t instances = 0;
  std::uint64_t vcpus = 0;
  std::uint64_t memory_mib = 0;
};

bool exceeds(const Use& use, const v1::Capacity& capacity) {
  return (capacity.has_instances_left() && use.instances > capacity.instances_left()) ||
         (capacity.has_vcpus_left() && use.vcpus > capacity.vcpus_left()) ||
         (capacity.has_memory_mib_left() && use.memory_mib > capacity.memory_mib_left());
}

}  // namespace

std::set<std::size_t> PlacementModel::children_on(const Choice& choice,
                                                  const std::string& link_id) const {
  std::set<std::size_t> children;
  for (const std::size_t i : members_.at(link_id)) {
    if (choice[i] != kOpen) children.insert(option(choice, i).child);
  }
  return children;
}

// Whether every offer by which this child has members of the link reaches that point.
bool PlacementModel::reaches(const Choice& choice, const std::string& link_id, std::size_t child,
                             const std::string& id) const {
  for (const std::size_t i : members_.at(link_id)) {
    if (choice[i] == kOpen) continue;
    const auto& chosen = option(choice, i);
    if (chosen.child != child || chosen.offer == nullptr) continue;
    const auto& ids = chosen.offer->reaches();
    if (!ids.empty() && std::find(ids.begin(), ids.end(), id) == ids.end()) return false;
  }
  return true;
}

std::size_t PlacementModel::cuts(const Choice& choice) const {
  return static_cast<std::size_t>(
      std::count_if(links_.begin(), links_.end(),
                    [&](const std::string& link) { return children_on(choice, link).size() > 1; }));
}

std::optional<StitchChoice> PlacementModel::stitch(const Choice& choice, const std::string& link_id,
                                                   const std::string& underlay,
                                                   const std::set<std::size_t>& children) const {
  Segments common{{1, kLastVni}};
  std::uint32_t mtu = std::numeric_limits<std::uint32_t>::max();
  for (const std::size_t child : children) {
    Segments here;
    for (const auto& interconnect : request_.children[child].catalogue->interconnect()) {
      if (interconnect.underlay() != underlay) continue;
      if (!carries(interconnect, v1::Stitching::VXLAN)) continue;
      if (!reaches(choice, link_id, child, interconnect.id())) continue;
      const Segments ids = segments_of(interconnect);
      here.insert(here.end(), ids.begin(), ids.end());
      // The child picks which of them it uses.
      mtu = std::min(mtu, interconnect.mtu());
    }
    common = intersect(common, unite(std::move(here)));
  }
  if (common.empty() || mtu <= kVxlanOverhead) return std::nullopt;
  StitchChoice result{link_id, underlay, v1::Stitching::VXLAN, {}, mtu - kVxlanOverhead};
  for (const auto& profile : flavour_of(*request_.fragment)->virtual_link_profile()) {
    const bool is_too_small = profile.has_mtu() && profile.mtu() > result.mtu;
    if (profile.id() == link_id && is_too_small) return std::nullopt;
  }
  for (const auto& [first, last] : common) {
    v1::Stitching::WanSegmentIds ids;
    ids.set_wan_segment_id_value(first);
    ids.set_wan_segment_id_upper_range(last);
    result.segment_ids.push_back(std::move(ids));
  }
  return result;
}

std::optional<StitchChoice> PlacementModel::stitching(const Choice& choice,
                                                      const std::string& link_id) const {
  const auto children = children_on(choice, link_id);
  if (children.empty()) return std::nullopt;
  std::set<std::string> underlays;
  for (const auto& interconnect : request_.children[*children.begin()].catalogue->interconnect()) {
    underlays.insert(interconnect.underlay());
  }
  std::optional<StitchChoice> best;
  for (const auto& underlay : underlays) {
    auto candidate = stitch(choice, link_id, underlay, children);
    if (candidate && (!best || candidate->mtu > best->mtu)) best = std::move(candidate);
  }
  return best;
}

// The stitching is given: each child that takes an end needs an interconnect for just that.
std::optional<PlacementModel::Broken> PlacementModel::broken_outside(
    const Choice& choice, const std::string& link_id, const v1::LinkEnvelope& envelope) const {
  const auto& given = envelope.stitching();
  const std::uint32_t id = given.wan_segment_ids().wan_segment_id_value();
  for (const std::size_t child : children_on(choice, link_id)) {
    const auto& interconnects = request_.children[child].catalogue->interconnect();
    const bool is_met =
        std::any_of(interconnects.begin(), interconnects.end(), [&](const auto& interconnect) {
          return interconnect.underlay() == given.underlay() &&
                 carries(interconnect, given.encapsulation_type()) &&
                 interconnect.mtu() >= envelope.mtu() + kVxlanOverhead &&
                 !intersect(segments_of(interconnect), {{id, id}}).empty() &&
                 reaches(choice, link_id, child, interconnect.id());
        });
    if (is_met) continue;
    return Broken{Rule::kLinks, "link " + link_id + " continues on underlay " + given.underlay() +
                                    " as segment " + std::to_string(id) +
                                    ", where it cannot be met"};
  }
  return std::nullopt;
}

std::optional<PlacementModel::Broken> PlacementModel::broken_link(
    const Choice& choice, const std::string& link_id) const {
  for (const std::size_t i : members_.at(link_id)) {
    if (choice[i] == kOpen || option(choice, i).attachment_point == nullptr) continue;
    const auto& chosen = option(choice, i);
    if (reaches(choice, link_id, chosen.child, chosen.attachment_point->id())) continue;
    return Broken{Rule::kLinks, "the attachment point of " + variables_[i].sapd_id +
                                    " cannot be reached on link " + link_id};
  }
  if (request_.envelope != nullptr) {
    for (const auto& envelope : request_.envelope->link()) {
      if (envelope.link_id() != link_id || !envelope.has_stitching()) continue;
      return broken_outside(choice, link_id, envelope);
    }
  }
  if (children_on(choice, link_id).size() < 2 || stitching(choice, link_id)) return std::nullopt;
  return Broken{Rule::kLinks, "no underlay carries link " + link_id + " between its ends"};
}

std::optional<PlacementModel::Broken> PlacementModel::broken_capacity(const Choice& choice) const {
  std::map<const v1::Offer*, Use> uses;
  std::set<std::pair<std::size_t, std::string>> points;
  for (std::size_t i = 0; i < choice.size(); ++i) {
    if (choice[i] == kOpen) continue;
    const auto& chosen = option(choice, i);
    if (chosen.attachment_point != nullptr) {
      if (points.emplace(chosen.child, chosen.attachment_point->id()).second) continue;
      return Broken{Rule::kCapacity, "two SAPs would share one attachment point"};
    }
    const std::string& id = variables_[i].slot->vnf_profile_id;
    const auto& profiles = flavour_of(*request_.fragment)->vnf_profile();
    const auto profile = std::find_if(profiles.begin(), profiles.end(),
                                      [&](const auto& one) { return one.id() == id; });
    const Need need = need_of(function_of(profile->vnfd_id()), *profile);
    Use& use = uses[chosen.offer];
    ++use.instances;
    use.vcpus += need.vcpus;
    use.memory_mib += need.memory_mib;
    if (exceeds(use, chosen.offer->capacity())) {
      return Broken{Rule::kCapacity, "there is not room enough for all instances of " + id};
    }
  }
  return std::nullopt;
}

std::optional<PlacementModel::Broken> PlacementModel::broken_affinity(const Choice& choice) const {
  // ETSI: a group relates instances of unlike profiles; of one profile alone, its instances.
  const auto relates = [&](const Group& group, std::size_t a, std::size_t b) {
    if (!group.is_anti) return true;
    const auto& first = variables_[group.members.front()].slot->vnf_profile_id;
    const bool is_one_profile =
        std::all_of(group.members.begin(), group.members.end(),
                    [&](std::size_t i) { return variables_[i].slot->vnf_profile_id == first; });
    return is_one_profile ||
           variables_[a].slot->vnf_profile_id != variables_[b].slot->vnf_profile_id;
  };
  const auto keeps = [&](const Group& group, const PlacementOption& a, const PlacementOption& b) {
    if (group.scope == "platform") return (a.child == b.child) != group.is_anti;
    const std::string here = place_in(a.offer->location(), group.scope);
    const std::string there = place_in(b.offer->location(), group.scope);
    // What the offers do not tell is the child's to keep, where it has both.
    if (here.empty() || there.empty()) return group.is_anti || a.child == b.child;
    return (here == there) != group.is_anti;
  };
  for (const Group& group : groups_) {
    for (const std::size_t a : group.members) {
      for (const std::size_t b : group.members) {
        if (a >= b || choice[a] == kOpen || choice[b] == kOpen || !relates(group, a, b)) continue;
        if (keeps(group, option(choice, a), option(choice, b))) continue;
        return Broken{Rule::kAffinity, (group.is_anti ? "anti-affinity " : "affinity ") + group.id +
                                           " (" + group.scope + ") would not hold"};
      }
    }
  }
  return std::nullopt;
}

std::optional<PlacementModel::Broken> PlacementModel::broken_refusal(const Choice& choice) const {
  if (request_.refusals.empty()) return std::nullopt;
  std::map<std::string, std::set<std::string>> given;
  for (std::size_t i = 0; i < choice.size(); ++i) {
    if (choice[i] == kOpen) continue;
    const auto& child = request_.children[option(choice, i).child].name;
    given[child].insert(variables_[i].slot ? variables_[i].slot->vnf_profile_id : std::string());
  }
  for (const auto& refusal : request_.refusals) {
    const auto at = given.find(refusal.child());
    if (at == given.end()) continue;
    const auto& profiles = refusal.vnf_profile_id();
    const bool has_all = std::all_of(profiles.begin(), profiles.end(),
                                     [&](const auto& id) { return at->second.count(id) != 0; });
    if (has_all) return Broken{Rule::kRefusals, "just this was refused before"};
  }
  return std::nullopt;
}

std::optional<PlacementModel::Broken> PlacementModel::broken_price(const Choice& choice) const {
  std::string currency;
  for (std::size_t i = 0; i < choice.size(); ++i) {
    if (choice[i] == kOpen || option(choice, i).currency.empty()) continue;
    if (currency.empty()) currency = option(choice, i).currency;
    if (currency == option(choice, i).currency) continue;
    return Broken{Rule::kCurrency, "prices are in unlike currencies"};
  }
  return std::nullopt;
}

std::optional<PlacementModel::Broken> PlacementModel::broken(const Choice& choice,
                                                             const std::set<Rule>& relaxed) const {
  const auto looks_at = [&](Rule rule) { return relaxed.count(rule) == 0; };
  std::optional<Broken> result;
  if (looks_at(Rule::kCapacity)) result = broken_capacity(choice);
  if (!result && looks_at(Rule::kAffinity)) result = broken_affinity(choice);
  if (!result && looks_at(Rule::kRefusals)) result = broken_refusal(choice);
  if (!result && looks_at(Rule::kCurrency)) result = broken_price(choice);
  if (result || !looks_at(Rule::kLinks)) return result;
  for (const auto& link : links_) {
    if (auto link_broken = broken_link(choice, link)) return link_broken;
  }
  return std::nullopt;
}

}  // namespace terrace
