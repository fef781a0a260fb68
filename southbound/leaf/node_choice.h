// Which node runs which instance: capacity, location, affinity. A pure search; the same question
// gets the same answer.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "recursion/division.h"
#include "southbound/leaf/functions.h"
#include "southbound/leaf/usage.h"
#include "terrace/driver/v1/driver.pb.h"
#include "terrace/v1/ns.pb.h"

namespace terrace {

struct NodeQuestion {
  // Normalised; everything outlives the call.
  const v1::Fragment* fragment = nullptr;
  const driver::v1::Inventory* inventory = nullptr;
  const Usage* usage = nullptr;
  // By VNF profile id.
  const std::map<std::string, ResolvedFunction>* function = nullptr;
  // By VNF profile id: the only PoPs it may run at, where the order's terms name offers of them.
  std::map<std::string, std::set<std::string>> pops;
};

// By slot, the node's id. Instances go where they fit tightest, so that the largest piece left
// stays large. Refuses RESOURCE_EXHAUSTED "capacity.exhausted" (what is wanted and the most that
// is free in one place), FAILED_PRECONDITION "location.unmatched", RESOURCE_EXHAUSTED
// "affinity.unsatisfiable".
Result<std::map<Slot, std::string>> choose_nodes(const NodeQuestion& question);

// What is left on a node.
struct NodeRoom {
  std::uint64_t vcpus = 0;
  std::uint64_t memory_mib = 0;
  std::uint64_t instances = 0;
};
NodeRoom room_of(const driver::v1::Node& node, const Usage& usage);

// How many instances of that size fit.
std::uint64_t fits(const NodeRoom& room, std::uint64_t vcpus, std::uint64_t memory_mib);

}  // namespace terrace
