// MAC addresses and prefixes of them, as values.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace terrace {

// Text: "02:54:00:10:00:0a", lower case.
struct MacAddress {
  // The low 48 bits, in the order they are written.
  std::uint64_t bits = 0;

  // INVALID_ARGUMENT "mac.malformed".
  static Result<MacAddress> parse(std::string_view text);
  std::string str() const;
  // A group address: no interface can have it.
  bool is_group() const { return (bits >> 40 & 1) != 0; }

  auto operator<=>(const MacAddress&) const = default;
};

// Leading bits that MACs share: "02:54:00:10:00:00/28", no other bits set.
class MacPrefix {
 public:
  MacPrefix() = default;
  // Precondition: length <= 48. Bits behind the prefix are dropped.
  MacPrefix(MacAddress address, unsigned length);

  // INVALID_ARGUMENT "mac.malformed".
  static Result<MacPrefix> parse(std::string_view text);
  std::string str() const;

  unsigned length() const { return length_; }
  MacAddress first() const { return first_; }
  MacAddress last() const { return {first_.bits | (count() - 1)}; }
  std::uint64_t count() const { return std::uint64_t{1} << (48 - length_); }
  bool contains(MacAddress mac) const;
  bool contains(const MacPrefix& other) const;
  bool overlaps(const MacPrefix& other) const { return contains(other) || other.contains(*this); }

  // The index-th of the parts that are `bits` longer, if there is one.
  std::optional<MacPrefix> part(unsigned bits, std::uint64_t index) const;

  auto operator<=>(const MacPrefix&) const = default;

 private:
  MacAddress first_;
  unsigned length_ = 0;
};

}  // namespace terrace
