// From the functions an order names to those the infrastructure has.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "recursion/routes.h"
#include "southbound/leaf/config.h"
#include "terrace/driver/v1/driver.pb.h"
#include "terrace/v1/ns.pb.h"

namespace terrace {

// What one VNF profile of a fragment comes down to. Points into inventory and configuration.
struct ResolvedFunction {
  const driver::v1::Function* function = nullptr;
  const LeafFunction* sold = nullptr;
  std::string image;
  std::string vnfd_id;
  std::string vnfd_digest;
  // Of one instance.
  std::uint32_t vcpus = 0;
  std::uint64_t memory_mib = 0;
  // The descriptor's defaults, under the order's values.
  std::map<std::string, std::string> parameter;
};

// By VNF profile id, for all profiles that the fragment has slots of. Refuses
// NOT_FOUND "function.unknown" (with the images there are), INVALID_ARGUMENT
// "function.unknown-parameter" (with those it knows), INVALID_ARGUMENT "function.several" (a
// descriptor whose images are different functions), FAILED_PRECONDITION "descriptor.other-content"
// (R4: our descriptor of that id, and another digest).
Result<std::map<std::string, ResolvedFunction>> resolve_functions(
    const LeafConfig& config, const driver::v1::Inventory& inventory, const v1::Fragment& fragment);

// What routes and probes need to know of them.
std::map<std::string, FunctionFacts> facts_of(
    const std::map<std::string, ResolvedFunction>& functions);

// vCPUs and memory of one instance: all VDUs of the flavour, at the level's numbers.
struct FunctionSize {
  std::uint32_t vcpus = 0;
  std::uint64_t memory_mib = 0;
};
FunctionSize size_of(const v1::Vnfd& vnfd, const std::string& flavour_id,
                     const std::string& level_id);

}  // namespace terrace
