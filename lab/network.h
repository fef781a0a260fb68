// A lab's namespaces and the links between them, all below its directory.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "lab/layout.h"

namespace terrace::lab {

// Makes the WAN (a bridge with a port for each site), the sites, the customers, and a namespace for
// each platform with a link to each platform above and below it. Returns when all links run. What
// was made before a failure stays: drop_namespaces() takes it away. Blocking.
Status make_network(const Layout& layout, Duration within);

// Ends all processes in namespaces that are kept below the directory, and drops them all, those of
// functions that were made there included. Nothing there is fine.
Status drop_namespaces(const std::string& directory, Duration within);

}  // namespace terrace::lab
