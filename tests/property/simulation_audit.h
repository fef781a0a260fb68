// What must be true of a whole tree of platforms once nothing is under way any more, whatever went
// wrong before. Findings, a line each; none: all is well.
#pragma once

#include <string>
#include <vector>

#include "tests/support/sandbox.h"

namespace terrace {

// - every hold is committed or ended, and no release is owed (R11);
// - every committed hold that a platform made has the part of a committed hold as its parent, and
//   every part that makes up a committed hold is committed below (R26);
// - every instance known to a lifecycle is of a committed hold, and no operation is under way;
// - every resource belongs to a committed hold, and every committed hold at a leaf has resources;
// - no address is there twice in one realm; no attachment point, segment id or room on a node is
//   sold twice;
// - what the catalogues say is left is what the infrastructure has less what is in use (R21).
// All platforms must be up.
std::vector<std::string> audit(Sandbox& sandbox);

}  // namespace terrace
