// IP addresses as descriptors write them, to canonical text (RFC 4291, RFC 5952). What addresses
// mean is the business of recursion/; a descriptor only has to name sound ones.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace terrace {

struct IpText {
  std::string canonical;
  // 4 or 6.
  int version = 4;
  // 4 or 16 bytes, in network order.
  std::string bytes;
};

struct PrefixText {
  IpText address;
  int length = 0;
  // Whether bits behind the length are set: then it is no prefix, but an address with one.
  bool has_host_bits = false;

  std::string canonical() const { return address.canonical + "/" + std::to_string(length); }
  // The prefix without its host bits: what the author probably meant.
  std::string masked() const;
  bool contains(const IpText& other) const;
};

std::optional<IpText> parse_ip(std::string_view text);
std::optional<PrefixText> parse_prefix(std::string_view text);

}  // namespace terrace
