// How a leaf would make an order: every value chosen (the proof), and what that uses.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "southbound/leaf/config.h"
#include "southbound/leaf/usage.h"
#include "terrace/driver/v1/driver.pb.h"
#include "terrace/record/v1/record.pb.h"

namespace terrace {

struct LeafAnswer {
  v1::Proof proof;
  HoldUse use;
};

// A pure function of its arguments: the same order over the same use gets the same answer. `id`
// names the hold at the driver. `record.hold` has a normalised fragment and an envelope.
//
// Refuses as resolve_functions, check_terms, choose_nodes and choose_addresses; and NOT_FOUND
// "attachment.unknown", RESOURCE_EXHAUSTED "attachment.in-use" or "attachment.exhausted",
// FAILED_PRECONDITION "stitching.unsupported" (underlay, encapsulation, id or MTU that no WAN port
// has), RESOURCE_EXHAUSTED "segment.taken" with the free ranges.
Result<LeafAnswer> answer_order(const LeafConfig& config, const driver::v1::Inventory& inventory,
                                const Usage& usage, const record::v1::HoldRecord& record,
                                const std::string& id, Instant now);

// What a hold with that proof uses: as answer_order told when it was made. For a restart.
// Functions that are not known any more count as nothing.
HoldUse use_of(const LeafConfig& config, const driver::v1::Inventory& inventory,
               const record::v1::HoldRecord& record);

// The WAN port that this end is at; null when there is none (any more).
const driver::v1::WanPort* port_of(const driver::v1::Inventory& inventory, const v1::LinkEnd& end);

// The link's envelope; null for links that stay inside.
const v1::LinkEnvelope* envelope_of(const v1::Envelope& envelope, const std::string& link_id);

}  // namespace terrace
