// How one cut link is stitched: what stitching chooses, and addressing passes down.
#pragma once

#include <cstdint>
#include <string>

#include "terrace/v1/addressing.pb.h"

namespace terrace {

struct StitchedLink {
  // The virtual link profile's id.
  std::string link_id;
  v1::Stitching stitching;
  // Bytes of the layer-3 packet that fits: the smallest interconnect's less the overhead (R16).
  std::uint32_t mtu = 0;
};

}  // namespace terrace
