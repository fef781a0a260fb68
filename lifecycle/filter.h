// The attribute filter of lists: ETSI GS NFV-SOL 013 clause 5.2, as far as equality goes.
#pragma once

#include <string>

#include "base/result.h"
#include "lifecycle/records.h"

namespace terrace {

// "(eq,nsState,INSTANTIATED);(neq,flavourId,small)": every term must hold. Operators: eq, neq, in,
// nin, cont, ncont, with one or more values. Attributes by their SOL005 name (nsState) or the
// schema's (ns_state), nested ones by "/". Empty: everything passes.
// INVALID_ARGUMENT "filter.malformed" with the term; "filter.unknown-attribute" when `prototype`'s
// type has no such attribute.
Result<Accept> parse_filter(const std::string& filter, const google::protobuf::Message& prototype);

}  // namespace terrace
