// Links, addresses, routes, rules and forwarding entries of one network namespace, by netlink.
//
// Addresses travel as canonical text, as in the schema: "10.0.0.1", "10.0.0.0/24", "fd00::1/64",
// "02:00:00:00:00:01". What does not parse is INVALID_ARGUMENT before the kernel is asked. Kernel
// errors are linux/error.h's, with netlink's extended acknowledgement as the reason; they name the
// object ("link/eth0", "route/10.0.0.0/24").
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "linux/netns.h"

struct nl_sock;
struct nl_msg;
struct nl_cache;
struct rtnl_link;

namespace terrace::kernel {

// Longest name of a link (IFNAMSIZ less its end); longer ones are refused, never cut.
inline constexpr std::size_t kLinkNameMax = 15;
inline constexpr std::uint16_t kVxlanPort = 4789;
// Bytes VXLAN adds to a layer-3 packet: outer IP, UDP, VXLAN, inner Ethernet.
inline constexpr std::uint32_t kVxlanOverheadV4 = 50;
inline constexpr std::uint32_t kVxlanOverheadV6 = 70;
inline constexpr std::string_view kFloodMac = "00:00:00:00:00:00";
inline constexpr std::uint32_t kMainTable = 254;

struct LinkStatistics {
  std::uint64_t rx_packets = 0;
  std::uint64_t tx_packets = 0;
  std::uint64_t rx_bytes = 0;
  std::uint64_t tx_bytes = 0;
  std::uint64_t rx_dropped = 0;
  std::uint64_t tx_dropped = 0;
};

struct VxlanInfo {
  std::uint32_t id = 0;
  std::string local{};
  std::uint16_t port = 0;
  bool learning = false;
};

// A link as the kernel shows it.
struct Link {
  int index = 0;
  std::string name{};
  // "veth", "bridge", "vxlan", ...; empty for loopback and physical ones.
  std::string kind{};
  std::string mac{};
  std::uint32_t mtu = 0;
  // Administratively up; and in operation too: with a carrier, and forwarding if it is a bridge's
  // port. That comes a moment after both ends are up: LinkWatch::wait_running().
  bool up = false;
  bool running = false;
  // Index of the bridge it is a port of; 0: none.
  int master = 0;
  // veth: index of the other end (IFLA_LINK), in the namespace that this one knows as peer_netnsid,
  // or in this one where that is unset. 0: none.
  int peer_index = 0;
  std::optional<int> peer_netnsid{};
  std::optional<VxlanInfo> vxlan{};
  LinkStatistics statistics{};
};

struct VethEnd {
  std::string name{};
  // Empty: the kernel's choice.
  std::string mac{};
  std::uint32_t mtu = 1500;
  // Where this end is made; null: the Netlink's own namespace.
  const NetNs* ns = nullptr;
};

struct BridgeOptions {
  std::string name{};
  // Empty: the kernel's choice, which follows its ports; set it where the bridge has an address.
  std::string mac{};
  // 1500, the kernel's default, shrinks to that of the smallest port; any other stays.
  std::uint32_t mtu = 1500;
};

// Made in the Netlink's namespace, which stays the underlay's after the device moved elsewhere.
struct VxlanOptions {
  std::string name{};
  // The VNI, 24 bits. The kernel refuses a second device with this id and port in one underlay
  // namespace (ALREADY_EXISTS), wherever the first has moved to.
  std::uint32_t id = 0;
  // The underlay address, v4 or v6, packets come from.
  std::string local{};
  std::uint16_t port = kVxlanPort;
  // Of the inner packets: the underlay's less kVxlanOverheadV4 or V6.
  std::uint32_t mtu = 1450;
  std::string mac{};
  // Learn which end a MAC lives behind from what arrives. Without it only forwarding entries count.
  bool learning = true;
  // Where set, a move into that namespace is part of the creation.
  const NetNs* ns = nullptr;
};

struct Address {
  std::string link{};
  // With its prefix length: "10.0.0.1/24".
  std::string address{};
  bool operator==(const Address&) const = default;
};

struct Route {
  enum class Kind { kUnicast, kBlackhole, kUnreachable };

  // Canonical prefix; "0.0.0.0/0" and "::/0" are the default routes.
  std::string destination{};
  // Empty: the destination is on the link itself.
  std::string gateway{};
  // May be empty where the gateway decides it.
  std::string link{};
  std::uint32_t table = kMainTable;
  // Priority; 0: the kernel's default (0 for v4, 1024 for v6).
  std::uint32_t metric = 0;
  // Of packets that take this route; 0: the link's.
  std::uint32_t mtu = 0;
  // Preferred source address; empty: the kernel's choice.
  std::string source{};
  // The gateway is reachable on the link though no address covers it.
  bool onlink = false;
  Kind kind = Kind::kUnicast;
};

struct Rule {
  // True: IPv6.
  bool v6 = false;
  // Order among rules, lowest first; each rule should have its own.
  std::uint32_t priority = 0;
  // Matches; unset ones match all. fwmark 0 with mask 0: none.
  std::uint32_t fwmark = 0;
  std::uint32_t fwmask = 0;
  std::string from{};
  std::string to{};
  std::string iif{};
  // IPPROTO_TCP, ...; 0: any.
  std::uint8_t ip_protocol = 0;
  // Destination ports, first to last; 0: any.
  std::uint16_t dport_first = 0;
  std::uint16_t dport_last = 0;
  std::uint32_t table = kMainTable;
  bool operator==(const Rule&) const = default;
};

struct Neighbour {
  std::string link{};
  std::string address{};
  // Empty while unresolved.
  std::string mac{};
  bool permanent = true;
  bool operator==(const Neighbour&) const = default;
};

// Where a VXLAN device sends frames for a MAC; kFloodMac: broadcast, multicast and unknown unicast,
// one entry for each far end.
struct Forwarding {
  std::string mac{kFloodMac};
  // Underlay address of the far end.
  std::string destination{};
  bool operator==(const Forwarding&) const = default;
};

// A route socket inside a namespace. It stays in that namespace whichever thread uses it; calls on
// one object take turns.
class Netlink {
 public:
  static Result<Netlink> open(const NetNs& ns);
  Netlink(Netlink&&) noexcept;
  Netlink& operator=(Netlink&&) noexcept;
  ~Netlink();

  // Links. Names that are not there are NOT_FOUND, taken ones ALREADY_EXISTS.
  Result<std::vector<Link>> links();
  Result<Link> link(std::string_view name);
  // Both ends at once, each in its namespace, both down.
  Status add_veth(const VethEnd& one, const VethEnd& other);
  // Without STP and multicast snooping: a plain learning switch that forwards at once. Down.
  Status add_bridge(const BridgeOptions& bridge);
  Status add_vxlan(const VxlanOptions& vxlan);
  // Into another namespace, where it arrives down, under a new name if one is given.
  Status move_link(std::string_view name, const NetNs& to, std::string_view new_name = {});
  Status rename_link(std::string_view name, std::string_view new_name);
  Status set_mac(std::string_view name, std::string_view mac);
  Status set_mtu(std::string_view name, std::uint32_t mtu);
  // Makes it a port of a bridge; an empty master takes it out.
  Status set_master(std::string_view name, std::string_view master);
  Status set_up(std::string_view name);
  Status set_down(std::string_view name);
  // A veth takes its peer along. Missing is fine.
  Status delete_link(std::string_view name);

  // Addresses. v6 ones are usable at once (no duplicate address detection).
  Status add_address(std::string_view link, std::string_view address);
  // Missing is fine.
  Status delete_address(std::string_view link, std::string_view address);
  // All links' in the order of their indexes, link-local and loopback ones included.
  Result<std::vector<Address>> addresses();

  // Routes. replace_route puts one in the place of another with its destination, table and metric.
  Status add_route(const Route& route);
  Status replace_route(const Route& route);
  // By destination, table, kind, and metric, gateway and link where given. Missing is fine.
  Status delete_route(const Route& route);
  // Both families, all tables but the kernel's own (255, local) and cached ones.
  Result<std::vector<Route>> routes();

  // Policy rules. Adding the same twice is ALREADY_EXISTS; deleting a missing one is fine.
  Status add_rule(const Rule& rule);
  Status delete_rule(const Rule& rule);
  // Both families, the kernel's own three (priorities 0, 32766, 32767) included.
  Result<std::vector<Rule>> rules();

  // Neighbours (ARP and ND). Adding replaces.
  Status add_neighbour(const Neighbour& neighbour);
  Status delete_neighbour(const Neighbour& neighbour);
  Result<std::vector<Neighbour>> neighbours(std::string_view link);

  // Forwarding entries of a VXLAN device. Adding a far end to kFloodMac leaves its other ends; any
  // other MAC has one end, which is replaced. Adding the same twice and deleting a missing one are
  // fine.
  Status add_forwarding(std::string_view vxlan, const Forwarding& entry);
  Status delete_forwarding(std::string_view vxlan, const Forwarding& entry);
  Result<std::vector<Forwarding>> forwarding(std::string_view vxlan);

  // For the files of this room (tc, watch): runs `use` with the socket, alone, and makes a problem
  // of what it returns where that is a negative libnl error code.
  Status with_socket(std::string_view action, std::string_view object,
                     const std::function<int(nl_sock*)>& use);

 private:
  struct Socket;
  explicit Netlink(std::unique_ptr<Socket> socket);
  // NOT_FOUND names the link.
  Result<int> index_of(std::string_view name);
  Status change(std::string_view action, std::string_view name,
                const std::function<void(rtnl_link*)>& set);

  Status put_route(std::string_view action, const Route& route, int flags);

  std::unique_ptr<Socket> socket_;
};

}  // namespace terrace::kernel
