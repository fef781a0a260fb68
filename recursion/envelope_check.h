// What is demanded of envelopes: of each by itself, of a child's against its parent's, and of
// siblings against each other (R13).
#pragma once

#include <vector>

#include "base/result.h"
#include "terrace/v1/addressing.pb.h"
#include "terrace/v1/ns.pb.h"

namespace terrace {

// Well-formed: no unknown fields or enum values, canonical text, ranges and addresses inside their
// prefix, prefixes of links and carve disjoint, real links of the fragment named, each once; a SAP
// "cut:<link>" has its link's stitching. INVALID_ARGUMENT "envelope.malformed" with the path.
Status check_envelope(const v1::Envelope& envelope, const v1::Fragment& fragment);

// All that the child may choose from, the parent might have chosen. Both well-formed.
// FAILED_PRECONDITION "envelope.not-within".
Status within(const v1::Envelope& parent, const v1::Envelope& child);

// No two siblings can choose the same: assignable ranges, probe addresses, MAC prefixes and port
// ids of one link, prefixes of unlike links and carves. All well-formed, of one realm.
// FAILED_PRECONDITION "envelope.not-disjoint".
Status disjoint(const std::vector<v1::Envelope>& siblings);

}  // namespace terrace
