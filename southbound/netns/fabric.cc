#include <algorithm>

#include "linux/sysctl.h"
#include "linux/tc.h"
#include "southbound/netns/names.h"
#include "southbound/netns/plumbing.h"

namespace terrace::netns {
namespace {

using kernel::Netlink;
using kernel::NetNs;

// Above it a token bucket cannot go (2^31 bytes a second).
constexpr std::uint64_t kTokenBucketMost = 17'000'000'000;

bool is_probe(const std::string& name) {
  return name.rfind(kProbePort, 0) == 0;
}

}  // namespace

const driver::v1::DesiredLink* find_link(const driver::v1::DesiredPart& part,
                                         const std::string& link_id) {
  for (const auto& link : part.link()) {
    if (link.link_id() == link_id) return &link;
  }
  return nullptr;
}

Status no_ipv6(const NetNs& ns) {
  // A kernel without it has nothing to turn off.
  if (!kernel::read_sysctl(ns, "ipv6/conf/all/disable_ipv6")) return {};
  return kernel::write_sysctls(
      ns, {{"ipv6/conf/default/disable_ipv6", "1"}, {"ipv6/conf/all/disable_ipv6", "1"}});
}

Status set_manners(const NetNs& ns, bool forwards) {
  if (Status made = kernel::make_router(ns); !made) return made;
  if (forwards) return {};
  std::vector<kernel::Sysctl> settings{{"ipv4/ip_forward", "0"}};
  if (kernel::read_sysctl(ns, "ipv6/conf/all/forwarding")) {
    for (const std::string scope : {"all", "default"}) {
      settings.push_back({"ipv6/conf/" + scope + "/forwarding", "0"});
    }
  }
  return kernel::write_sysctls(ns, settings);
}

Result<Fabric> Fabric::open(const NetNs& ns) {
  auto netlink = Netlink::open(ns);
  if (!netlink) return std::move(netlink).problem();
  Fabric fabric(ns, *std::move(netlink));
  auto links = fabric.netlink_.links();
  if (!links) return std::move(links).problem();
  for (auto& link : *links) fabric.there_[link.name] = std::move(link);
  return fabric;
}

const kernel::Link* Fabric::find(const std::string& name) const {
  const auto found = there_.find(name);
  return found == there_.end() ? nullptr : &found->second;
}

Status Fabric::shape(const driver::v1::DesiredPart& part, const std::set<std::string>& ports) {
  std::set<std::string> bridges;
  for (const auto& link : part.link()) bridges.insert(bridge_name(link.link_id()));
  std::vector<std::string> unwanted;
  for (const auto& [name, link] : there_) {
    const bool ours = link.kind == "veth" || link.kind == "bridge";
    if (!ours || is_probe(name) || bridges.contains(name) || ports.contains(name)) continue;
    unwanted.push_back(name);
  }
  for (const std::string& name : unwanted) {
    if (Status gone = netlink_.delete_link(name); !gone) return gone;
    there_.erase(name);
  }
  for (const std::string& name : bridges) {
    if (const auto* made = find(name); made != nullptr && made->up) continue;
    if (find(name) == nullptr) {
      if (Status made = netlink_.add_bridge({.name = name}); !made) return made;
    }
    if (Status up = netlink_.set_up(name); !up) return up;
    auto made = netlink_.link(name);
    if (!made) return std::move(made).problem();
    there_[name] = *std::move(made);
  }
  return {};
}

Status Fabric::plug(const std::string& port, const driver::v1::DesiredLink& link) {
  const std::string bridge = bridge_name(link.link_id());
  auto now = netlink_.link(port);
  if (!now) return std::move(now).problem();
  if (now->mtu != link.mtu()) {
    if (Status sized = netlink_.set_mtu(port, link.mtu()); !sized) return sized;
  }
  const auto* master = find(bridge);
  if (master == nullptr || now->master != master->index) {
    if (Status joined = netlink_.set_master(port, bridge); !joined) return joined;
  }
  // A shape that is there already stays: putting it anew would drop what it holds.
  if (link.has_bitrate() && link.bitrate() >= 8 && now->master == 0) {
    const bool fast = link.bitrate() > kTokenBucketMost;
    Status shaped = kernel::shape_egress(
        ns_, port,
        {.kind = fast ? kernel::Shape::Kind::kHierarchical : kernel::Shape::Kind::kTokenBucket,
         .rate_bps = link.bitrate()});
    if (!shaped) return shaped;
  }
  if (now->up) return {};
  return netlink_.set_up(port);
}

}  // namespace terrace::netns
