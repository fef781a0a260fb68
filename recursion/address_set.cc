// Ranges, one by one and as sets.
#include <algorithm>

#include "recursion/prefix.h"

namespace terrace {

Result<AddressRange> AddressRange::parse(std::string_view first_text, std::string_view last_text) {
  const auto first = IpAddress::parse_canonical(first_text);
  if (!first) return first.problem();
  const auto last = IpAddress::parse_canonical(last_text);
  if (!last) return last.problem();
  if (first->family() != last->family() || *first > *last) {
    return problem(Problem::INVALID_ARGUMENT, "range.malformed",
                   "\"" + std::string(first_text) + "\" to \"" + std::string(last_text) +
                       "\" is no range of addresses");
  }
  return AddressRange{*first, *last};
}

std::string AddressRange::str() const {
  return first == last ? first.str() : first.str() + "-" + last.str();
}

uint128 AddressRange::count() const {
  return saturating_add(last.bits() - first.bits(), 1);
}

bool AddressRange::contains(const IpAddress& address) const {
  return address.family() == family() && first <= address && address <= last;
}

bool AddressRange::contains(const AddressRange& other) const {
  return contains(other.first) && contains(other.last);
}

bool AddressRange::overlaps(const AddressRange& other) const {
  return other.family() == family() && first <= other.last && other.first <= last;
}

AddressSet::AddressSet(std::vector<AddressRange> ranges) {
  std::sort(ranges.begin(), ranges.end());
  for (const AddressRange& range : ranges) {
    if (!ranges_.empty()) {
      AddressRange& before = ranges_.back();
      const bool touches =
          before.family() == range.family() &&
          (range.first <= before.last || range.first.bits() - before.last.bits() == 1);
      if (touches) {
        before.last = std::max(before.last, range.last);
        continue;
      }
    }
    ranges_.push_back(range);
  }
}

void AddressSet::add(const AddressRange& range) {
  std::vector<AddressRange> all = std::move(ranges_);
  all.push_back(range);
  *this = AddressSet(std::move(all));
}

void AddressSet::remove(const AddressRange& range) {
  std::vector<AddressRange> left;
  for (const AddressRange& mine : ranges_) {
    if (!mine.overlaps(range)) {
      left.push_back(mine);
      continue;
    }
    if (mine.first < range.first) {
      left.push_back({mine.first, {mine.family(), range.first.bits() - 1}});
    }
    if (range.last < mine.last) left.push_back({range.last.plus(1), mine.last});
  }
  ranges_ = std::move(left);
}

AddressSet AddressSet::take_lowest(uint128 count) {
  AddressSet taken;
  while (count > 0 && !ranges_.empty()) {
    AddressRange& lowest = ranges_.front();
    if (lowest.count() <= count) {
      count -= lowest.count();
      taken.ranges_.push_back(lowest);
      ranges_.erase(ranges_.begin());
      continue;
    }
    const IpAddress end = lowest.first.plus(count - 1);
    taken.ranges_.push_back({lowest.first, end});
    lowest.first = end.plus(1);
    count = 0;
  }
  return taken;
}

std::optional<IpAddress> AddressSet::take_highest() {
  if (ranges_.empty()) return std::nullopt;
  const IpAddress highest = ranges_.back().last;
  remove(highest);
  return highest;
}

uint128 AddressSet::count() const {
  uint128 sum = 0;
  for (const AddressRange& range : ranges_) sum = saturating_add(sum, range.count());
  return sum;
}

bool AddressSet::contains(const IpAddress& address) const {
  return contains(AddressRange{address, address});
}

bool AddressSet::contains(const AddressRange& range) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&](const AddressRange& mine) { return mine.contains(range); });
}

bool AddressSet::overlaps(const AddressRange& range) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&](const AddressRange& mine) { return mine.overlaps(range); });
}

}  // namespace terrace
