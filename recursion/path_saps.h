// Of decomposition alone. SOL006's paths cannot name SAPs: they begin and end with connection
// points of functions.
#pragma once

#include "terrace/v1/ns.pb.h"

namespace terrace {

// A path whose first function is entered from a link with a customer's SAP begins at that SAP, and
// one whose last function is left by such a link ends there; where a link has several customers'
// SAPs, or the path has begun at another already, it stays as it is. Doing it again changes
// nothing. Precondition: every SAP names its link.
void extend_paths_to_saps(v1::Fragment& fragment);

}  // namespace terrace
