// Shaping of what leaves a link.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "linux/netns.h"

namespace terrace::kernel {

struct Shape {
  // kTokenBucket drops what waits longer than `latency`; kHierarchical (htb) queues up to the
  // link's queue length and may exceed 17 Gbit/s.
  enum class Kind { kTokenBucket, kHierarchical };

  Kind kind = Kind::kTokenBucket;
  // Bits a second of layer-2 frames; at least 8. kTokenBucket: below 2^31 bytes a second.
  std::uint64_t rate_bps = 0;
  // Bytes that may leave at once; at least the link's MTU and its header. 0: 10 ms of the rate, and
  // no less than two full frames.
  std::uint32_t burst_bytes = 0;
  Duration latency = std::chrono::milliseconds(50);
};

// Puts the shape in the place of whatever root qdisc the link has.
Status shape_egress(const NetNs& ns, std::string_view link, const Shape& shape);
// Back to the kernel's default; a link without a shape is fine.
Status unshape_egress(const NetNs& ns, std::string_view link);

}  // namespace terrace::kernel
