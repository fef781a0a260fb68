// A proof held against its envelope, value by value, for people to read. (Platforms check every
// proof themselves; this one depends on nothing of theirs.)
#pragma once

#include <string>
#include <vector>

#include "terrace/v1/addressing.pb.h"

namespace terrace::cli {

struct ProofLine {
  // "firewall #1 left address"
  std::string what;
  std::string value;
  // What the envelope admits: "10.10.1.8-10.10.1.127 of 10.10.1.0/24".
  std::string admitted;
  bool within = false;
};

// One line for each prefix, MTU, segment, address, MAC and port id. A value that the envelope says
// nothing of (an order without an envelope) is admitted by "any".
std::vector<ProofLine> check_proof(const v1::Proof& proof, const v1::Envelope& envelope);

}  // namespace terrace::cli
