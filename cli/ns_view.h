// Instances, holds and plans as trees.
#pragma once

#include <vector>

#include "cli/table.h"
#include "cli/terminal.h"
#include "terrace/v1/hold.pb.h"
#include "terrace/v1/ns.pb.h"
#include "terrace/v1/platform.pb.h"

namespace terrace::cli {

// Everything chosen: functions with their addresses, links with segments, SAPs, announcements.
std::vector<Tree> proof_branches(const Terminal& terminal, const v1::Proof& proof);

// An instance: state, price, what was chosen, the customer's routes, and the parts it was divided
// into as far as the platform tells.
Tree instance_tree(const Terminal& terminal, const v1::NsInstance& instance,
                   const std::vector<v1::Part>& parts);

// What would go where, addresses, stitching, price.
Tree plan_tree(const Terminal& terminal, const v1::Hold& plan);
Tree hold_tree(const Terminal& terminal, const v1::Hold& hold);

// Each value of the proof beside what the envelope admits. The number of values outside.
int print_proof_check(const Terminal& terminal, const v1::Proof& proof,
                      const v1::Envelope& envelope, const std::string& indent = "");

}  // namespace terrace::cli
