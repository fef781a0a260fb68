#include "base/digest.h"
#include "base/time.h"
#include "linux/link_watch.h"
#include "linux/links.h"
#include "linux/probe.h"
#include "southbound/netns/names.h"
#include "southbound/netns/parts.h"

namespace terrace::netns {
namespace {

using driver::v1::DesiredLink;
using driver::v1::ProbeOrder;
using kernel::NetNs;

constexpr Duration kForwardingWithin = std::chrono::seconds(5);
constexpr char kInterface[] = "eth0";

// The same for every probe from that address, at every end of the link, so that what the link's
// members have learnt of it stays right.
std::string mac_of(const DesiredLink& link, const std::string& address) {
  const std::string& id = link.root_link_id().empty() ? link.link_id() : link.root_link_id();
  const std::string hex = sha256_hex(id + "/" + address).substr(7, 8);
  return "02:70:" + hex.substr(0, 2) + ":" + hex.substr(2, 2) + ":" + hex.substr(4, 2) + ":" +
         hex.substr(6, 2);
}

Result<std::string> source_of(const DesiredLink& link, const ProbeOrder& order) {
  for (const std::string& address : link.probe_address()) {
    if (is_v6(address) == is_v6(order.destination())) return address;
  }
  return make_problem(Problem::FAILED_PRECONDITION, "netns.no-probe-address",
                      "the link has no address reserved for probes to " + order.destination())
      .at_resource("link/" + order.link_id());
}

// A namespace on the link, with the probe's address.
Status plug_in(const NetNs& ns, Fabric& fabric, const DesiredLink& link, const std::string& port,
               const std::string& address, const ProbeOrder& order) {
  auto watch = kernel::LinkWatch::open(fabric.ns());
  if (!watch) return std::move(watch).problem();
  if (Status quiet = set_manners(ns, false); !quiet) return quiet;
  Status made = fabric.netlink().add_veth(
      {.name = port, .mtu = link.mtu()},
      {.name = kInterface, .mac = mac_of(link, address), .mtu = link.mtu(), .ns = &ns});
  if (!made) return made;
  if (Status in = fabric.netlink().set_master(port, bridge_name(link.link_id())); !in) return in;
  if (Status up = fabric.netlink().set_up(port); !up) return up;
  auto inside = kernel::Netlink::open(ns);
  if (!inside) return std::move(inside).problem();
  if (Status added = inside->add_address(kInterface, address); !added) return added;
  if (Status up = inside->set_up(kInterface); !up) return up;
  if (!order.next_hop().empty()) {
    const std::string host = order.destination() + (is_v6(order.destination()) ? "/128" : "/32");
    Status routed =
        inside->add_route({.destination = host, .gateway = order.next_hop(), .link = kInterface});
    if (!routed) return routed;
  }
  // Asked for by name it sends at once; else perhaps a second later (LinkWatch::wait_running).
  if (auto seen = inside->link(kInterface); !seen) return std::move(seen).problem();
  if (Status heard = wait_heard(ns, {address}, kForwardingWithin); !heard) return heard;
  return watch->wait_running({port}, kForwardingWithin);
}

Result<kernel::ProbeAnswer> send(const NetNs& ns, const ProbeOrder& order,
                                 const std::string& source) {
  const Duration within = order.timeout_ms() > 0
                              ? Duration(std::chrono::milliseconds(order.timeout_ms()))
                              : std::chrono::seconds(1);
  const auto port = static_cast<std::uint16_t>(order.port());
  if (order.protocol() == "tcp") {
    return kernel::probe(ns, kernel::TcpProbe{.destination = order.destination(),
                                              .port = port,
                                              .source = source,
                                              .packet_size = order.packet_size(),
                                              .within = within});
  }
  if (order.protocol() == "udp") {
    return kernel::probe(ns, kernel::UdpProbe{.destination = order.destination(),
                                              .port = port,
                                              .source = source,
                                              .packet_size = order.packet_size(),
                                              .expect_echo = false,
                                              .within = within});
  }
  if (order.protocol() == "icmp") {
    return kernel::probe(ns, kernel::IcmpProbe{.destination = order.destination(),
                                               .source = source,
                                               .packet_size = order.packet_size(),
                                               .within = within});
  }
  return make_problem(Problem::INVALID_ARGUMENT, "netns.probe-protocol",
                      "'" + order.protocol() + "' cannot be probed")
      .possible("Use tcp, udp or icmp.");
}

v1::ProbeResult result_of(const kernel::ProbeAnswer& answer) {
  using Verdict = kernel::ProbeAnswer::Verdict;
  v1::ProbeResult result;
  switch (answer.verdict) {
    case Verdict::kAnswered:
      result.set_verdict(v1::ProbeResult::ANSWERED);
      *result.mutable_round_trip() = to_proto(answer.round_trip);
      break;
    case Verdict::kRefused:
      result.set_verdict(v1::ProbeResult::REFUSED);
      break;
    case Verdict::kSilent:
      result.set_verdict(v1::ProbeResult::SILENT);
      break;
  }
  result.set_detail(answer.detail);
  result.set_source(answer.source);
  return result;
}

Problem nothing_there(const ProbeOrder& order) {
  return make_problem(Problem::NOT_FOUND, "netns.no-link",
                      "nothing is made of link " + order.link_id() + " of this hold")
      .at_resource("hold/" + order.hold_id() + "/link/" + order.link_id());
}

}  // namespace

Result<v1::ProbeResult> Parts::probe(const ProbeOrder& order) {
  const std::string key = hold_key(order.hold_id());
  const auto part = site_.run().load(key);
  const DesiredLink* link = part ? find_link(*part, order.link_id()) : nullptr;
  if (link == nullptr) return nothing_there(order);
  const auto there = NetNs::open(site_.run().namespace_path(fabric_namespace(key)));
  if (!there) return nothing_there(order);
  const auto source = source_of(*link, order);
  if (!source) return source.problem();
  auto fabric = Fabric::open(*there);
  if (!fabric) return std::move(fabric).problem();
  // Alive for as long as this call; its port goes with it, a moment later, so each has its own
  // name.
  const auto ns = NetNs::scratch();
  if (!ns) return ns.problem();
  const std::string port = std::string(kProbePort) + std::to_string(++probes_ % 1'000'000);
  Status plugged = plug_in(*ns, *fabric, *link, port, *source, order);
  if (!plugged) return std::move(plugged).problem();
  const auto answer = send(*ns, order, without_length(*source));
  if (!answer) return answer.problem();
  return result_of(*answer);
}

}  // namespace terrace::netns
