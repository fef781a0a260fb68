// The command line: what there is, what it means, and what it did.
#pragma once

#include <iosfwd>

namespace terrace::cli {

struct Terminal;

// Exit status: 0 only for success, 1 for what failed or was refused, 2 for a command line that
// makes no sense (said on standard error).
int run(int argc, const char* const* argv);
// The same on streams of the caller's.
int run(int argc, const char* const* argv, Terminal terminal);

}  // namespace terrace::cli
