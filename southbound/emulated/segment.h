// The layer-2 side of the emulated network: which links' members meet, and what fits between them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "southbound/emulated/underlay.h"

namespace terrace::emulated {

// A link of an applied part. Valid until the underlay changes.
struct Segment {
  EmulatedUnderlay::SiteId site = 0;
  std::string hold_id;
  EmulatedUnderlay::Part* part = nullptr;
  const driver::v1::DesiredLink* link = nullptr;
};

// A link that frames from a segment arrive at, and the largest packet that gets there.
struct Neighbour {
  Segment segment;
  std::uint32_t mtu = 0;
};

struct Domain {
  // The segment itself is the first, unless it is cut.
  std::vector<Neighbour> neighbour;
  // Far ends from which nothing comes, and why, for people.
  std::vector<std::string> lost;
  // A far end that no site of this underlay has.
  bool unknown_end = false;
};

// All that a frame sent on this segment reaches.
Domain domain_of(EmulatedUnderlay& underlay, const Segment& segment);

// The part's segment of that link, if it has it.
bool find_segment(EmulatedUnderlay& underlay, EmulatedUnderlay::SiteId site,
                  const std::string& hold_id, const std::string& link_id, Segment& found);

}  // namespace terrace::emulated
