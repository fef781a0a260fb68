// A fragment divided among parts: what decomposition makes, and addressing and the engine use.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "terrace/v1/ns.pb.h"

namespace terrace {

// One instance of a VNF profile; index from 1, across all parts of a service.
struct Slot {
  std::string vnf_profile_id;
  std::uint32_t index = 1;
  auto operator<=>(const Slot&) const = default;
};

// A link of which more than one part has members.
struct CutLink {
  // The virtual link profile's id.
  std::string link_id;
  // Indexes into Division::part, ascending.
  std::vector<std::size_t> parts;
  // It continues outside the whole: the whole had the SAP `cut:<link>` already, and every part with
  // members has the same one (R3).
  bool continues = false;
};

struct Division {
  std::vector<v1::Fragment> part;
  // Links cut here: members in two or more parts.
  std::vector<CutLink> cut;
};

// The SAP that each part of a cut link ends in: "cut:<link>".
std::string cut_sap(const std::string& link_id);

}  // namespace terrace
