// What a leaf publishes (R21): its infrastructure as offers, less what live holds use.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "southbound/leaf/config.h"
#include "southbound/leaf/usage.h"
#include "terrace/driver/v1/driver.pb.h"
#include "terrace/v1/addressing.pb.h"
#include "terrace/v1/capability.pb.h"

namespace terrace {

// One offer per function sold and PoP, with what is left there; the attachment points, with
// whether they are in use; the WAN ports as interconnects, with the segment ids they are
// configured for. Revision 0: the publisher's to set.
v1::Catalogue leaf_catalogue(const LeafConfig& config, const driver::v1::Inventory& inventory,
                             const Usage& usage, Instant now);

// The offer of one function at one PoP; none when the catalogue has none.
const v1::Offer* find_offer(const v1::Catalogue& catalogue, const LeafConfig& config,
                            const LeafFunction& sold, const std::string& pop);

// The terms an order names are still those offered: else FAILED_PRECONDITION "terms.stale", with
// the current terms of each.
Status check_terms(const v1::Catalogue& catalogue,
                   const google::protobuf::RepeatedPtrField<v1::Terms>& terms);

// A sold function may be had at these PoPs only, by the offers that an order names; all PoPs where
// it names none of the function's.
std::set<std::string> named_pops(const v1::Catalogue& catalogue, const LeafConfig& config,
                                 const LeafFunction& sold,
                                 const google::protobuf::RepeatedPtrField<v1::Terms>& terms);

// The namespace of every name-based id that leaves mint (RFC 9562, 5.5).
inline constexpr char kLeafNamespace[] = "0c6c9f0e-5d0b-5a3c-8f44-9b1f2a6d7e31";

}  // namespace terrace
