#include "southbound/netns/plumbing.h"

#include <poll.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <sstream>

#include "linux/deadline.h"
#include "linux/sysctl.h"
#include "recursion/prefix.h"
#include "southbound/netns/functions/function.h"
#include "southbound/netns/names.h"
#include "southbound/netns/run_dir.h"

namespace terrace::netns {
namespace {

using driver::v1::DesiredCp;
using driver::v1::DesiredVnf;
using kernel::Netlink;

using Links = std::map<std::string, kernel::Link>;

bool link_local(const std::string& address) {
  return address.rfind("fe80:", 0) == 0;
}

Result<Links> links_in(Netlink& netlink) {
  auto links = netlink.links();
  if (!links) return std::move(links).problem();
  Links by_name;
  for (auto& link : *links) by_name[link.name] = std::move(link);
  return by_name;
}

// The pair exists, and its two ends are each other's.
bool joined(const kernel::Link* port, const kernel::Link* interface) {
  return port != nullptr && interface != nullptr && port->peer_index == interface->index &&
         interface->peer_index == port->index;
}

Status make_pair(const VnfPlumbing& work, Netlink& inside, const DesiredCp& cp,
                 const std::string& port, const std::string& interface) {
  // Either end may be left of something half-made.
  if (Status gone = work.fabric.netlink().delete_link(port); !gone) return gone;
  if (Status gone = inside.delete_link(interface); !gone) return gone;
  return work.fabric.netlink().add_veth(
      {.name = port, .mtu = cp.mtu()},
      {.name = interface, .mac = cp.mac(), .mtu = cp.mtu(), .ns = &work.ns});
}

Status adjust(Netlink& inside, const DesiredCp& cp, const kernel::Link& now) {
  if (!cp.mac().empty() && now.mac != cp.mac()) {
    if (Status set = inside.set_mac(now.name, cp.mac()); !set) return set;
  }
  if (now.mtu != cp.mtu()) return inside.set_mtu(now.name, cp.mtu());
  return {};
}

Status set_addresses(Netlink& inside, const DesiredVnf& vnf) {
  const auto there = inside.addresses();
  if (!there) return there.problem();
  for (int i = 0; i < vnf.cp_size(); ++i) {
    const std::string interface = interface_name(i);
    std::set<std::string> wanted(vnf.cp(i).address().begin(), vnf.cp(i).address().end());
    for (const auto& [link, address] : *there) {
      if (link != interface || link_local(address) || wanted.erase(address) > 0) continue;
      if (Status gone = inside.delete_address(interface, address); !gone) return gone;
    }
    for (const std::string& address : wanted) {
      if (Status added = inside.add_address(interface, address); !added) return added;
    }
  }
  return {};
}

// The interface whose network has the next hop.
std::optional<std::string> towards(const DesiredVnf& vnf, const std::string& next_hop) {
  const auto hop = IpAddress::parse(next_hop);
  if (!hop) return std::nullopt;
  for (int i = 0; i < vnf.cp_size(); ++i) {
    for (const std::string& text : vnf.cp(i).address()) {
      const auto own = InterfaceAddress::parse(text);
      if (own && own->prefix().contains(*hop)) return interface_name(i);
    }
  }
  return std::nullopt;
}

// One route per prefix. Where several instances would do, the first: which one is the same at every
// end, since hops come sorted, so that a connection's two ways meet the same one.
Result<std::map<std::string, kernel::Route>> wanted_routes(const DesiredVnf& vnf) {
  std::map<std::string, kernel::Route> wanted;
  for (const v1::Route& route : vnf.route()) {
    for (const std::string& hop : route.next_hop()) {
      if (is_v6(hop) != is_v6(route.prefix())) continue;
      const auto interface = towards(vnf, hop);
      if (!interface) {
        return make_problem(Problem::INVALID_ARGUMENT, "netns.no-next-hop",
                            "next hop " + hop + " is on none of the function's links")
            .at_resource("vnf/" + name_of(vnf) + "/route/" + route.prefix());
      }
      wanted[route.prefix()] = {.destination = route.prefix(), .gateway = hop, .link = *interface};
      break;
    }
  }
  return wanted;
}

Status set_routes(Netlink& inside, const DesiredVnf& vnf) {
  auto wanted = wanted_routes(vnf);
  if (!wanted) return std::move(wanted).problem();
  const auto there = inside.routes();
  if (!there) return there.problem();
  for (const auto& route : *there) {
    // Those without a gateway are the addresses' own.
    if (route.table != kernel::kMainTable || route.gateway.empty()) continue;
    const auto match = wanted->find(route.destination);
    if (match == wanted->end()) {
      if (Status gone = inside.delete_route(route); !gone) return gone;
    } else if (match->second.gateway == route.gateway && match->second.link == route.link) {
      wanted->erase(match);
    }
  }
  for (const auto& [prefix, route] : *wanted) {
    if (Status put = inside.replace_route(route); !put) return put;
  }
  return {};
}

// As /proc/net/ipv6_route has them: 32 hexadecimal digits each.
std::set<std::string> v6_digits(const std::vector<std::string>& addresses) {
  std::set<std::string> digits;
  for (const std::string& text : addresses) {
    const auto address = IpAddress::parse(without_length(text));
    if (!address || address->family() != IpFamily::kV6) continue;
    char hex[33];
    std::snprintf(hex, sizeof hex, "%016llx%016llx",
                  static_cast<unsigned long long>(address->bits() >> 64),
                  static_cast<unsigned long long>(address->bits()));
    digits.insert(hex);
  }
  return digits;
}

// The IPv6 addresses of the thread's namespace that the kernel takes packets for.
std::set<std::string> v6_in_use() {
  constexpr std::uint32_t kLocal = 0x80000000;  // RTF_LOCAL
  std::set<std::string> digits;
  std::istringstream routes(read_file("/proc/thread-self/net/ipv6_route").value_or(""));
  for (std::string line; std::getline(routes, line);) {
    std::string destination, length, source, source_length, hop, metric, references, uses, flags;
    std::istringstream(line) >> destination >> length >> source >> source_length >> hop >> metric >>
        references >> uses >> flags;
    const auto bits = std::strtoul(flags.c_str(), nullptr, 16);
    if (length == "80" && (bits & kLocal) != 0) digits.insert(destination);
  }
  return digits;
}

Status make_interfaces(const VnfPlumbing& work, Netlink& inside) {
  const auto there = links_in(inside);
  if (!there) return there.problem();
  std::set<std::string> interfaces;
  for (int i = 0; i < work.vnf.cp_size(); ++i) {
    const DesiredCp& cp = work.vnf.cp(i);
    const std::string interface = interface_name(i);
    const std::string port = vnf_port(work.vnf, cp.cpd_id());
    interfaces.insert(interface);
    const auto now = there->find(interface);
    const auto* link = now == there->end() ? nullptr : &now->second;
    Status made = joined(work.fabric.find(port), link)
                      ? adjust(inside, cp, *link)
                      : make_pair(work, inside, cp, port, interface);
    if (!made) return made;
    // Validated: the link is there.
    Status plugged = work.fabric.plug(port, *find_link(work.part, cp.link_id()));
    if (!plugged) return plugged;
    if (link == nullptr || !link->up) {
      if (Status up = inside.set_up(interface); !up) return up;
      // Asked for by name it sends at once; else perhaps a second later (LinkWatch::wait_running).
      if (auto seen = inside.link(interface); !seen) return std::move(seen).problem();
    }
  }
  for (const auto& [name, link] : *there) {
    if (link.kind != "veth" || interfaces.contains(name)) continue;
    if (Status gone = inside.delete_link(name); !gone) return gone;
  }
  return {};
}

}  // namespace

Status plumb(const VnfPlumbing& work) {
  auto inside = Netlink::open(work.ns);
  if (!inside) return std::move(inside).problem();
  if (Status made = make_interfaces(work, *inside); !made) return made;
  if (Status set = set_addresses(*inside, work.vnf); !set) return set;
  return set_routes(*inside, work.vnf);
}

Status announce(const DesiredVnf& vnf, const kernel::NetNs& ns) {
  std::vector<kernel::Sysctl> settings{{"ipv4/conf/all/arp_notify", "1"}};
  if (kernel::read_sysctl(ns, "ipv6/conf/all/ndisc_notify").ok())
    settings.push_back({"ipv6/conf/all/ndisc_notify", "1"});
  if (Status set = kernel::write_sysctls(ns, settings); !set) return set;
  auto inside = Netlink::open(ns);
  if (!inside) return std::move(inside).problem();
  for (int i = 0; i < vnf.cp_size(); ++i) {
    const auto link = inside->link(interface_name(i));
    if (!link) return link.problem();
    // With these settings the kernel announces a link's addresses whenever its MAC address is set,
    // be it to what it was.
    if (Status told = inside->set_mac(link->name, link->mac); !told) return told;
  }
  return {};
}

Status wait_heard(const kernel::NetNs& ns, const std::vector<std::string>& addresses,
                  Duration within) {
  const std::set<std::string> wanted = v6_digits(addresses);
  if (wanted.empty()) return {};
  const kernel::Deadline deadline(within);
  return kernel::run_in(ns, [&]() -> Status {
    for (;;) {
      const auto used = v6_in_use();
      if (std::includes(used.begin(), used.end(), wanted.begin(), wanted.end())) return {};
      if (deadline.passed()) {
        return make_problem(Problem::DEADLINE_EXCEEDED, "netns.not-heard",
                            "the kernel does not take packets for its IPv6 addresses yet")
            .at_resource(ns.label());
      }
      ::poll(nullptr, 0, 2);
    }
  });
}

Status report(const DesiredVnf& vnf, const kernel::NetNs& ns, driver::v1::AppliedPart& applied) {
  auto inside = Netlink::open(ns);
  if (!inside) return std::move(inside).problem();
  const auto links = links_in(*inside);
  if (!links) return links.problem();
  const auto addresses = inside->addresses();
  if (!addresses) return addresses.problem();
  for (int i = 0; i < vnf.cp_size(); ++i) {
    const auto link = links->find(interface_name(i));
    if (link == links->end()) continue;
    auto& cp = *applied.add_cp();
    cp.set_vnf_profile_id(vnf.vnf_profile_id());
    cp.set_index(vnf.index());
    cp.set_cpd_id(vnf.cp(i).cpd_id());
    cp.set_mac(link->second.mac);
    cp.set_mtu(link->second.mtu);
    for (const auto& [name, address] : *addresses) {
      if (name == link->first && !link_local(address)) cp.add_address(address);
    }
  }
  return {};
}

}  // namespace terrace::netns
