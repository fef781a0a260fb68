// What a proof's check needs at hand: the envelope's terms as values. Private to the check.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "recursion/fragment_view.h"
#include "recursion/mac.h"
#include "recursion/prefix.h"
#include "terrace/v1/addressing.pb.h"
#include "terrace/v1/ns.pb.h"

namespace terrace {

// One of a link's prefixes, with what may be assigned in it.
struct LinkPrefix {
  Prefix prefix;
  AddressSet assignable;
};

// What holds for one link, in proof and envelope.
struct LinkTerms {
  // Null for an inner link.
  const v1::LinkEnvelope* envelope = nullptr;
  // From the envelope, or what the proof chose out of the carve.
  std::vector<LinkPrefix> prefixes;
  std::uint32_t mtu = 0;
  // Of the envelope, or all the carves'.
  std::vector<MacPrefix> macs;
  std::vector<v1::PortIdRange> ports;
  bool answered = false;
  // The proof's, so far.
  std::set<IpAddress> addresses;
  std::set<MacAddress> taken_macs;
  std::set<std::uint32_t> taken_ports;
  // The customer's own.
  std::set<IpAddress> customers;
};

// All links of the fragment. Precondition: check_envelope(envelope, fragment).
std::map<std::string, LinkTerms> terms_of(const v1::Envelope& envelope,
                                          const v1::Fragment& fragment);

// A violation, at a place in the proof.
ProblemBuilder violation(const std::string& path, const std::string& constraint,
                         const std::string& limit, const std::string& actual);

// What the proof announces, ends and originates (R16, R17), once its links and connection points
// have been read into `terms`.
Status check_ends(const v1::Proof& proof, const std::map<std::string, LinkTerms>& terms);
Status check_announcements(const v1::Proof& proof, const v1::Fragment& fragment,
                           const std::map<std::string, LinkTerms>& terms);

}  // namespace terrace
