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

// A stretch of a path between two cuts (see decompose.h): one part has it, or, where a single
// position's instances are spread, several parts have the same.
struct PathRun {
  struct Member {
    std::size_t part = 0;
    // As the part calls it.
    std::string path_id;
  };
  std::vector<Member> member;
};

struct DividedPath {
  // As the whole calls it.
  std::string path_id;
  // In the path's order.
  std::vector<PathRun> run;
};

struct Division {
  std::vector<v1::Fragment> part;
  // Links cut here: members in two or more parts.
  std::vector<CutLink> cut;
  // Every path of the whole, ordered by id.
  std::vector<DividedPath> path;
};

// The SAP that each part of a cut link ends in: "cut:<link>".
std::string cut_sap(const std::string& link_id);

}  // namespace terrace
