// Test traffic from inside a namespace (R20): an answer, a refusal with who and why, or silence.
//
// A Problem means that the test could not be made (no such source address, bad text, no rights);
// what the network did is in the ProbeAnswer. Full-size tests forbid fragmentation; ICMP and UDP
// ones disregard path MTUs learned before, TCP ones abide by them as any TCP does.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "linux/netns.h"

namespace terrace::kernel {

struct ProbeAnswer {
  enum class Verdict { kAnswered, kRefused, kSilent };

  Verdict verdict = Verdict::kSilent;
  // kAnswered: from the request to its answer.
  Duration round_trip{};
  // kRefused: what was said and by whom: "too big: 10.0.0.1 takes 1400", "no route to host".
  // kSilent: what was waited for.
  std::string detail{};
  // kRefused for size: the largest packet that passes that hop (layer 3); 0 otherwise.
  std::uint32_t takes_mtu = 0;
  // The address the test came from.
  std::string source{};
};

struct IcmpProbe {
  // v4 or v6, an address.
  std::string destination{};
  // Empty: the kernel's choice.
  std::string source{};
  // Of the whole layer-3 packet, at least 36 (v4) or 56 (v6); 0: a small one.
  std::uint32_t packet_size = 0;
  bool dont_fragment = true;
  Duration within = std::chrono::seconds(1);
};

struct TcpProbe {
  std::string destination{};
  std::uint16_t port = 0;
  std::string source{};
  // Not 0: after connecting, two full segments are sent in packets of this size (layer 3), and must
  // be acknowledged. Refused where the peer, or a hop, takes only smaller ones.
  std::uint32_t packet_size = 0;
  // How the bytes sent begin, where the server should not be startled; the rest is filler.
  std::string payload{};
  Duration within = std::chrono::seconds(1);
};

struct UdpProbe {
  std::string destination{};
  std::uint16_t port = 0;
  std::string source{};
  // Of the layer-3 packet, padded with zeros; 0: the payload alone.
  std::uint32_t packet_size = 0;
  std::string payload = "terrace";
  // Only a datagram with the same content is an answer; else any is.
  bool expect_echo = true;
  Duration within = std::chrono::seconds(1);
};

Result<ProbeAnswer> probe(const NetNs& ns, const IcmpProbe& test);
Result<ProbeAnswer> probe(const NetNs& ns, const TcpProbe& test);
Result<ProbeAnswer> probe(const NetNs& ns, const UdpProbe& test);

}  // namespace terrace::kernel
