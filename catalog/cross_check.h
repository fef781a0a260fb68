// What one descriptor says about others, against those others.
#pragma once

#include <span>

#include "base/result.h"
#include "terrace/v1/descriptor.pb.h"

namespace terrace {

// An NSD against the VNFDs and nested NSDs it names: each is there, has the flavour, the level and
// the connection points (SAPs) that the NSD uses. All problems at once: FAILED_PRECONDITION
// "descriptor.unresolved" with a cause each, whose path is in the NSD. `vnfds` and `nested` may
// hold more than is asked for. Any thread.
Status cross_check(const v1::Nsd& nsd, std::span<const v1::Vnfd* const> vnfds,
                   std::span<const v1::Nsd* const> nested);

}  // namespace terrace
