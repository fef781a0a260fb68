#include "linux/links.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/link/vxlan.h>

#include <cerrno>
#include <utility>

#include "linux/error.h"
#include "linux/nl.h"

namespace terrace::kernel {

namespace {

std::string object_of(std::string_view name) {
  return "link/" + std::string(name);
}

std::optional<VxlanInfo> read_vxlan(rtnl_link* link) {
  if (!rtnl_link_is_vxlan(link)) return std::nullopt;
  VxlanInfo info;
  (void)rtnl_link_vxlan_get_id(link, &info.id);
  std::uint32_t port = 0;
  (void)rtnl_link_vxlan_get_port(link, &port);
  info.port = static_cast<std::uint16_t>(port);
  info.learning = rtnl_link_vxlan_get_learning(link) > 0;
  nl_addr* local = nullptr;
  if (rtnl_link_vxlan_get_local(link, &local) >= 0) {
    info.local = nl::address_text(nl::Addr(local).get());
  }
  return info;
}

LinkStatistics read_statistics(rtnl_link* link) {
  const auto count = [&](rtnl_link_stat_id_t id) { return rtnl_link_get_stat(link, id); };
  return {.rx_packets = count(RTNL_LINK_RX_PACKETS),
          .tx_packets = count(RTNL_LINK_TX_PACKETS),
          .rx_bytes = count(RTNL_LINK_RX_BYTES),
          .tx_bytes = count(RTNL_LINK_TX_BYTES),
          .rx_dropped = count(RTNL_LINK_RX_DROPPED),
          .tx_dropped = count(RTNL_LINK_TX_DROPPED)};
}

// Name, MAC, MTU and namespace, as far as they are given, put into a link to be made.
Status describe_new(rtnl_link* object, std::string_view name, std::string_view mac,
                    std::uint32_t mtu, const NetNs* ns) {
  if (Status fits = nl::check_link_name(name); !fits) return fits;
  rtnl_link_set_name(object, std::string(name).c_str());
  rtnl_link_set_mtu(object, mtu);
  if (ns != nullptr) rtnl_link_set_ns_fd(object, ns->fd());
  if (mac.empty()) return {};
  const auto address = nl::parse_mac(mac);
  if (!address) return address.problem();
  rtnl_link_set_addr(object, address->get());
  return {};
}

// libnl has no word for multicast snooping, so the request is spelled out here.
nl::Msg bridge_request(const std::string& name, nl_addr* mac) {
  nl::Msg message(nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL));
  ifinfomsg header{};
  if (!message) return {};
  if (nlmsg_append(message.get(), &header, sizeof header, NLMSG_ALIGNTO) < 0) return {};
  int failed = nla_put_string(message.get(), IFLA_IFNAME, name.c_str());
  if (mac != nullptr) failed |= nla_put_addr(message.get(), IFLA_ADDRESS, mac);
  nlattr* info = nla_nest_start(message.get(), IFLA_LINKINFO);
  if (info == nullptr) return {};
  failed |= nla_put_string(message.get(), IFLA_INFO_KIND, "bridge");
  nlattr* data = nla_nest_start(message.get(), IFLA_INFO_DATA);
  if (data == nullptr) return {};
  failed |= nla_put_u8(message.get(), IFLA_BR_MCAST_SNOOPING, 0);
  failed |= nla_put_u32(message.get(), IFLA_BR_STP_STATE, 0);
  failed |= nla_put_u32(message.get(), IFLA_BR_FORWARD_DELAY, 0);
  nla_nest_end(message.get(), data);
  nla_nest_end(message.get(), info);
  return failed == 0 ? std::move(message) : nl::Msg();
}

}  // namespace

Link read_link(rtnl_link* object) {
  Link link;
  link.index = rtnl_link_get_ifindex(object);
  if (const char* name = rtnl_link_get_name(object)) link.name = name;
  if (const char* kind = rtnl_link_get_type(object)) link.kind = kind;
  link.mac = nl::address_text(rtnl_link_get_addr(object));
  link.mtu = rtnl_link_get_mtu(object);
  const unsigned flags = rtnl_link_get_flags(object);
  link.up = (flags & IFF_UP) != 0;
  // Links that do not detect a carrier (VXLAN, loopback) stay unknown, and work.
  const auto state = rtnl_link_get_operstate(object);
  link.running = link.up && (state == IF_OPER_UP || state == IF_OPER_UNKNOWN);
  link.master = rtnl_link_get_master(object);
  link.peer_index = link.kind == "veth" ? rtnl_link_get_link(object) : 0;
  std::int32_t netnsid = 0;
  if (rtnl_link_get_link_netnsid(object, &netnsid) >= 0) link.peer_netnsid = netnsid;
  link.vxlan = read_vxlan(object);
  link.statistics = read_statistics(object);
  return link;
}

Result<std::vector<Link>> Netlink::links() {
  std::vector<Link> links;
  Status read = with_socket("list links", "links", [&](nl_sock* socket) {
    nl::Cache cache;
    const int code = nl::fill_cache(
        cache, [&](nl_cache** raw) { return rtnl_link_alloc_cache(socket, AF_UNSPEC, raw); });
    if (code < 0) return code;
    nl::for_each<rtnl_link>(cache.get(),
                            [&](rtnl_link* link) { links.push_back(read_link(link)); });
    return 0;
  });
  if (!read) return std::move(read).problem();
  return links;
}

Result<Link> Netlink::link(std::string_view name) {
  if (Status fits = nl::check_link_name(name); !fits) return std::move(fits).problem();
  Link link;
  Status read = with_socket("look at a link", object_of(name), [&](nl_sock* socket) {
    rtnl_link* raw = nullptr;
    const int code = rtnl_link_get_kernel(socket, 0, std::string(name).c_str(), &raw);
    const nl::LinkObject object(raw);
    if (code >= 0) link = read_link(raw);
    return code;
  });
  if (!read) return std::move(read).problem();
  return link;
}

Result<int> Netlink::index_of(std::string_view name) {
  auto found = link(name);
  if (!found) return std::move(found).problem();
  return found->index;
}

Status Netlink::add_veth(const VethEnd& one, const VethEnd& other) {
  const nl::LinkObject object(rtnl_link_veth_alloc());
  if (!object) return errno_problem(ENOMEM, "make a veth pair", object_of(one.name));
  if (Status put = describe_new(object.get(), one.name, one.mac, one.mtu, one.ns); !put) return put;
  const nl::LinkObject peer(rtnl_link_veth_get_peer(object.get()));
  Status put = describe_new(peer.get(), other.name, other.mac, other.mtu, other.ns);
  if (!put) return put;
  const std::string pair = object_of(one.name) + "+" + other.name;
  return with_socket("make a veth pair", pair, [&](nl_sock* socket) {
    return rtnl_link_add(socket, object.get(), NLM_F_CREATE | NLM_F_EXCL);
  });
}

Status Netlink::add_bridge(const BridgeOptions& bridge) {
  if (Status fits = nl::check_link_name(bridge.name); !fits) return fits;
  nl::Addr mac;
  if (!bridge.mac.empty()) {
    auto parsed = nl::parse_mac(bridge.mac);
    if (!parsed) return std::move(parsed).problem();
    mac = *std::move(parsed);
  }
  const nl::Msg request = bridge_request(bridge.name, mac.get());
  if (!request) return errno_problem(ENOMEM, "make a bridge", object_of(bridge.name));
  Status made = with_socket("make a bridge", object_of(bridge.name), [&](nl_sock* socket) {
    const int code = nl_send_auto(socket, request.get());
    return code < 0 ? code : nl_wait_for_ack(socket);
  });
  // Set afterwards: only so does the kernel take it as ours, and keeps it when ports come.
  constexpr std::uint32_t kKernelDefault = 1500;
  if (!made || bridge.mtu == kKernelDefault) return made;
  Status sized = set_mtu(bridge.name, bridge.mtu);
  if (!sized) (void)delete_link(bridge.name);
  return sized;
}

Status Netlink::add_vxlan(const VxlanOptions& vxlan) {
  const auto local = nl::parse_address(vxlan.local);
  if (!local) return local.problem();
  const nl::LinkObject object(rtnl_link_vxlan_alloc());
  if (!object) return errno_problem(ENOMEM, "make a VXLAN device", object_of(vxlan.name));
  Status put = describe_new(object.get(), vxlan.name, vxlan.mac, vxlan.mtu, vxlan.ns);
  if (!put) return put;
  if (rtnl_link_vxlan_set_id(object.get(), vxlan.id) < 0) {
    return invalid_value("a VXLAN id (24 bits)", std::to_string(vxlan.id));
  }
  rtnl_link_vxlan_set_local(object.get(), local->get());
  rtnl_link_vxlan_set_port(object.get(), vxlan.port);
  rtnl_link_vxlan_set_learning(object.get(), vxlan.learning ? 1 : 0);
  return with_socket("make a VXLAN device", object_of(vxlan.name), [&](nl_sock* socket) {
    return rtnl_link_add(socket, object.get(), NLM_F_CREATE | NLM_F_EXCL);
  });
}

Status Netlink::change(std::string_view action, std::string_view name,
                       const std::function<void(rtnl_link*)>& set) {
  if (Status fits = nl::check_link_name(name); !fits) return fits;
  return with_socket(action, object_of(name), [&](nl_sock* socket) {
    rtnl_link* raw = nullptr;
    const int found = rtnl_link_get_kernel(socket, 0, std::string(name).c_str(), &raw);
    if (found < 0) return found;
    const nl::LinkObject original(raw);
    const nl::LinkObject wanted(rtnl_link_alloc());
    if (!wanted) return -NLE_NOMEM;
    set(wanted.get());
    return rtnl_link_change(socket, original.get(), wanted.get(), 0);
  });
}

Status Netlink::move_link(std::string_view name, const NetNs& to, std::string_view new_name) {
  if (!new_name.empty()) {
    if (Status fits = nl::check_link_name(new_name); !fits) return fits;
  }
  return change("move a link to " + to.label(), name, [&](rtnl_link* link) {
    rtnl_link_set_ns_fd(link, to.fd());
    if (!new_name.empty()) rtnl_link_set_name(link, std::string(new_name).c_str());
  });
}

Status Netlink::rename_link(std::string_view name, std::string_view new_name) {
  if (Status fits = nl::check_link_name(new_name); !fits) return fits;
  return change("rename a link to " + std::string(new_name), name,
                [&](rtnl_link* link) { rtnl_link_set_name(link, std::string(new_name).c_str()); });
}

Status Netlink::set_mac(std::string_view name, std::string_view mac) {
  const auto address = nl::parse_mac(mac);
  if (!address) return address.problem();
  return change("set a link's MAC address", name,
                [&](rtnl_link* link) { rtnl_link_set_addr(link, address->get()); });
}

Status Netlink::set_mtu(std::string_view name, std::uint32_t mtu) {
  return change("set a link's MTU to " + std::to_string(mtu), name,
                [&](rtnl_link* link) { rtnl_link_set_mtu(link, mtu); });
}

Status Netlink::set_master(std::string_view name, std::string_view master) {
  int index = 0;
  if (!master.empty()) {
    const auto found = index_of(master);
    if (!found) return found.problem();
    index = *found;
  }
  return change("make a link a port of '" + std::string(master) + "'", name,
                [&](rtnl_link* link) { rtnl_link_set_master(link, index); });
}

Status Netlink::set_up(std::string_view name) {
  return change("bring a link up", name,
                [](rtnl_link* link) { rtnl_link_set_flags(link, IFF_UP); });
}

Status Netlink::set_down(std::string_view name) {
  return change("take a link down", name,
                [](rtnl_link* link) { rtnl_link_unset_flags(link, IFF_UP); });
}

Status Netlink::delete_link(std::string_view name) {
  if (Status fits = nl::check_link_name(name); !fits) return fits;
  Status deleted = with_socket("delete a link", object_of(name), [&](nl_sock* socket) {
    const nl::LinkObject object(rtnl_link_alloc());
    if (!object) return -NLE_NOMEM;
    rtnl_link_set_name(object.get(), std::string(name).c_str());
    return rtnl_link_delete(socket, object.get());
  });
  if (!deleted && deleted.problem().code() == Problem::NOT_FOUND) return {};
  return deleted;
}

}  // namespace terrace::kernel
