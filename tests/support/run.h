// A program run to its end, with what it said.
#pragma once

#include <string>
#include <vector>

namespace terrace {

struct Ran {
  // As a shell has it: the exit status, or 128 and the signal.
  int status = -1;
  std::string out;
  std::string err;
};

// argv[0] is a path or found in our PATH; the environment is ours.
Ran run(const std::vector<std::string>& argv);

}  // namespace terrace
