// Envelopes: what a platform may choose its addresses from (R13, R14), minted from pools at the
// root and divided among the parts of an order on the way down.
//
// Everything here is a function of its arguments: the same order in the same realm gets the same
// envelopes, however often it is asked for (R6).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "recursion/division.h"
#include "recursion/prefix.h"
#include "recursion/stitched_link.h"
#include "terrace/v1/addressing.pb.h"
#include "terrace/v1/ns.pb.h"

namespace terrace {

// A platform's own addresses, from its configuration. Realms keep services apart (R14): each root
// order gets all of it.
struct AddressPools {
  // Of both families, as there are.
  std::vector<Prefix> prefixes;
  // What a link gets, when there is enough.
  unsigned link_prefix_length_v4 = 24;
  unsigned link_prefix_length_v6 = 64;
  std::uint32_t mtu = 1500;
};

// The envelope of an order that came without one. Links with a customer's SAP, or with addresses of
// their own in the descriptor, get a subnet: the customer's (`sap_protocol_data.subnet`), the link
// profile's `cidr` (its gateway and allocation pools honoured), or one from the pools. The rest of
// the pools is the carve. The customer's own addresses are excluded, his networks kept out.
//
// `realm` is a UUID. Errors: INVALID_ARGUMENT "addressing.malformed" (text that is no address, a
// SAP without a link), "addressing.overlap" (two links, or a link and a customer's network, want
// the same addresses); RESOURCE_EXHAUSTED "envelope.exhausted".
Result<v1::Envelope> root_envelope(const AddressPools& pools, const v1::Fragment& order,
                                   const std::string& realm);

// One envelope per part of the division, in its order.
//
// - A link of the parent's that one part holds is handed on as it is; one that several hold is
//   divided: assignable ranges by need with equal room to grow, a probe address each, MAC prefix
//   and port ids disjoint. Its stitching, if it continues outside, is handed on unchanged (R3).
// - A cut link without an envelope of the parent's gets a subnet out of the carve, and its
// stitching
//   from `stitching`; its MTU is the smaller of the carve's and the stitching's.
// - Parts with inner links get carve for them: a /24 and a /64 a link, less when the carve is
// small.
//
// `former`: in a change, what each part has (null: nothing yet), in the division's order. What a
// live part has it keeps, as it is; new needs are met from what is free (R13: only grows).
//
// Errors: RESOURCE_EXHAUSTED "envelope.exhausted", at the link, with how many addresses are needed
// and how many there are, and what would fit; INVALID_ARGUMENT "addressing.malformed" for a parent
// that check_envelope would refuse; INTERNAL "stitching.missing" for a cut link that nobody
// stitched.
Result<std::vector<v1::Envelope>> split_envelope(
    const v1::Envelope& parent, const v1::Fragment& whole, const Division& division,
    const std::vector<StitchedLink>& stitching,
    const std::vector<const v1::Envelope*>& former = {});

}  // namespace terrace
