#include "recursion/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace terrace {

uint128 saturating_add(uint128 a, uint128 b) {
  return a > kMaxUint128 - b ? kMaxUint128 : a + b;
}

uint128 saturating_power_of_two(unsigned bits) {
  return bits >= 128 ? kMaxUint128 : uint128{1} << bits;
}

std::string to_text(uint128 number) {
  std::string text;
  do {
    text.push_back(static_cast<char>('0' + static_cast<int>(number % 10)));
    number /= 10;
  } while (number != 0);
  std::reverse(text.begin(), text.end());
  return text;
}

const char* name_of(IpFamily family) {
  return family == IpFamily::kV4 ? "IPv4" : "IPv6";
}

IpAddress::IpAddress(IpFamily family, uint128 bits)
    : family_(family), bits_(family == IpFamily::kV4 ? static_cast<std::uint32_t>(bits) : bits) {}

namespace {

template <std::size_t size>
uint128 from_network_order(const std::array<unsigned char, size>& bytes) {
  uint128 bits = 0;
  for (const unsigned char byte : bytes) bits = bits << 8 | byte;
  return bits;
}

std::string v6_text(uint128 bits) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) {
    groups[i] = static_cast<unsigned>(bits >> (112 - 16 * i)) & 0xffff;
  }
  // RFC 5952, 4.2: the longest run of two zero groups or more, the first of equals.
  std::size_t run_first = 8;
  std::size_t run_length = 1;
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > run_length) {
      run_first = i;
      run_length = end - i;
    }
    i = end + 1;
  }
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == run_first) {
      text += "::";
      i += run_length - 1;
      continue;
    }
    if (i > 0 && text.back() != ':') text += ':';
    bool leading = true;
    for (int shift = 12; shift >= 0; shift -= 4) {
      const unsigned digit = groups[i] >> shift & 0xf;
      if (leading && digit == 0 && shift > 0) continue;
      leading = false;
      text += kDigits[digit];
    }
  }
  return text;
}

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  if (std::array<unsigned char, 4> v4{};
      inet_pton(AF_INET, copy.c_str(), v4.data()) == 1 && copy.find('\0') == std::string::npos) {
    return IpAddress(IpFamily::kV4, from_network_order(v4));
  }
  if (std::array<unsigned char, 16> v6{};
      inet_pton(AF_INET6, copy.c_str(), v6.data()) == 1 && copy.find('\0') == std::string::npos) {
    return IpAddress(IpFamily::kV6, from_network_order(v6));
  }
  return make_problem(Problem::INVALID_ARGUMENT, "address.malformed",
                      "\"" + copy + "\" is no IPv4 or IPv6 address");
}

Result<IpAddress> IpAddress::parse_canonical(std::string_view text) {
  auto address = parse(text);
  if (!address) return address;
  if (const std::string canonical = address->str(); canonical != text) {
    return make_problem(Problem::INVALID_ARGUMENT, "address.not-canonical",
                        "\"" + std::string(text) + "\" is not written canonically")
        .constraint("canonical", canonical, text);
  }
  return address;
}

std::string IpAddress::str() const {
  if (family_ == IpFamily::kV6) {
    // RFC 5952, 5: IPv4-mapped addresses in mixed notation, as inet_ntop has them.
    if (bits_ >> 32 == 0xffff) {
      return "::ffff:" + IpAddress(IpFamily::kV4, bits_).str();
    }
    return v6_text(bits_);
  }
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    if (shift < 24) text += '.';
    text += std::to_string(static_cast<unsigned>(bits_ >> shift) & 0xff);
  }
  return text;
}

}  // namespace terrace
