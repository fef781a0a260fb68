#include "recursion/subnet.h"

#include <algorithm>

namespace terrace {

namespace {

// At either end of a wide prefix.
constexpr unsigned kKept = 8;
constexpr unsigned kWideBits = 8;

bool is_wide(const Prefix& prefix) {
  return width_of(prefix.family()) - prefix.length() >= kWideBits;
}

AddressSet without(AddressSet set, const SubnetPlan& plan) {
  if (plan.gateway) set.remove(*plan.gateway);
  for (const auto& exclusion : plan.excluded) {
    const auto range = AddressRange::parse(exclusion.range().first(), exclusion.range().last());
    if (range) set.remove(*range);
  }
  return set;
}

void put_ranges(const AddressSet& set, v1::SubnetEnvelope& subnet) {
  subnet.clear_assignable();
  for (const AddressRange& range : set.ranges()) {
    auto& out = *subnet.add_assignable();
    out.set_first(range.first.str());
    out.set_last(range.last.str());
  }
}

// Where a probe is to be sent from: out of the reserve, else beside what is assigned, else out of
// it.
std::optional<IpAddress> pick_probe(const SubnetPlan& plan, AddressSet& assignable) {
  const AddressSet reserve = without(probe_reserve(plan.prefix), plan);
  for (const AddressRange& range : reserve.ranges()) {
    if (!assignable.contains(range.first)) return range.first;
  }
  AddressSet beside = without(AddressSet({plan.prefix.hosts()}), plan);
  for (const AddressRange& range : assignable.ranges()) beside.remove(range);
  if (!beside.empty()) return beside.take_highest();
  AddressSet inside = without(assignable, plan);
  const auto probe = inside.take_highest();
  if (probe) assignable.remove(*probe);
  return probe;
}

}  // namespace

ProblemBuilder exhausted(const std::string& link_id, const std::string& what, uint128 needed,
                         uint128 available, const std::string& where) {
  const std::string missing = to_text(needed > available ? needed - available : 1);
  return make_problem(Problem::RESOURCE_EXHAUSTED, "envelope.exhausted",
                      "link " + link_id + " needs " + to_text(needed) + " " + what + "; " + where +
                          " has " + to_text(available) + ": " + missing + " missing")
      .at_resource("link/" + link_id)
      .constraint(what, to_text(available), to_text(needed));
}

AddressSet assignable_of(const Prefix& prefix) {
  const AddressRange hosts = prefix.hosts();
  if (!is_wide(prefix)) return AddressSet({hosts});
  return AddressSet(
      {AddressRange{prefix.first().plus(kKept), {prefix.family(), prefix.last().bits() - kKept}}});
}

AddressSet probe_reserve(const Prefix& prefix) {
  if (!is_wide(prefix)) return {};
  return AddressSet(
      {AddressRange{{prefix.family(), prefix.last().bits() - kKept + 1}, prefix.hosts().last}});
}

AddressSet assignable_of(const v1::SubnetEnvelope& subnet) {
  SubnetPlan plan;
  const auto prefix = Prefix::parse(subnet.prefix());
  if (!prefix) return {};
  std::vector<AddressRange> ranges;
  for (const auto& assignable : subnet.assignable()) {
    const auto range = AddressRange::parse(assignable.first(), assignable.last());
    if (range) ranges.push_back(*range);
  }
  if (const auto gateway = IpAddress::parse(subnet.gateway())) plan.gateway = *gateway;
  plan.excluded.assign(subnet.excluded().begin(), subnet.excluded().end());
  AddressSet set = without(AddressSet(std::move(ranges)), plan);
  if (const auto probe = IpAddress::parse(subnet.probe_address())) set.remove(*probe);
  const AddressRange hosts = prefix->hosts();
  if (hosts.first != prefix->first()) set.remove(prefix->first());
  if (hosts.last != prefix->last()) set.remove(prefix->last());
  return set;
}

Result<v1::SubnetEnvelope> fresh_subnet(const SubnetPlan& plan, const std::string& link_id) {
  AddressSet assignable = plan.pools.empty() ? assignable_of(plan.prefix) : AddressSet(plan.pools);
  const auto probe = pick_probe(plan, assignable);
  if (!probe) {
    return exhausted(link_id, "addresses", 1, 0, plan.prefix.str())
        .possible("a shorter prefix for link " + link_id);
  }
  v1::SubnetEnvelope subnet;
  subnet.set_prefix(plan.prefix.str());
  if (plan.gateway) subnet.set_gateway(plan.gateway->str());
  for (const auto& exclusion : plan.excluded) *subnet.add_excluded() = exclusion;
  subnet.set_probe_address(probe->str());
  put_ranges(assignable, subnet);
  return subnet;
}

std::vector<uint128> share_out(uint128 total, const std::vector<uint128>& needs) {
  if (needs.empty()) return {};
  uint128 sum = 0;
  uint128 largest = 0;
  for (const uint128 need : needs) {
    sum = saturating_add(sum, need);
    largest = std::max(largest, need);
  }
  const bool even = largest <= total / needs.size();
  const uint128 shared = even ? total : total - sum;
  std::vector<uint128> shares;
  for (std::size_t i = 0; i < needs.size(); ++i) {
    const uint128 equal = shared / needs.size() + (i < shared % needs.size() ? 1 : 0);
    shares.push_back(even ? equal : needs[i] + equal);
  }
  return shares;
}

namespace {

void keep_former(const std::vector<SubnetEnd>& ends, AddressSet& free, AddressSet& probes) {
  for (const SubnetEnd& end : ends) {
    if (end.former == nullptr) continue;
    for (const auto& range : end.former->assignable()) {
      const auto kept = AddressRange::parse(range.first(), range.last());
      if (!kept) continue;
      free.remove(*kept);
      probes.remove(*kept);
    }
    if (const auto probe = IpAddress::parse(end.former->probe_address())) {
      free.remove(*probe);
      probes.remove(*probe);
    }
  }
}

v1::SubnetEnvelope subnet_of_end(const v1::SubnetEnvelope& whole, const SubnetEnd& end,
                                 const std::string& probe, const AddressSet& share) {
  v1::SubnetEnvelope subnet = end.former != nullptr ? *end.former : whole;
  if (end.former == nullptr) {
    subnet.clear_assignable();
    subnet.set_probe_address(probe);
  }
  AddressSet ranges = share;
  for (const auto& former : subnet.assignable()) {
    if (const auto range = AddressRange::parse(former.first(), former.last())) ranges.add(*range);
  }
  put_ranges(ranges, subnet);
  return subnet;
}

}  // namespace

Result<std::vector<v1::SubnetEnvelope>> divide_subnet(const v1::SubnetEnvelope& whole,
                                                      AddressSet spare_probes,
                                                      const std::vector<SubnetEnd>& ends,
                                                      const std::string& link_id) {
  AddressSet free = assignable_of(whole);
  // The whole's own probe address goes first, wherever it lies.
  AddressSet first_probe;
  if (const auto probe = IpAddress::parse(whole.probe_address())) first_probe.add({*probe, *probe});
  keep_former(ends, free, spare_probes);
  keep_former(ends, free, first_probe);

  std::vector<uint128> wanting;
  uint128 needed = 0;
  uint128 probes_needed = 0;
  for (const SubnetEnd& end : ends) {
    const uint128 has = end.former == nullptr ? 0 : assignable_of(*end.former).count();
    wanting.push_back(end.points > has ? end.points - has : 0);
    needed = saturating_add(needed, wanting.back());
    if (end.former == nullptr) ++probes_needed;
  }
  const uint128 beside = saturating_add(first_probe.count(), spare_probes.count());
  const uint128 probes_inside = probes_needed > beside ? probes_needed - beside : 0;
  if (saturating_add(needed, probes_inside) > free.count()) {
    const uint128 room = free.count() > probes_inside ? free.count() - probes_inside : 0;
    return exhausted(link_id, "addresses", needed + probes_inside, free.count(), whole.prefix())
        .possible("up to " + to_text(room) + " more connection points on link " + link_id +
                  " in this many parts")
        .possible("a shorter prefix for link " + link_id);
  }

  // Ends without a former share go first in line; a former end takes part only where it falls
  // short.
  std::vector<std::string> probes;
  for (const SubnetEnd& end : ends) {
    if (end.former != nullptr) {
      probes.emplace_back();
      continue;
    }
    AddressSet& from = !first_probe.empty() ? first_probe : spare_probes;
    const AddressSet taken = from.take_lowest(1);
    probes.push_back(taken.empty() ? free.take_highest()->str() : taken.ranges()[0].first.str());
  }
  std::vector<uint128> needs;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (ends[i].former == nullptr || wanting[i] > 0) needs.push_back(wanting[i]);
  }
  const std::vector<uint128> shares = share_out(free.count(), needs);
  std::vector<v1::SubnetEnvelope> result;
  std::size_t next = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const bool takes = ends[i].former == nullptr || wanting[i] > 0;
    const AddressSet share = takes ? free.take_lowest(shares[next++]) : AddressSet();
    result.push_back(subnet_of_end(whole, ends[i], probes[i], share));
  }
  return result;
}

}  // namespace terrace
