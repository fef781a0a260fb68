// Siblings' shares of MAC prefixes and port ids: disjoint, with room for siblings to come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "recursion/mac.h"
#include "terrace/v1/addressing.pb.h"

namespace terrace {

// One who shares.
struct ShareNeed {
  // How many values it must have.
  std::uint64_t count = 0;
  // What it has already, and keeps.
  std::optional<MacPrefix> former_macs;
  std::optional<v1::PortIdRange> former_ports;
};

// About half of `whole` is left for later where that still meets the needs. RESOURCE_EXHAUSTED
// "envelope.exhausted" naming `link_id`.
Result<std::vector<MacPrefix>> share_macs(const MacPrefix& whole,
                                          const std::vector<ShareNeed>& needs,
                                          const std::string& link_id);

// Likewise. Precondition: whole.first <= whole.last.
Result<std::vector<v1::PortIdRange>> share_ports(const v1::PortIdRange& whole,
                                                 const std::vector<ShareNeed>& needs,
                                                 const std::string& link_id);

}  // namespace terrace
