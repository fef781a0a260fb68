// What must hold inside one descriptor, whoever wrote it and in whatever dialect: ids are unique,
// references lead somewhere, numbers lie within their bounds, paths can be walked. Run over every
// import, and over the NSDs that come inline with an order.
#pragma once

#include <vector>

#include "base/result.h"
#include "terrace/v1/descriptor.pb.h"

namespace terrace {

// A problem each, with the path in SOL006's names relative to the descriptor
// ("df[0].vnf-profile[1].vnfd-id"); empty when all is well. Empty references are not reported: what
// is missing is its reader's to say. Any thread.
std::vector<Problem> check_nsd(const v1::Nsd& nsd);
std::vector<Problem> check_vnfd(const v1::Vnfd& vnfd);

}  // namespace terrace
