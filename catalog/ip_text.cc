#include "catalog/ip_text.h"

#include <arpa/inet.h>

#include <charconv>
#include <tuple>

namespace terrace {
namespace {

std::string to_text(int version, const std::string& bytes) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(version == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

std::string mask(std::string bytes, int length) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int kept = length - static_cast<int>(i) * 8;
    const unsigned bits = kept >= 8 ? 0xffU : kept <= 0 ? 0U : (0xff00U >> kept) & 0xffU;
    bytes[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) & bits);
  }
  return bytes;
}

}  // namespace

std::optional<IpText> parse_ip(std::string_view text) {
  const std::string copy(text);
  if (copy.find('\0') != std::string::npos) return std::nullopt;
  for (const auto& [family, version, size] : {std::tuple(AF_INET, 4, 4), {AF_INET6, 6, 16}}) {
    IpText result;
    result.bytes.resize(static_cast<std::size_t>(size));
    if (inet_pton(family, copy.c_str(), result.bytes.data()) != 1) continue;
    result.version = version;
    result.canonical = to_text(version, result.bytes);
    return result;
  }
  return std::nullopt;
}

std::optional<PrefixText> parse_prefix(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_ip(text.substr(0, slash));
  const auto digits = text.substr(slash + 1);
  int length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const bool sound = error == std::errc() && end == digits.data() + digits.size() &&
                     !digits.starts_with('-') && (digits == "0" || !digits.starts_with('0'));
  if (!address || !sound || length > static_cast<int>(address->bytes.size()) * 8) {
    return std::nullopt;
  }
  PrefixText prefix{*address, length, false};
  prefix.has_host_bits = mask(address->bytes, length) != address->bytes;
  return prefix;
}

std::string PrefixText::masked() const {
  return to_text(address.version, mask(address.bytes, length)) + "/" + std::to_string(length);
}

bool PrefixText::contains(const IpText& other) const {
  return other.version == address.version &&
         mask(other.bytes, length) == mask(address.bytes, length);
}

}  // namespace terrace
