// Parts of check_nsd(), a file each.
#pragma once

#include <string>

#include "catalog/check_list.h"
#include "terrace/v1/descriptor.pb.h"

namespace terrace {

// One deployment flavour; `path` is where it lies.
void check_ns_df(const v1::Nsd& nsd, const v1::NsDf& df, const std::string& path, CheckList& list);

// One path of a forwarding graph: every hop is there, none is visited twice, middle functions are
// entered and left, and neighbours share a link in every flavour that has them all.
void check_path(const v1::Nsd& nsd, const v1::Nfpd& nfpd, const std::string& path, CheckList& list);

}  // namespace terrace
