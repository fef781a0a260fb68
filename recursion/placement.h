// Placement: which child makes what, from their published offers (R16, R21 to R24). A pure search:
// exact branch and bound; the same request gives the same answer. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "recursion/decompose.h"
#include "terrace/record/v1/record.pb.h"
#include "terrace/v1/addressing.pb.h"
#include "terrace/v1/capability.pb.h"
#include "terrace/v1/hold.pb.h"
#include "terrace/v1/ns.pb.h"

namespace terrace {

// A child that may be used now: its catalogue is there and has not expired.
struct ChildView {
  std::string name;
  const v1::Catalogue* catalogue = nullptr;
};

struct PlacementRequest {
  // Normalised. All pointers outlive the call.
  const v1::Fragment* fragment = nullptr;
  std::vector<ChildView> children;
  // What was refused already: a child with profiles will not get all of these together again; one
  // without profiles will get nothing.
  std::vector<record::v1::Refusal> refusals;
  // Of links that continue outside, the stitching that is given; may be null.
  const v1::Envelope* envelope = nullptr;
  // Nodes of the search after which the best answer so far is taken.
  std::uint64_t budget = 2'000'000;
};

struct SlotChoice {
  std::string child;
  std::string offer_id;
  std::string terms_version;
  v1::Price price;
};

struct SapChoice {
  std::string child;
  std::string attachment_point_id;
};

// How a cut link may be stitched: any id in the ranges.
struct StitchChoice {
  std::string link_id;
  std::string underlay;
  v1::Stitching::EncapsulationType encapsulation = v1::Stitching::VXLAN;
  // Ascending, disjoint, inclusive on both sides.
  std::vector<v1::Stitching::WanSegmentIds> segment_ids;
  // Of the layer-3 packet on the link: the smallest interconnect's less the overhead (R16).
  std::uint32_t mtu = 0;
};

struct Placement {
  std::map<Slot, SlotChoice> slot;
  // Customers' SAPs.
  std::map<std::string, SapChoice> sap;
  // Links with members at two or more children, by id, that do not continue outside.
  std::map<std::string, StitchChoice> cut;
  v1::Price price;
  // The children in use, in the order of the request; what `assignment` counts.
  std::vector<std::string> part;
  Assignment assignment;
  // False when the budget ran out before it was known to be the best.
  bool optimal = true;
};

struct PlacementAnswer {
  // RESOURCE_EXHAUSTED "placement.no-offer" (offers there are, but not enough or not there) or
  // FAILED_PRECONDITION "placement.no-offer", "placement.no-attachment-point",
  // "placement.no-stitching", "placement.unsatisfiable": the profile, the constraint, what would
  // have been possible; no child is named, for it may go up (R24).
  Result<Placement> placement;
  // Every offer that was considered for a profile, chosen or why not; children are named.
  std::vector<v1::Candidate> candidates;
};

// The cheapest of the feasible ones (a year's price), then the one with fewest cut links; among
// equals always the same.
PlacementAnswer place(const PlacementRequest& request);

// Overhead of VXLAN over IPv4: outer Ethernet does not count, the inner one does.
inline constexpr std::uint32_t kVxlanOverhead = 50;

}  // namespace terrace
