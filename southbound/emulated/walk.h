// How test traffic goes through the emulated network: from a link's probe address, through the
// functions' routes, to where it ends, and back.
#pragma once

#include "southbound/emulated/underlay.h"
#include "terrace/v1/probe.pb.h"

namespace terrace::emulated {

// One probe, there and back; the functions it passes count it.
//
// - A link carries packets between its members at a site, between links of one root link id there,
//   and to the far ends of its stitching: when both WAN ports are on one underlay, both have the
//   same segment id, and each lists the other among its peers. Ends do not forward to other ends.
// - A transparent function forwards by longest prefix (its connection points' networks are on
//   link); a translating one also gives what enters by its ingress and leaves by its egress its
//   own address; a terminating one forwards nothing.
// - The destination answers ICMP, and its service's protocol and port. A load balancer that takes
//   a connection opens one to a backend, in turn; whether that answers is not part of the verdict.
// - SILENT: nobody has the address, no route (there or back), an end that does not list the other,
//   a cut link, a function that still starts, a packet that the underlay or the far side's MTU
//   drops. REFUSED: nothing listens there, or the packet is larger than the MTU of a link it is
//   routed to.
// `detail` says which, and where. NOT_FOUND for a hold or link that is not applied;
// FAILED_PRECONDITION for a link without a probe address of the destination's family.
Result<v1::ProbeResult> walk_probe(EmulatedUnderlay& underlay, EmulatedUnderlay::SiteId site,
                                   const driver::v1::ProbeOrder& order);

}  // namespace terrace::emulated
