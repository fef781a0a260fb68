#include "base/ids.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>
#include <stdexcept>

namespace terrace {
namespace {

using Bytes = std::array<unsigned char, 16>;

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool is_hyphen_place(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

// Sets version and variant, and writes it down.
std::string to_text(Bytes bytes, unsigned version) {
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | (version << 4));
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  std::string text;
  text.reserve(36);
  for (const unsigned char byte : bytes) {
    if (is_hyphen_place(text.size())) text += '-';
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 0x0f];
  }
  return text;
}

// Precondition: is_uuid(text).
Bytes to_bytes(std::string_view text) {
  Bytes bytes{};
  std::size_t digit = 0;
  for (const char c : text) {
    if (c == '-') continue;
    auto& byte = bytes[digit++ / 2];
    byte = static_cast<unsigned char>((byte << 4) | kHexDigits.find(c));
  }
  return bytes;
}

}  // namespace

std::string uuid_v4(Random& random) {
  Bytes bytes{};
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint64_t word = random.next();
    for (std::size_t i = 0; i < 8; ++i, word >>= 8) {
      bytes[half * 8 + i] = static_cast<unsigned char>(word);
    }
  }
  return to_text(bytes, 4);
}

std::string uuid_v5(std::string_view namespace_uuid, std::string_view name) {
  if (!is_uuid(namespace_uuid)) {
    throw std::invalid_argument("no UUID to be a namespace: " + std::string(namespace_uuid));
  }
  const Bytes space = to_bytes(namespace_uuid);
  std::string input(space.begin(), space.end());
  input += name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (EVP_Digest(input.data(), input.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1) {
    throw std::bad_alloc();  // the only way it fails here
  }
  Bytes bytes{};
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  return to_text(bytes, 5);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool fits =
        is_hyphen_place(i) ? text[i] == '-' : kHexDigits.find(text[i]) != std::string_view::npos;
    if (!fits) return false;
  }
  return true;
}

}  // namespace terrace
