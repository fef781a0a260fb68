// What this machine's kernel lets us use, found by trying it in a namespace made for that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace terrace::kernel {

struct Feature {
  // "veth", "bridge", "vxlan", "nftables", "nat", "tbf", "htb", "policy-routing", "ipv6", "ping".
  std::string name;
  bool available = false;
  // In words for a user: what it is for; where it is missing, what the kernel said and what to try.
  std::string detail;
};

// A Problem only where not even a namespace can be made (says what to try). Takes a few
// milliseconds and leaves nothing behind.
Result<std::vector<Feature>> detect_features();

// Those without which the netns infrastructure cannot work (veth, bridge, vxlan, nftables): the
// first that is missing as UNIMPLEMENTED, "linux.unsupported".
Status require_features(const std::vector<Feature>& found, const std::vector<std::string>& names);

}  // namespace terrace::kernel
