// The check of a proof (R15): everything that was chosen, against the envelope and the order.
#pragma once

#include "base/result.h"
#include "terrace/v1/addressing.pb.h"
#include "terrace/v1/ns.pb.h"

namespace terrace {

// Every link, instance, connection point and SAP of the fragment is answered exactly once; every
// address, whole prefix, MAC, port id, MTU and stitching is within the envelope; nothing is there
// twice; ends belong to links that continue; announcements speak of what is inside.
//
// The violation is FAILED_PRECONDITION "proof.outside-envelope", at the place in the proof, with
// the constraint's name, what it admits and the value found. Names: realm, canonical, link-known,
// link-answered, link-prefix, carve, mtu, stitching, slot-known, slot-answered, function,
// instance-id, cp-known, cp-answered, address-family, prefix-length, assignable-range, mac-prefix,
// port-id-range, unique-address, unique-mac, unique-port-id, unique-prefix, sap-known,
// sap-answered, sap-link, attachment-point, end-link, end-answered, end-address, end-unique,
// announcement-sap, path, next-hop, originates, passes-on, target.
//
// Precondition: check_envelope(envelope, fragment).
Status check_proof(const v1::Envelope& envelope, const v1::Fragment& fragment,
                   const v1::Proof& proof);

}  // namespace terrace
