// What an emulated infrastructure is told: what it has, how long things take, and what goes wrong.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "terrace/driver/v1/driver.pb.h"

namespace terrace {

// A duration drawn uniformly from [least, most], both included; most < least counts as least.
struct EmulatedDelay {
  Duration least{0};
  Duration most{0};
};

// One thing that goes wrong.
struct EmulatedFault {
  enum class Kind {
    // The operation is refused; an apply leaves the part's links made, and no function.
    kRefuse,
    // It never answers, and has no effect.
    kNeverAnswer,
    // An apply succeeds, but reports another address than it was told for its first connection
    // point.
    kMisreportAddress,
  };
  enum class Operation { kApply, kRemove, kProbe, kInspect };

  Kind kind = Kind::kRefuse;
  Operation operation = Operation::kApply;
  // Which call of that operation, counted from 1 since construction; 0: every one.
  std::uint64_t nth = 0;
  // Only for this hold, as the driver was given its id; empty: any.
  std::string hold_id;
};

struct EmulatedConfig {
  driver::v1::Inventory inventory;
  EmulatedDelay apply_delay;
  EmulatedDelay remove_delay;
  EmulatedDelay probe_delay;
  // How long after an apply has answered the functions stay silent, as real ones do while they
  // start.
  Duration start_up{0};
  std::vector<EmulatedFault> fault;
  // A probe that reaches an end of a link which no site of this underlay has (it is in another
  // process) is ANSWERED, saying so in its detail, instead of SILENT. For scale tests with
  // emulated leaves in many daemons: what lies beyond the process is then assumed, not shown.
  bool assume_far_ends = false;
};

// The functions that every emulated infrastructure can have: router, firewall, nat, web and
// loadbalancer, by the images "terrace/<name>".
std::vector<driver::v1::Function> emulated_functions();

}  // namespace terrace
