#include "recursion/mac.h"

#include <charconv>

namespace terrace {

namespace {

Problem malformed(std::string_view text, std::string_view form) {
  return problem(Problem::INVALID_ARGUMENT, "mac.malformed",
                 "\"" + std::string(text) + "\" is not of the form \"" + std::string(form) + "\"");
}

constexpr std::string_view kAddressForm = "02:54:00:10:00:0a";
constexpr std::string_view kPrefixForm = "02:54:00:10:00:00/28";

std::uint64_t mask(unsigned length) {
  return length == 0 ? 0 : ~std::uint64_t{0} << (48 - length) & 0xffff'ffff'ffff;
}

}  // namespace

Result<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != 17) return malformed(text, kAddressForm);
  MacAddress mac;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i % 3 == 2) {
      if (c != ':') return malformed(text, kAddressForm);
    } else if (c >= '0' && c <= '9') {
      mac.bits = mac.bits << 4 | static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      mac.bits = mac.bits << 4 | static_cast<unsigned>(c - 'a' + 10);
    } else {
      return malformed(text, kAddressForm);
    }
  }
  return mac;
}

std::string MacAddress::str() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (int shift = 44; shift >= 0; shift -= 4) {
    text += kDigits[bits >> shift & 0xf];
    if (shift % 8 == 0 && shift > 0) text += ':';
  }
  return text;
}

MacPrefix::MacPrefix(MacAddress address, unsigned length)
    : first_{address.bits & mask(length)}, length_(length) {}

Result<MacPrefix> MacPrefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return malformed(text, kPrefixForm);
  const auto address = MacAddress::parse(text.substr(0, slash));
  if (!address) return malformed(text, kPrefixForm);
  unsigned length = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, length);
  if (error != std::errc{} || stop != end || length > 48) return malformed(text, kPrefixForm);
  const MacPrefix prefix(*address, length);
  if (prefix.str() != text) {
    return make_problem(Problem::INVALID_ARGUMENT, "mac.malformed",
                        "\"" + std::string(text) + "\" has bits set behind its prefix")
        .constraint("canonical", prefix.str(), text);
  }
  return prefix;
}

std::string MacPrefix::str() const {
  return first_.str() + "/" + std::to_string(length_);
}

bool MacPrefix::contains(MacAddress mac) const {
  return (mac.bits & mask(length_)) == first_.bits;
}

bool MacPrefix::contains(const MacPrefix& other) const {
  return other.length_ >= length_ && contains(other.first_);
}

std::optional<MacPrefix> MacPrefix::part(unsigned bits, std::uint64_t index) const {
  const unsigned longer = length_ + bits;
  if (longer > 48 || bits > 48 || index >> bits != 0) return std::nullopt;
  return MacPrefix({first_.bits | index << (48 - longer)}, longer);
}

}  // namespace terrace
