// Packet filter and NAT of a namespace, by libnftables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "linux/netns.h"

namespace terrace::kernel {

struct NftCounter {
  // "ip", "inet", "bridge", ...
  std::string family;
  std::string table;
  std::string name;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

// Applies the commands or ruleset (nft's own language) as one transaction: all or nothing. To put a
// table in the place of what may be there, begin with "add table T; delete table T;".
// INVALID_ARGUMENT ("nft.refused") carries libnftables' messages, with the line where it tells.
Status nft_apply(const NetNs& ns, std::string_view ruleset);

// The whole ruleset in libnftables' JSON (libnftables-json(5)), object handles included.
Result<std::string> nft_ruleset_json(const NetNs& ns);

// All named counters ("counter blocked { }"), as they stand.
Result<std::vector<NftCounter>> nft_counters(const NetNs& ns);

}  // namespace terrace::kernel
