// Which probes a tier sends (R20): each path from its first SAP to the first terminating function
// or the last one, and on from there. A leaf probes what lies wholly inside it, an engine what
// crosses a link that it cut. Functions of their arguments; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "recursion/division.h"
#include "recursion/routes.h"
#include "terrace/v1/addressing.pb.h"
#include "terrace/v1/ns.pb.h"

namespace terrace {

struct PathProbe {
  // The part that sends it, by index; a leaf's own are 0.
  std::size_t part = 0;
  // Where it starts: a SAP, or (a leaf's later sections) no SAP but the link alone.
  std::string sapd_id;
  std::string link_id;
  // As the sender knows the path.
  std::string path_id;
  v1::ProbeTarget target;
  // Bytes of the layer-3 packet: the smallest MTU on the way. 0: a small one.
  std::uint32_t packet_size = 0;

  // "path web-path from client to 10.10.65.20 tcp/80"
  std::string str() const;
};

// A leaf's: sections that begin at a customer's SAP or at a terminating function here, and end
// here.
std::vector<PathProbe> inside_probes(const v1::Fragment& fragment, const v1::Proof& proof,
                                     const Paths& paths);

// An engine's: sections that begin in one part and end in another. `paths` is part_paths' of the
// same.
std::vector<PathProbe> across_probes(const v1::Fragment& whole, const Division& division,
                                     const std::vector<v1::Proof>& proofs, const Paths& paths);

}  // namespace terrace
