#include "base/digest.h"

#include <openssl/evp.h>

#include <array>
#include <new>

namespace terrace {

std::string sha256_hex(std::string_view bytes) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::array<unsigned char, 32> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::bad_alloc();  // the only way it fails here
  }
  std::string text = "sha256:";
  text.reserve(text.size() + 2 * digest.size());
  for (const unsigned char byte : digest) {
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 0x0f];
  }
  return text;
}

}  // namespace terrace
