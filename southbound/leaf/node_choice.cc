#include "southbound/leaf/node_choice.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "recursion/fragment_view.h"

namespace terrace {
namespace {

using driver::v1::Node;

// More steps than this and the search gives up: rules so tangled are refused, not pondered.
constexpr int kStepLimit = 200'000;

// Instances that must be (or must not be) together at a scope.
struct Rule {
  bool together = false;
  std::string scope;
  std::vector<std::size_t> member;
};

// The place of a node at a scope, SOL006's words; a node without a name at that scope is a place of
// its own.
std::string place_of(const Node& node, const std::string& scope) {
  const auto& location = node.location();
  std::string place;
  if (scope == "platform") return "platform";
  if (scope == "nfvi-pop") place = location.nfvi_pop();
  if (scope == "zone") place = location.zone();
  if (scope == "zone-group") place = location.zone_group();
  return place.empty() ? "node " + node.id() : place;
}

bool matches(const v1::Location& wanted, const Node& node) {
  const auto& there = node.location();
  const auto same = [](const std::string& want, const std::string& have) {
    return want.empty() || want == have;
  };
  return same(wanted.nfvi_pop(), there.nfvi_pop()) && same(wanted.zone(), there.zone()) &&
         same(wanted.zone_group(), there.zone_group()) && same(wanted.nfvi_node(), node.id()) &&
         same(wanted.country_code(), there.country_code());
}

class NodeSearch {
 public:
  explicit NodeSearch(const NodeQuestion& question)
      : question_(question), slots_(slots_of(*question.fragment)) {
    for (const Node& node : question.inventory->node()) {
      node_.push_back(&node);
      room_.push_back(room_of(node, *question.usage));
    }
    collect_rules();
  }

  Result<std::map<Slot, std::string>> run() {
    for (const Slot& slot : slots_) {
      auto nodes = candidates(slot);
      if (!nodes) return std::move(nodes).problem();
      candidate_.push_back(*std::move(nodes));
    }
    chosen_.assign(slots_.size(), std::nullopt);
    if (place(0)) return answer();
    return refuse();
  }

 private:
  const ResolvedFunction& function(const Slot& slot) const {
    return question_.function->at(slot.vnf_profile_id);
  }

  void collect_rules();
  void add_rule(const std::string& type, const std::string& scope,
                const std::set<std::string>& profiles);
  Result<std::vector<std::size_t>> candidates(const Slot& slot) const;
  bool allowed(std::size_t slot, std::size_t node) const;
  bool place(std::size_t slot);
  void take(std::size_t node, const ResolvedFunction& function, bool back);
  Problem refuse();
  std::map<Slot, std::string> answer() const;

  const NodeQuestion& question_;
  const std::vector<Slot> slots_;
  std::vector<const Node*> node_;
  std::vector<NodeRoom> room_;
  std::vector<Rule> rule_;
  std::vector<std::vector<std::size_t>> candidate_;
  std::vector<std::optional<std::size_t>> chosen_;
  int steps_ = 0;
};

void NodeSearch::add_rule(const std::string& type, const std::string& scope,
                          const std::set<std::string>& profiles) {
  Rule rule;
  rule.together = type == "affinity";
  rule.scope = scope;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (profiles.contains(slots_[i].vnf_profile_id)) rule.member.push_back(i);
  }
  if (rule.member.size() > 1) rule_.push_back(std::move(rule));
}

void NodeSearch::collect_rules() {
  const v1::NsDf* flavour = flavour_of(*question_.fragment);
  if (flavour == nullptr) return;
  std::map<std::string, std::set<std::string>> group;
  for (const auto& profile : flavour->vnf_profile()) {
    for (const auto& rule : profile.local_affinity_or_anti_affinity_rule()) {
      add_rule(rule.affinity_type(), rule.affinity_scope(), {profile.id()});
    }
    for (const auto& id : profile.affinity_or_anti_affinity_group_id()) {
      group[id].insert(profile.id());
    }
  }
  for (const auto& one : flavour->affinity_or_anti_affinity_group()) {
    add_rule(one.affinity_type(), one.affinity_scope(), group[one.id()]);
  }
}

// Nodes of the right place that could ever hold it, in the inventory's order.
Result<std::vector<std::size_t>> NodeSearch::candidates(const Slot& slot) const {
  const auto pops = question_.pops.find(slot.vnf_profile_id);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < node_.size(); ++i) {
    bool right =
        pops == question_.pops.end() || pops->second.contains(node_[i]->location().nfvi_pop());
    for (const auto& constraint : question_.fragment->params().location_constraints()) {
      if (constraint.vnf_profile_id() != slot.vnf_profile_id) continue;
      right = right && matches(constraint.location(), *node_[i]);
    }
    if (right) found.push_back(i);
  }
  if (!found.empty()) return found;
  return make_problem(Problem::FAILED_PRECONDITION, "location.unmatched",
                      "no node is where '" + slot.vnf_profile_id + "' is to run")
      .at_resource("vnf-profile/" + slot.vnf_profile_id)
      .possible("widen the location constraint; the catalogue names the locations there are");
}

bool NodeSearch::allowed(std::size_t slot, std::size_t node) const {
  const ResolvedFunction& wanted = function(slots_[slot]);
  if (fits(room_[node], wanted.vcpus, wanted.memory_mib) == 0) return false;
  for (const Rule& rule : rule_) {
    if (std::find(rule.member.begin(), rule.member.end(), slot) == rule.member.end()) continue;
    const std::string here = place_of(*node_[node], rule.scope);
    for (const std::size_t other : rule.member) {
      if (other == slot || !chosen_[other]) continue;
      if ((place_of(*node_[*chosen_[other]], rule.scope) == here) != rule.together) return false;
    }
  }
  return true;
}

void NodeSearch::take(std::size_t node, const ResolvedFunction& wanted, bool back) {
  NodeRoom& room = room_[node];
  const auto move = [back](std::uint64_t& left, std::uint64_t amount) {
    left = back ? left + amount : left - amount;
  };
  move(room.vcpus, wanted.vcpus);
  move(room.memory_mib, wanted.memory_mib);
  move(room.instances, 1);
}

bool NodeSearch::place(std::size_t slot) {
  if (slot == slots_.size()) return true;
  std::vector<std::size_t> order = candidate_[slot];
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(room_[a].vcpus, room_[a].memory_mib) <
           std::pair(room_[b].vcpus, room_[b].memory_mib);
  });
  for (const std::size_t node : order) {
    if (++steps_ > kStepLimit) return false;
    if (!allowed(slot, node)) continue;
    chosen_[slot] = node;
    take(node, function(slots_[slot]), false);
    if (place(slot + 1)) return true;
    take(node, function(slots_[slot]), true);
    chosen_[slot].reset();
  }
  return false;
}

// Says whether room or rules are to blame: whichever it is without the other.
Problem NodeSearch::refuse() {
  for (std::size_t i = 0; i < node_.size(); ++i) room_[i] = room_of(*node_[i], *question_.usage);
  const bool had_rules = !std::exchange(rule_, {}).empty();
  chosen_.assign(slots_.size(), std::nullopt);
  steps_ = 0;
  if (had_rules && place(0)) {
    return make_problem(Problem::RESOURCE_EXHAUSTED, "affinity.unsatisfiable",
                        "there is room, but not so that the affinity rules hold")
        .at_path("fragment.nsd.df[0].affinity-or-anti-affinity-group")
        .possible("a smaller scope, or fewer instances that must be apart");
  }
  std::uint64_t vcpus = 0;
  std::uint64_t memory = 0;
  for (const Slot& slot : slots_) {
    vcpus += function(slot).vcpus;
    memory += function(slot).memory_mib;
  }
  NodeRoom total;
  NodeRoom largest;
  for (const Node* node : node_) {
    const NodeRoom room = room_of(*node, *question_.usage);
    total.vcpus += room.vcpus;
    total.memory_mib += room.memory_mib;
    largest.vcpus = std::max(largest.vcpus, room.vcpus);
    largest.memory_mib = std::max(largest.memory_mib, room.memory_mib);
  }
  const auto figures = [](std::uint64_t cpus, std::uint64_t mib) {
    return std::to_string(cpus) + " vCPUs and " + std::to_string(mib) + " MiB";
  };
  return make_problem(Problem::RESOURCE_EXHAUSTED, "capacity.exhausted",
                      "there is no room for these " + std::to_string(slots_.size()) + " instances")
      .constraint("capacity", figures(total.vcpus, total.memory_mib), figures(vcpus, memory))
      .possible("at most " + figures(largest.vcpus, largest.memory_mib) + " fit in one place");
}

std::map<Slot, std::string> NodeSearch::answer() const {
  std::map<Slot, std::string> nodes;
  for (std::size_t i = 0; i < slots_.size(); ++i) nodes[slots_[i]] = node_[*chosen_[i]]->id();
  return nodes;
}

std::uint64_t less(std::uint64_t whole, std::uint64_t used) {
  return whole > used ? whole - used : 0;
}

}  // namespace

NodeRoom room_of(const Node& node, const Usage& usage) {
  const NodeUse used = usage.of_node(node.id());
  NodeRoom room;
  room.vcpus = less(node.vcpus(), used.vcpus);
  room.memory_mib = less(node.memory_mib(), used.memory_mib);
  room.instances = node.instances() == 0 ? std::numeric_limits<std::uint32_t>::max()
                                         : less(node.instances(), used.instances);
  return room;
}

std::uint64_t fits(const NodeRoom& room, std::uint64_t vcpus, std::uint64_t memory_mib) {
  std::uint64_t count = room.instances;
  if (vcpus > 0) count = std::min(count, room.vcpus / vcpus);
  if (memory_mib > 0) count = std::min(count, room.memory_mib / memory_mib);
  return count;
}

Result<std::map<Slot, std::string>> choose_nodes(const NodeQuestion& question) {
  return NodeSearch(question).run();
}

}  // namespace terrace
