// How a leaf chooses inside its envelope: the lowest that is free, always the same for the same
// order.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/result.h"
#include "recursion/mac.h"
#include "recursion/prefix.h"
#include "terrace/v1/addressing.pb.h"
#include "terrace/v1/ns.pb.h"

namespace terrace {

// What other holds of one realm at this leaf have chosen: not to be chosen again. In a change, the
// former proof is none of the others.
struct UsedValues {
  std::set<IpAddress> addresses;
  std::set<MacAddress> macs;
  std::set<std::uint32_t> port_ids;
  // Of inner links.
  std::vector<Prefix> prefixes;

  void add(const v1::Proof& proof);
};

// Fills a proof's realm, `link` (prefixes, MTU, stitching) and `vnf` (profile, index, descriptor's
// identity, `cp`) for all slots of the fragment; the rest is the leaf's to fill. Links with an
// envelope get its prefixes, inner links their own out of the carve. A connection point gets one
// address of each of its link's prefixes; exclusions, gateways, probe addresses, network and
// broadcast addresses and the customer's MACs are avoided.
//
// `former`: in a change, the proof in force; what is in it and still wanted stays as it is.
//
// RESOURCE_EXHAUSTED "envelope.exhausted", at the link, with what is needed, what is free and what
// would fit.
Result<v1::Proof> choose_addresses(const v1::Envelope& envelope, const v1::Fragment& fragment,
                                   const UsedValues& used = {}, const v1::Proof* former = nullptr);

// The address that an inner link keeps for probes; nobody else is given it. None on a prefix
// without room for it.
std::optional<IpAddress> inner_probe_address(const Prefix& prefix);

}  // namespace terrace
