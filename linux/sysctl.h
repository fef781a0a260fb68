// Settings below /proc/sys/net, as a namespace sees them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "linux/netns.h"

namespace terrace::kernel {

struct Sysctl {
  // Path below /proc/sys/net, with slashes, since links' names may hold dots:
  // "ipv4/ip_forward", "ipv4/conf/eth0/rp_filter". ".." is refused.
  std::string path;
  std::string value;
};

// Writes them in order, and stops at the first that fails (NOT_FOUND: this kernel has no such
// setting, or the link is not there).
Status write_sysctls(const NetNs& ns, const std::vector<Sysctl>& settings);
// Without the final newline.
Result<std::string> read_sysctl(const NetNs& ns, std::string_view path);

// What a namespace that forwards between its links wants: forwarding on for both families, no
// redirects sent or taken, no reverse-path filter, no router advertisements taken, no wait for
// duplicate address detection. `all` and `default`, so call it before links arrive.
Status make_router(const NetNs& ns);

}  // namespace terrace::kernel
