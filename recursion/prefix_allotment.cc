// Prefixes for links out of free space.
#include <algorithm>
#include <numeric>

#include "recursion/subnet.h"

namespace terrace {

namespace {

bool fits(const Prefix& prefix, const PrefixDemand& demand) {
  const uint128 room = assignable_of(prefix).count();
  const AddressSet reserve = probe_reserve(prefix);
  const uint128 beside = reserve.count();
  const uint128 inside = demand.probes > beside ? demand.probes - beside : 0;
  return saturating_add(demand.points, inside) <= room;
}

// The longest prefix in which the demand fits.
unsigned longest_for(IpFamily family, const PrefixDemand& demand) {
  for (unsigned length = width_of(family); length > 0; --length) {
    if (fits(Prefix(IpAddress(family, 0), length), demand)) return length;
  }
  return 0;
}

struct FamilyDemand {
  std::size_t index = 0;
  unsigned longest = 0;
};

std::vector<FamilyDemand> demands_of(IpFamily family, const PrefixSpace& space,
                                     const std::vector<PrefixDemand>& demands) {
  std::vector<FamilyDemand> result;
  const bool has = space.largest(family).has_value();
  for (std::size_t i = 0; i < demands.size(); ++i) {
    const auto& families = demands[i].families;
    const bool asked = std::find(families.begin(), families.end(), family) != families.end();
    if (asked || (families.empty() && has)) {
      result.push_back({i, longest_for(family, demands[i])});
    }
  }
  return result;
}

// All of them with that length, or a shorter one where a demand needs it; largest first, so that
// none is lost to how the space is cut up.
bool take_all(PrefixSpace& space, IpFamily family, unsigned length,
              const std::vector<FamilyDemand>& demands, std::vector<std::vector<Prefix>>& result) {
  std::vector<std::size_t> order(demands.size());
  std::iota(order.begin(), order.end(), 0);
  const auto length_of = [&](std::size_t i) { return std::min(length, demands[i].longest); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return length_of(a) < length_of(b); });
  for (const std::size_t i : order) {
    const auto prefix = space.take(family, length_of(i));
    if (!prefix) return false;
    result[demands[i].index].push_back(*prefix);
  }
  return true;
}

Problem no_room(const PrefixSpace& space, IpFamily family, const std::vector<PrefixDemand>& demands,
                const std::vector<FamilyDemand>& wanted) {
  uint128 needed = 0;
  const FamilyDemand* largest = &wanted.front();
  for (const FamilyDemand& demand : wanted) {
    needed = saturating_add(needed, saturating_power_of_two(width_of(family) - demand.longest));
    if (demand.longest < largest->longest) largest = &demand;
  }
  const auto free = space.largest(family);
  auto problem = exhausted(demands[largest->index].link_id,
                           std::string(name_of(family)) + " addresses of the carve", needed,
                           space.count(family), "what is left of it");
  if (free) {
    return std::move(problem).possible("links in a /" + std::to_string(*free) + " or longer");
  }
  return std::move(problem).possible(std::string("a pool of ") + name_of(family) + " prefixes");
}

}  // namespace

Result<std::vector<std::vector<Prefix>>> allot_prefixes(PrefixSpace& space,
                                                        const std::vector<PrefixDemand>& demands,
                                                        PrefixLengths lengths) {
  std::vector<std::vector<Prefix>> result(demands.size());
  for (std::size_t i = 0; i < demands.size(); ++i) {
    if (demands[i].families.empty() && space.free().empty()) {
      return exhausted(demands[i].link_id, "addresses of the carve", demands[i].points, 0, "it")
          .possible("a carve in the envelope");
    }
  }
  PrefixSpace left = space;
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    const auto wanted = demands_of(family, left, demands);
    if (wanted.empty()) continue;
    unsigned longest = 0;
    for (const FamilyDemand& demand : wanted) longest = std::max(longest, demand.longest);
    bool done = false;
    for (unsigned length = family == IpFamily::kV4 ? lengths.v4 : lengths.v6;
         !done && length <= std::max(longest, family == IpFamily::kV4 ? lengths.v4 : lengths.v6);
         ++length) {
      PrefixSpace trial = left;
      auto trial_result = result;
      if (!take_all(trial, family, length, wanted, trial_result)) continue;
      left = std::move(trial);
      result = std::move(trial_result);
      done = true;
    }
    if (!done) return no_room(left, family, demands, wanted);
  }
  space = std::move(left);
  return result;
}

}  // namespace terrace
