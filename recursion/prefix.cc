#include "recursion/prefix.h"

#include <algorithm>
#include <charconv>

namespace terrace {

namespace {

// The bits of an address behind a prefix of that length, all set.
uint128 host_mask(IpFamily family, unsigned length) {
  const unsigned bits = width_of(family) - length;
  return bits >= 128 ? kMaxUint128 : (uint128{1} << bits) - 1;
}

// Splits "text/length". The length has no sign and no leading zero, and fits the family.
Result<InterfaceAddress> parse_with_length(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    return problem(Problem::INVALID_ARGUMENT, "prefix.malformed",
                   "\"" + std::string(text) + "\" has no prefix length");
  }
  auto address = IpAddress::parse_canonical(text.substr(0, slash));
  if (!address) return address.problem();
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc{} || stop != digits.data() + digits.size() ||
      (digits.size() > 1 && digits.front() == '0') || length > width_of(address->family())) {
    return make_problem(Problem::INVALID_ARGUMENT, "prefix.malformed",
                        "\"" + std::string(text) + "\" has no prefix length that fits")
        .constraint("prefix-length", "0.." + std::to_string(width_of(address->family())), digits);
  }
  return InterfaceAddress{*address, length};
}

}  // namespace

Prefix::Prefix(const IpAddress& address, unsigned length)
    : first_(address.family(), address.bits() & ~host_mask(address.family(), length)),
      length_(length) {}

Result<Prefix> Prefix::parse(std::string_view text) {
  const auto parsed = parse_with_length(text);
  if (!parsed) return parsed.problem();
  const Prefix prefix = parsed->prefix();
  if (prefix.first() != parsed->address) {
    return make_problem(Problem::INVALID_ARGUMENT, "prefix.host-bits",
                        "\"" + std::string(text) + "\" has bits set behind its prefix")
        .constraint("canonical", prefix.str(), text);
  }
  return prefix;
}

IpAddress Prefix::last() const {
  return {family(), first_.bits() | host_mask(family(), length_)};
}

std::string Prefix::str() const {
  return first_.str() + "/" + std::to_string(length_);
}

uint128 Prefix::count() const {
  return saturating_power_of_two(width_of(family()) - length_);
}

bool Prefix::contains(const IpAddress& address) const {
  return address.family() == family() &&
         (address.bits() & ~host_mask(family(), length_)) == first_.bits();
}

bool Prefix::contains(const Prefix& other) const {
  return other.length_ >= length_ && contains(other.first_);
}

AddressRange Prefix::range() const {
  return {first_, last()};
}

AddressRange Prefix::hosts() const {
  if (width_of(family()) - length_ < 2) return range();
  const IpAddress first_host = first_.plus(1);
  if (family() == IpFamily::kV6) return {first_host, last()};
  return {first_host, {family(), last().bits() - 1}};
}

std::optional<Prefix> Prefix::sub_prefix(unsigned length, uint128 index) const {
  if (length < length_ || length > width_of(family())) return std::nullopt;
  const unsigned bits = length - length_;
  if (bits < 128 && index >> bits != 0) return std::nullopt;
  const unsigned shift = width_of(family()) - length;
  return Prefix(first_.plus(shift >= 128 ? 0 : index << shift), length);
}

std::optional<Prefix> Prefix::next() const {
  const IpAddress end = last();
  if (end.bits() == host_mask(family(), 0)) return std::nullopt;
  return Prefix(end.plus(1), length_);
}

std::vector<Prefix> Prefix::minus(const Prefix& taken) const {
  if (taken.contains(*this)) return {};
  if (!contains(taken)) return {*this};
  // Halve towards the taken one; the other halves stay.
  std::vector<Prefix> left;
  for (Prefix around = *this; around != taken;) {
    const Prefix low = *around.sub_prefix(around.length() + 1, 0);
    const Prefix high = *around.sub_prefix(around.length() + 1, 1);
    const bool in_low = low.contains(taken);
    left.push_back(in_low ? high : low);
    around = in_low ? low : high;
  }
  std::sort(left.begin(), left.end());
  return left;
}

Result<InterfaceAddress> InterfaceAddress::parse(std::string_view text) {
  return parse_with_length(text);
}

std::string InterfaceAddress::str() const {
  return address.str() + "/" + std::to_string(length);
}

std::vector<Prefix> aggregate(std::vector<Prefix> prefixes) {
  std::sort(prefixes.begin(), prefixes.end());
  std::vector<Prefix> result;
  for (const Prefix& prefix : prefixes) {
    if (!result.empty() && result.back().contains(prefix)) continue;
    result.push_back(prefix);
    // Two halves of one prefix become it, and perhaps the half of a shorter one.
    while (result.size() >= 2) {
      const Prefix& low = result[result.size() - 2];
      const Prefix& high = result.back();
      if (low.length() != high.length() || low.length() == 0) break;
      const Prefix both(low.first(), low.length() - 1);
      if (!both.contains(high)) break;
      result.pop_back();
      result.back() = both;
    }
  }
  return result;
}

PrefixSpace::PrefixSpace(std::vector<Prefix> free) : free_(aggregate(std::move(free))) {}

std::optional<Prefix> PrefixSpace::take(IpFamily family, unsigned length) {
  const Prefix* best = nullptr;
  for (const Prefix& free : free_) {
    if (free.family() != family || free.length() > length) continue;
    if (best == nullptr || free.length() > best->length()) best = &free;
  }
  if (best == nullptr || length > width_of(family)) return std::nullopt;
  const Prefix taken(best->first(), length);
  remove(taken);
  return taken;
}

void PrefixSpace::remove(const Prefix& prefix) {
  std::vector<Prefix> left;
  for (const Prefix& free : free_) {
    for (const Prefix& rest : free.minus(prefix)) left.push_back(rest);
  }
  free_ = std::move(left);
}

uint128 PrefixSpace::count(IpFamily family) const {
  uint128 sum = 0;
  for (const Prefix& free : free_) {
    if (free.family() == family) sum = saturating_add(sum, free.count());
  }
  return sum;
}

std::optional<unsigned> PrefixSpace::largest(IpFamily family) const {
  std::optional<unsigned> shortest;
  for (const Prefix& free : free_) {
    if (free.family() != family) continue;
    shortest = std::min(shortest.value_or(free.length()), free.length());
  }
  return shortest;
}

}  // namespace terrace
