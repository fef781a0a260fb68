#include "recursion/share.h"

#include <algorithm>
#include <bit>

#include "recursion/subnet.h"

namespace terrace {

namespace {

// The lowest part of that size that overlaps nothing handed out.
std::optional<MacPrefix> free_part(const MacPrefix& whole, unsigned bits,
                                   const std::vector<MacPrefix>& handed_out) {
  for (std::uint64_t index = 0;; ++index) {
    const auto part = whole.part(bits, index);
    if (!part) return std::nullopt;
    const bool taken = std::any_of(handed_out.begin(), handed_out.end(),
                                   [&](const MacPrefix& out) { return out.overlaps(*part); });
    if (!taken) return part;
  }
}

// All shares with parts that are `bits` longer, if that is possible.
std::optional<std::vector<MacPrefix>> with_parts(const MacPrefix& whole, unsigned bits,
                                                 const std::vector<ShareNeed>& needs) {
  std::vector<MacPrefix> handed_out;
  for (const ShareNeed& need : needs) {
    if (need.former_macs) handed_out.push_back(*need.former_macs);
  }
  std::vector<MacPrefix> shares;
  for (const ShareNeed& need : needs) {
    if (need.former_macs) {
      shares.push_back(*need.former_macs);
      continue;
    }
    const auto part = free_part(whole, bits, handed_out);
    if (!part || part->count() < need.count) return std::nullopt;
    handed_out.push_back(*part);
    shares.push_back(*part);
  }
  return shares;
}

struct Interval {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t count() const { return last - first + 1; }
};

std::vector<Interval> without_formers(const v1::PortIdRange& whole,
                                      const std::vector<ShareNeed>& needs) {
  std::vector<Interval> free = {{whole.first(), whole.last()}};
  for (const ShareNeed& need : needs) {
    if (!need.former_ports) continue;
    const Interval taken{need.former_ports->first(), need.former_ports->last()};
    std::vector<Interval> left;
    for (const Interval& interval : free) {
      if (taken.last < interval.first || interval.last < taken.first) {
        left.push_back(interval);
        continue;
      }
      if (interval.first < taken.first) left.push_back({interval.first, taken.first - 1});
      if (taken.last < interval.last) left.push_back({taken.last + 1, interval.last});
    }
    free = std::move(left);
  }
  return free;
}

}  // namespace

Result<std::vector<MacPrefix>> share_macs(const MacPrefix& whole,
                                          const std::vector<ShareNeed>& needs,
                                          const std::string& link_id) {
  const unsigned exact = needs.size() <= 1 ? 0 : std::bit_width(needs.size() - 1);
  // One bit more than there are siblings now; without it where that is too narrow; and longer ones
  // where former shares have cut up the space.
  if (auto shares = with_parts(whole, exact + 1, needs)) return *std::move(shares);
  for (unsigned bits = exact; bits <= exact + 8; ++bits) {
    if (auto shares = with_parts(whole, bits, needs)) return *std::move(shares);
  }
  std::uint64_t needed = 0;
  for (const ShareNeed& need : needs) needed += need.count;
  auto problem = exhausted(link_id, "MAC addresses", needed, whole.count(), whole.str());
  return std::move(problem).possible("a shorter MAC prefix, for " + std::to_string(needs.size()) +
                                     " parts");
}

Result<std::vector<v1::PortIdRange>> share_ports(const v1::PortIdRange& whole,
                                                 const std::vector<ShareNeed>& needs,
                                                 const std::string& link_id) {
  std::vector<Interval> free = without_formers(whole, needs);
  std::uint64_t total = 0;
  for (const Interval& interval : free) total += interval.count();
  std::uint64_t needed = 0;
  for (const ShareNeed& need : needs) needed += need.former_ports ? 0 : need.count;
  const std::uint64_t growth = total > needed ? (total - needed) / (2 * needs.size()) : 0;

  std::vector<v1::PortIdRange> shares;
  for (const ShareNeed& need : needs) {
    if (need.former_ports) {
      shares.push_back(*need.former_ports);
      continue;
    }
    // A range is never empty: a part without connection points there gets one all the same.
    const std::uint64_t least = std::max<std::uint64_t>(need.count, 1);
    const auto interval = std::find_if(free.begin(), free.end(), [&](const Interval& candidate) {
      return candidate.last >= candidate.first && candidate.count() >= least;
    });
    if (interval == free.end()) {
      return exhausted(link_id, "port ids", needed, total,
                       std::to_string(whole.first()) + "-" + std::to_string(whole.last()))
          .possible("a wider range of port ids");
    }
    const std::uint64_t count = std::min(std::max(least, need.count + growth), interval->count());
    v1::PortIdRange share;
    share.set_first(static_cast<std::uint32_t>(interval->first));
    share.set_last(static_cast<std::uint32_t>(interval->first + count - 1));
    interval->first += count;
    if (interval->first > interval->last) free.erase(interval);
    shares.push_back(share);
  }
  return shares;
}

}  // namespace terrace
