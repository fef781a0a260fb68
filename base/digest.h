// Digests, as descriptors, proofs and replays are compared by.
#pragma once

#include <string>
#include <string_view>

namespace terrace {

// "sha256:" and 64 lower-case hexadecimal digits (FIPS 180-4) over exactly these bytes.
std::string sha256_hex(std::string_view bytes);

}  // namespace terrace
