// An IP address as a value: numbers to reckon with, canonical text (RFC 4291, RFC 5952) at the
// edges.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace terrace {

// As many addresses as there are, and how many of them: 128 bits.
__extension__ typedef unsigned __int128 uint128;

inline constexpr uint128 kMaxUint128 = ~uint128{0};

// a + b and 2^bits, the largest number where they do not fit.
uint128 saturating_add(uint128 a, uint128 b);
uint128 saturating_power_of_two(unsigned bits);

// In decimal.
std::string to_text(uint128 number);

enum class IpFamily : std::uint8_t { kV4, kV6 };

// 32 or 128.
constexpr unsigned width_of(IpFamily family) {
  return family == IpFamily::kV4 ? 32 : 128;
}
const char* name_of(IpFamily family);

class IpAddress {
 public:
  // 0.0.0.0
  IpAddress() = default;
  // `bits` in host order; for IPv4 only the low 32 count.
  IpAddress(IpFamily family, uint128 bits);

  // Any text form that inet_pton reads (no zone); INVALID_ARGUMENT "address.malformed" says why.
  static Result<IpAddress> parse(std::string_view text);
  // Canonical text only; INVALID_ARGUMENT "address.not-canonical" tells the canonical form.
  static Result<IpAddress> parse_canonical(std::string_view text);

  IpFamily family() const { return family_; }
  uint128 bits() const { return bits_; }
  std::string str() const;

  // `count` addresses further on. Precondition: it stays within the family.
  IpAddress plus(uint128 count) const { return {family_, bits_ + count}; }

  // IPv4 sorts before IPv6.
  auto operator<=>(const IpAddress&) const = default;

 private:
  IpFamily family_ = IpFamily::kV4;
  uint128 bits_ = 0;
};

}  // namespace terrace
