// A world of the tests' own: what they start, mount and write is seen by nobody else, and is gone
// with them, however they end.
#pragma once

#include <functional>

namespace terrace {

// Runs `work` in a process of its own with its own process ids, mounts and an empty /run, under a
// first process that takes in orphans; its exit status. What still runs then is killed. 77, with a
// word on why, where the kernel or our rights do not allow that.
int in_own_world(const std::function<int()>& work);

}  // namespace terrace
