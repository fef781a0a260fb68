// One link's prefix: which of its addresses are for whom.
//
// A wide prefix (256 addresses or more) keeps its lowest eight addresses free, for gateways, and
// its highest eight, for probes; a narrow one gives all its host addresses but what probes need.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "recursion/prefix.h"
#include "terrace/v1/addressing.pb.h"

namespace terrace {

// What may be assigned on a fresh link, before a probe address is taken from a narrow one.
AddressSet assignable_of(const Prefix& prefix);

// A wide prefix' addresses for probes (a /24's .248 to .254); none for a narrow one.
AddressSet probe_reserve(const Prefix& prefix);

// What may really be assigned in a subnet: its ranges less exclusions, gateway, probe address,
// network and broadcast address. Text that cannot be read is the caller's bug: check first.
AddressSet assignable_of(const v1::SubnetEnvelope& subnet);

// What is known of a subnet before it is handed out.
struct SubnetPlan {
  Prefix prefix;
  std::optional<IpAddress> gateway;
  // Empty: all that the prefix' width leaves.
  std::vector<AddressRange> pools;
  std::vector<v1::Exclusion> excluded;
};

// The envelope of a link's whole subnet: probe address chosen outside of the assignable ranges
// where that can be. RESOURCE_EXHAUSTED "envelope.exhausted" when there is no address for it.
Result<v1::SubnetEnvelope> fresh_subnet(const SubnetPlan& plan, const std::string& link_id);

// One end of a subnet that is divided.
struct SubnetEnd {
  // Connection points that need an address.
  std::uint64_t points = 0;
  // What this end has already, and keeps; null: nothing.
  const v1::SubnetEnvelope* former = nullptr;
};

// Divides `whole` among the ends: each what it needs and an equal share of what is left over, in
// the order given, and a probe address of its own (the whole's, then out of `spare_probes`, then
// the highest assignable ones). RESOURCE_EXHAUSTED "envelope.exhausted".
Result<std::vector<v1::SubnetEnvelope>> divide_subnet(const v1::SubnetEnvelope& whole,
                                                      AddressSet spare_probes,
                                                      const std::vector<SubnetEnd>& ends,
                                                      const std::string& link_id);

// What one link wants out of free space.
struct PrefixDemand {
  std::string link_id;
  std::uint64_t points = 0;
  std::uint64_t probes = 1;
  // Empty: one prefix of each family that the space has.
  std::vector<IpFamily> families;
};

struct PrefixLengths {
  unsigned v4 = 24;
  unsigned v6 = 64;
};

// For each demand its prefixes, one a family, IPv4 first: of the lengths given, or all of them
// shorter by as many bits as make them fit; a demand that needs more gets more. On failure `space`
// is as before: RESOURCE_EXHAUSTED "envelope.exhausted".
Result<std::vector<std::vector<Prefix>>> allot_prefixes(PrefixSpace& space,
                                                        const std::vector<PrefixDemand>& demands,
                                                        PrefixLengths lengths = {});

// `total` shared by need with an equal share of what is left over; even shares where they do for
// all. Precondition: the needs' sum is not above `total`.
std::vector<uint128> share_out(uint128 total, const std::vector<uint128>& needs);

// The refusal they all share: `needed` of `what` ("addresses") at the link where `available` are.
ProblemBuilder exhausted(const std::string& link_id, const std::string& what, uint128 needed,
                         uint128 available, const std::string& where);

}  // namespace terrace
