// What makes a namespace a function: its packet filter, and its program.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "linux/netns.h"
#include "linux/process.h"
#include "southbound/netns/functions/function.h"

namespace terrace::netns {

// The nftables table "terrace" (family inet): counters of packets and bytes for each interface
// ("eth0_in", "eth0_out"), and the function's rules. One that is as it should be stays, counts
// and all; another is replaced in one transaction, connections being kept.
Status set_rules(const kernel::NetNs& ns, const driver::v1::DesiredVnf& vnf,
                 const std::string& function_rules);

struct RunningProgram {
  kernel::ProcessId process;
  const Program* program = nullptr;
  // Set when it was told of a changed configuration: what ran in the namespace until then.
  std::optional<std::vector<pid_t>> before_reload;
};

// Writes its files and sees to it that it runs, alone in the namespace; one that runs and whose
// configuration has not changed is left alone. Does not wait. FAILED_PRECONDITION
// "netns.no-program".
Result<RunningProgram> start(const kernel::NetNs& ns, const std::string& directory,
                             const Program& program);
// Until it listens on all its addresses, by its new configuration. What it wrote is in the problem.
Status wait_serving(const kernel::NetNs& ns, const std::string& directory,
                    const RunningProgram& running, Duration within);

}  // namespace terrace::netns
