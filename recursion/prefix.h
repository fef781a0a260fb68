// Prefixes and ranges of addresses as values, and how they are cut up. Everything that takes text
// has a form that insists on canonical text, as what crosses platforms must be.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "recursion/ip_address.h"

namespace terrace {

struct AddressRange;

// Without host bits.
class Prefix {
 public:
  // 0.0.0.0/0
  Prefix() = default;
  // The prefix of that length around the address. Precondition: length <= width_of(family).
  Prefix(const IpAddress& address, unsigned length);

  // "10.10.4.0/24". Canonical only: host bits, a missing length, leading zeros and non-canonical
  // addresses are INVALID_ARGUMENT ("prefix.malformed", "prefix.host-bits", "address.*").
  static Result<Prefix> parse(std::string_view text);

  IpFamily family() const { return first_.family(); }
  const IpAddress& first() const { return first_; }
  IpAddress last() const;
  unsigned length() const { return length_; }
  std::string str() const;

  // 2^(width - length), saturating: ::/0 has one address more than is said.
  uint128 count() const;
  bool contains(const IpAddress& address) const;
  bool contains(const Prefix& other) const;
  bool overlaps(const Prefix& other) const { return contains(other) || other.contains(*this); }

  // All its addresses; and those that a host may have: IPv4 without network and broadcast address
  // unless it is a /31 or /32 (RFC 3021), IPv6 without the subnet-router anycast address (RFC 4291,
  // 2.6.1) unless it is a /127 or /128 (RFC 6164).
  AddressRange range() const;
  AddressRange hosts() const;

  // The index-th sub-prefix of that length, if there is one.
  std::optional<Prefix> sub_prefix(unsigned length, uint128 index) const;
  // The one behind it of the same length, if any.
  std::optional<Prefix> next() const;
  // What is left of it, lowest first, in as few prefixes as can be. Nothing when `taken` covers it.
  std::vector<Prefix> minus(const Prefix& taken) const;

  auto operator<=>(const Prefix&) const = default;

 private:
  IpAddress first_;
  unsigned length_ = 0;
};

// "10.10.4.130/24": an address and its link's prefix length, canonical.
struct InterfaceAddress {
  IpAddress address;
  unsigned length = 0;

  static Result<InterfaceAddress> parse(std::string_view text);
  std::string str() const;
  Prefix prefix() const { return {address, length}; }

  auto operator<=>(const InterfaceAddress&) const = default;
};

// Inclusive, of one family, never empty: first <= last.
struct AddressRange {
  IpAddress first;
  IpAddress last;

  // Canonical text; INVALID_ARGUMENT "range.malformed" when mixed or upside down.
  static Result<AddressRange> parse(std::string_view first_text, std::string_view last_text);

  std::string str() const;
  IpFamily family() const { return first.family(); }
  // Saturating.
  uint128 count() const;
  bool contains(const IpAddress& address) const;
  bool contains(const AddressRange& other) const;
  bool overlaps(const AddressRange& other) const;

  auto operator<=>(const AddressRange&) const = default;
};

// Ranges as a set of addresses: sorted, disjoint, neighbours joined.
class AddressSet {
 public:
  AddressSet() = default;
  explicit AddressSet(std::vector<AddressRange> ranges);

  void add(const AddressRange& range);
  void remove(const AddressRange& range);
  void remove(const IpAddress& address) { remove(AddressRange{address, address}); }
  // Removes and returns the lowest `count` (fewer when there are fewer), or the highest one.
  AddressSet take_lowest(uint128 count);
  std::optional<IpAddress> take_highest();

  const std::vector<AddressRange>& ranges() const& { return ranges_; }
  std::vector<AddressRange> ranges() && { return std::move(ranges_); }
  bool empty() const { return ranges_.empty(); }
  // Saturating.
  uint128 count() const;
  bool contains(const IpAddress& address) const;
  bool contains(const AddressRange& range) const;
  bool overlaps(const AddressRange& range) const;

 private:
  std::vector<AddressRange> ranges_;
};

// Free space to take aligned prefixes from: the tightest that fits, the lowest of those.
class PrefixSpace {
 public:
  PrefixSpace() = default;
  explicit PrefixSpace(std::vector<Prefix> free);

  std::optional<Prefix> take(IpFamily family, unsigned length);
  void remove(const Prefix& prefix);

  // Sorted, disjoint, aggregated.
  const std::vector<Prefix>& free() const { return free_; }
  // Addresses left of one family, saturating.
  uint128 count(IpFamily family) const;
  // The shortest prefix length it could still give; none when nothing is left.
  std::optional<unsigned> largest(IpFamily family) const;

 private:
  std::vector<Prefix> free_;
};

// Sorted, without what others contain, halves of one prefix joined.
std::vector<Prefix> aggregate(std::vector<Prefix> prefixes);

}  // namespace terrace
