// What `terraced` does from its command line to its end.
#pragma once

#include "daemon/wire.h"

namespace terrace {

// Serves until SIGTERM or SIGINT, then stops gracefully. The exit status: 0 for a good end. To be
// called by main() before there are threads.
int run_daemon(int argc, char** argv, Wrapping wrapping = {});

}  // namespace terrace
