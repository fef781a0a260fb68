#include "southbound/emulated/walk.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "recursion/prefix.h"
#include "southbound/emulated/segment.h"

namespace terrace::emulated {
namespace {

using driver::v1::DesiredCp;
using driver::v1::DesiredLink;
using driver::v1::DesiredVnf;
using driver::v1::Function;
using driver::v1::ProbeOrder;

constexpr int kHopLimit = 64;

// "10.10.4.10/24" to "10.10.4.10". What is applied was chosen, and checked, by the leaf.
std::string without_length(const std::string& address) {
  return address.substr(0, address.find('/'));
}

// The network around an interface's address, or a route's prefix; none when it is malformed.
std::optional<Prefix> network_of(const std::string& text) {
  const auto parsed = InterfaceAddress::parse(text);
  if (!parsed) return std::nullopt;
  return parsed->prefix();
}

bool network_has(const std::string& network, const std::string& address) {
  const auto prefix = network_of(network);
  const auto parsed = IpAddress::parse(address);
  return prefix && parsed && prefix->contains(*parsed);
}

int length_of(const std::string& network) {
  const auto prefix = network_of(network);
  return prefix ? static_cast<int>(prefix->length()) : -1;
}

struct Packet {
  std::string source;
  std::string destination;
  std::string protocol;
  std::uint32_t port = 0;
  std::uint32_t size = 0;
};

// A function in the network.
struct Place {
  Segment segment;  // where the packet came in, or the one looked at
  const DesiredVnf* vnf = nullptr;
  const DesiredCp* cp = nullptr;
};

// Where one way of a walk ended.
struct Ending {
  enum class Kind { kFunction, kProbe, kAssumed, kRefused, kSilent };
  Kind kind = Kind::kSilent;
  std::string why;
  // For kFunction and kProbe.
  Place place;
  Packet packet;
};

Ending silent(std::string why) {
  return {Ending::Kind::kSilent, std::move(why), {}, {}};
}
Ending refused(std::string why) {
  return {Ending::Kind::kRefused, std::move(why), {}, {}};
}

std::string name_of(const DesiredVnf& vnf) {
  return vnf.vnf_profile_id() + "[" + std::to_string(vnf.index()) + "]";
}

// What a translating function gave another source on the way there.
struct Translation {
  const DesiredVnf* vnf = nullptr;
  std::string original;
};

class Walk {
 public:
  Walk(EmulatedUnderlay& underlay, const Segment& from) : underlay_(underlay), from_(from) {}

  v1::ProbeResult probe(const Packet& packet, const std::string& next_hop);

 private:
  Ending send(const Segment& segment, const std::string& next_hop, Packet packet);
  Ending arrive(Place at, Packet packet);
  Ending forward(const Place& at, Packet packet);
  Ending go_back(const Ending& there);
  std::optional<std::pair<const DesiredCp*, std::string>> route(const DesiredVnf& vnf,
                                                                const std::string& to) const;
  bool answers(const Place& at, const Packet& packet) const;
  void open_to_backend(const Place& at, const Packet& packet);

  const Function* function_of(const Place& at) const {
    return find_function(underlay_.sites().at(at.segment.site).inventory, at.vnf->function());
  }
  EmulatedCounters& counters(const Place& at) const {
    return at.segment.part->counters[{at.vnf->vnf_profile_id(), at.vnf->index()}];
  }
  bool starting(const Place& at) const {
    return at.segment.part->starting.contains({at.vnf->vnf_profile_id(), at.vnf->index()});
  }
  bool assume_far_ends() const { return underlay_.sites().at(from_.site).assume_far_ends; }

  EmulatedUnderlay& underlay_;
  const Segment from_;
  std::vector<Translation> translation_;
  bool going_back_ = false;
  int hops_ = 0;
};

// The member of a segment that has the address, if any: a connection point, or the probe address.
std::optional<Place> member_at(const Segment& segment, const std::string& address) {
  for (const std::string& probe : segment.link->probe_address()) {
    if (without_length(probe) == address) return Place{segment, nullptr, nullptr};
  }
  for (const DesiredVnf& vnf : segment.part->desired.vnf()) {
    for (const DesiredCp& cp : vnf.cp()) {
      if (cp.link_id() != segment.link->link_id()) continue;
      for (const std::string& own : cp.address()) {
        if (without_length(own) == address) return Place{segment, &vnf, &cp};
      }
    }
  }
  return std::nullopt;
}

bool has_address(const DesiredVnf& vnf, const std::string& address) {
  return std::any_of(vnf.cp().begin(), vnf.cp().end(), [&](const DesiredCp& cp) {
    return std::any_of(cp.address().begin(), cp.address().end(),
                       [&](const std::string& own) { return without_length(own) == address; });
  });
}

Ending Walk::send(const Segment& segment, const std::string& next_hop, Packet packet) {
  const std::uint32_t mtu = segment.link->mtu();
  if (mtu != 0 && packet.size > mtu) {
    return refused("too big for link " + segment.link->link_id() + ", which takes " +
                   std::to_string(mtu));
  }
  Domain domain = domain_of(underlay_, segment);
  for (const Neighbour& there : domain.neighbour) {
    auto place = member_at(there.segment, next_hop);
    if (!place) continue;
    if (there.mtu != 0 && packet.size > there.mtu) {
      return silent("a packet of " + std::to_string(packet.size) + " bytes is lost on link " +
                    segment.link->link_id() + ", where " + std::to_string(there.mtu) +
                    " get through");
    }
    if (place->vnf != nullptr) return arrive(*place, std::move(packet));
    if (packet.destination != next_hop) return silent("a probe address forwards nothing");
    return {Ending::Kind::kProbe, "", *place, std::move(packet)};
  }
  std::string why = "nobody has " + next_hop + " on link " + segment.link->link_id();
  for (const std::string& lost : domain.lost) why += "; " + lost;
  if (domain.unknown_end && assume_far_ends()) return {Ending::Kind::kAssumed, why, {}, {}};
  return silent(why);
}

Ending Walk::arrive(Place at, Packet packet) {
  if (++hops_ > kHopLimit) return silent("a loop: more than 64 hops, at " + name_of(*at.vnf));
  if (starting(at)) return silent(name_of(*at.vnf) + " does not answer yet");
  EmulatedCounters& count = counters(at);
  ++count.received;
  if (going_back_ && !translation_.empty() && translation_.back().vnf == at.vnf &&
      has_address(*at.vnf, packet.destination)) {
    packet.destination = translation_.back().original;
    translation_.pop_back();
    ++count.translated;
    return forward(at, std::move(packet));
  }
  if (has_address(*at.vnf, packet.destination)) {
    ++count.delivered;
    return {Ending::Kind::kFunction, "", at, std::move(packet)};
  }
  const Function* function = function_of(at);
  if (function == nullptr || function->behaviour() == Function::TERMINATING) {
    ++count.dropped;
    return silent(name_of(*at.vnf) + " forwards nothing");
  }
  return forward(at, std::move(packet));
}

Ending Walk::forward(const Place& at, Packet packet) {
  EmulatedCounters& count = counters(at);
  const auto way = route(*at.vnf, packet.destination);
  if (!way) {
    ++count.dropped;
    return silent(name_of(*at.vnf) + " has no route to " + packet.destination);
  }
  const auto& [out, next_hop] = *way;
  const Function* function = function_of(at);
  if (!going_back_ && function->behaviour() == Function::TRANSLATING &&
      at.cp->cpd_id() == at.vnf->ingress_cpd_id() && out->cpd_id() == at.vnf->egress_cpd_id() &&
      !out->address().empty()) {
    translation_.push_back({at.vnf, packet.source});
    packet.source = without_length(out->address(0));
    ++count.translated;
  }
  Segment segment;
  if (!find_segment(underlay_, at.segment.site, at.segment.hold_id, out->link_id(), segment)) {
    ++count.dropped;
    return silent(name_of(*at.vnf) + " has no link " + out->link_id());
  }
  ++count.forwarded;
  return send(segment, next_hop, std::move(packet));
}

// Longest prefix; networks of the function's own connection points are on link, and win over
// routes of the same length, as in a kernel.
std::optional<std::pair<const DesiredCp*, std::string>> Walk::route(const DesiredVnf& vnf,
                                                                    const std::string& to) const {
  int longest = -1;
  std::optional<std::pair<const DesiredCp*, std::string>> best;
  const auto connected = [&](const std::string& address) -> const DesiredCp* {
    for (const DesiredCp& cp : vnf.cp()) {
      for (const std::string& own : cp.address()) {
        if (network_has(own, address)) return &cp;
      }
    }
    return nullptr;
  };
  for (const DesiredCp& cp : vnf.cp()) {
    for (const std::string& own : cp.address()) {
      if (network_has(own, to) && length_of(own) > longest) {
        longest = length_of(own);
        best = std::pair(&cp, to);
      }
    }
  }
  for (const v1::Route& candidate : vnf.route()) {
    if (!network_has(candidate.prefix(), to) || length_of(candidate.prefix()) <= longest) continue;
    for (const std::string& hop : candidate.next_hop()) {
      const DesiredCp* cp = connected(hop);
      if (cp == nullptr) continue;
      longest = length_of(candidate.prefix());
      best = std::pair(cp, hop);
      break;
    }
  }
  return best;
}

bool Walk::answers(const Place& at, const Packet& packet) const {
  if (packet.protocol == "icmp") return true;
  const Function* function = function_of(at);
  return function->has_service() && function->service().protocol() == packet.protocol &&
         function->service().port() == packet.port;
}

// What a load balancer does with a connection it took: one of its own, to the next backend in
// turn.
void Walk::open_to_backend(const Place& at, const Packet& packet) {
  if (at.vnf->backend().empty() || packet.protocol == "icmp") return;
  auto& turn = at.segment.part->turn[{at.vnf->vnf_profile_id(), at.vnf->index()}];
  const std::string backend = at.vnf->backend(static_cast<int>(turn++) % at.vnf->backend_size());
  const auto way = route(*at.vnf, backend);
  Segment segment;
  if (!way || !find_segment(underlay_, at.segment.site, at.segment.hold_id, way->first->link_id(),
                            segment)) {
    return;
  }
  Packet own = packet;
  own.source = way->first->address_size() == 0 ? "" : without_length(way->first->address(0));
  own.destination = backend;
  Walk onward(underlay_, segment);
  (void)onward.send(segment, way->second, own);
}

Ending Walk::go_back(const Ending& there) {
  going_back_ = true;
  Packet answer = there.packet;
  std::swap(answer.source, answer.destination);
  if (there.kind == Ending::Kind::kProbe) {
    const std::string home = answer.destination;
    return send(there.place.segment, home, std::move(answer));
  }
  const auto way = route(*there.place.vnf, answer.destination);
  if (!way) return silent(name_of(*there.place.vnf) + " has no route to " + answer.destination);
  Segment segment;
  if (!find_segment(underlay_, there.place.segment.site, there.place.segment.hold_id,
                    way->first->link_id(), segment)) {
    return silent(name_of(*there.place.vnf) + " has no link " + way->first->link_id());
  }
  return send(segment, way->second, std::move(answer));
}

v1::ProbeResult Walk::probe(const Packet& packet, const std::string& next_hop) {
  v1::ProbeResult result;
  result.set_source(packet.source);
  const auto verdict = [&](v1::ProbeResult::Verdict which, const std::string& detail) {
    result.set_verdict(which);
    result.set_detail(detail);
    return result;
  };
  const Ending there = send(from_, next_hop.empty() ? packet.destination : next_hop, packet);
  switch (there.kind) {
    case Ending::Kind::kSilent:
      return verdict(v1::ProbeResult::SILENT, there.why);
    case Ending::Kind::kRefused:
      return verdict(v1::ProbeResult::REFUSED, there.why);
    case Ending::Kind::kAssumed:
      return verdict(v1::ProbeResult::ANSWERED, "assumed: " + there.why);
    case Ending::Kind::kFunction:
    case Ending::Kind::kProbe:
      break;
  }
  const bool listening =
      there.place.vnf == nullptr ? packet.protocol == "icmp" : answers(there.place, there.packet);
  const Ending back = go_back(there);
  if (back.kind == Ending::Kind::kAssumed) {
    return verdict(v1::ProbeResult::ANSWERED, "assumed: on the way back, " + back.why);
  }
  if (back.kind != Ending::Kind::kProbe || back.place.segment.link != from_.link) {
    const std::string why = back.why.empty() ? "it went to somebody else" : back.why;
    return verdict(v1::ProbeResult::SILENT, "the answer was lost: " + why);
  }
  if (!listening) {
    return verdict(v1::ProbeResult::REFUSED, "nothing listens at " + packet.destination + " for " +
                                                 packet.protocol + " " +
                                                 std::to_string(packet.port));
  }
  if (there.place.vnf != nullptr) open_to_backend(there.place, there.packet);
  return verdict(v1::ProbeResult::ANSWERED, "");
}

}  // namespace

Result<v1::ProbeResult> walk_probe(EmulatedUnderlay& underlay, EmulatedUnderlay::SiteId site,
                                   const ProbeOrder& order) {
  Segment from;
  if (!find_segment(underlay, site, order.hold_id(), order.link_id(), from)) {
    return make_problem(Problem::NOT_FOUND, "probe.no-link",
                        "link " + order.link_id() + " is not there to probe from")
        .at_resource("hold/" + order.hold_id());
  }
  Packet packet;
  packet.destination = order.destination();
  packet.protocol = order.protocol().empty() ? "icmp" : order.protocol();
  packet.port = order.port();
  packet.size = order.packet_size();
  const bool v6 = order.destination().find(':') != std::string::npos;
  for (const std::string& own : from.link->probe_address()) {
    if ((own.find(':') != std::string::npos) == v6) packet.source = without_length(own);
  }
  if (packet.source.empty()) {
    return make_problem(
               Problem::FAILED_PRECONDITION, "probe.no-source",
               "link " + order.link_id() + " has no probe address of the destination's family")
        .at_resource("hold/" + order.hold_id());
  }
  return Walk(underlay, from).probe(packet, order.next_hop());
}

}  // namespace terrace::emulated
