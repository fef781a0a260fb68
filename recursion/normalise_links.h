// Links as normalisation leaves them: every SAP on one, none shares a connection point with
// another, each with a link descriptor of its own. Part of normalise().
#pragma once

#include "base/result.h"
#include "terrace/v1/ns.pb.h"

namespace terrace {

// Expects one flavour; changes links, SAPs, connectivity and what names links. Errors: those about
// links, SAPs and connection points that decompose.h lists.
Status normalise_links(v1::Fragment& fragment);

}  // namespace terrace
