#include "southbound/netns/segments.h"

#include <algorithm>

#include "linux/link_watch.h"
#include "linux/process.h"
#include "linux/sysctl.h"
#include "southbound/netns/names.h"
#include "southbound/netns/plumbing.h"

namespace terrace::netns {
namespace {

using driver::v1::DesiredLink;
using kernel::Netlink;
using kernel::NetNs;

constexpr Duration kForwardingWithin = std::chrono::seconds(5);
constexpr Duration kKillWithin = std::chrono::seconds(10);

std::set<std::string> far_ends_of(const DesiredLink& link) {
  std::set<std::string> ends;
  for (const auto& peer : link.peer()) ends.insert(peer.vtep());
  return ends;
}

Status check(const NetnsWanPort& wan, const DesiredLink& link) {
  if (link.stitching().encapsulation_type() != v1::Stitching::VXLAN) {
    return make_problem(Problem::UNIMPLEMENTED, "netns.encapsulation",
                        "links leave this infrastructure by VXLAN only")
        .at_resource("link/" + link.link_id());
  }
  for (const auto& peer : link.peer()) {
    if (peer.port() == wan.port.port()) continue;
    return make_problem(Problem::UNIMPLEMENTED, "netns.vxlan-port",
                        "all ends of a link use one UDP port here")
        .at_resource("link/" + link.link_id())
        .constraint("port of " + peer.vtep(), std::to_string(wan.port.port()),
                    std::to_string(peer.port()));
  }
  return {};
}

// The ends of a fabric that is going away; its own going takes a moment.
Status unplug(Netlink& segment, const std::string& key) {
  const auto links = segment.links();
  if (!links) return links.problem();
  for (const auto& link : *links) {
    if (link.name.rfind(segment_ports(key), 0) != 0) continue;
    if (Status gone = segment.delete_link(link.name); !gone) return gone;
  }
  return {};
}

}  // namespace

bool is_stitched(const DesiredLink& link) {
  return !link.wan_port_id().empty();
}

std::string segment_of(const DesiredLink& link) {
  return segment_namespace(link.wan_port_id(),
                           link.stitching().wan_segment_ids().wan_segment_id_value());
}

Segments::Segments(const Site& site) : site_(site) {
  const auto keys = site_.run().keys();
  if (!keys) return;
  for (const std::string& key : *keys) {
    const auto part = site_.run().load(key);
    if (!part) continue;
    for (const DesiredLink& link : part->link()) {
      if (is_stitched(link)) segment_[segment_of(link)].far_end[key] = far_ends_of(link);
    }
  }
}

Status Segments::make(const std::string& name, const DesiredLink& link) {
  const auto wan = site_.wan_port(link.wan_port_id());
  if (!wan) return wan.problem();
  if (Status fine = check(**wan, link); !fine) return fine;
  auto there = site_.run().open_or_make(name);
  if (!there) return std::move(there).problem();
  auto netlink = Netlink::open(there->ns);
  if (!netlink) return std::move(netlink).problem();
  if (Status quiet = no_ipv6(there->ns); !quiet) return quiet;
  Status bridge = netlink->add_bridge({.name = kSegmentBridge});
  if (!bridge && bridge.problem().code() != Problem::ALREADY_EXISTS) return bridge;
  if (auto device = netlink->link(kSegmentVxlan); !device) {
    auto site = Netlink::open(site_.ns());
    if (!site) return std::move(site).problem();
    Status tunnel =
        site->add_vxlan({.name = kSegmentVxlan,
                         .id = link.stitching().wan_segment_ids().wan_segment_id_value(),
                         .local = (*wan)->port.vtep(),
                         .port = static_cast<std::uint16_t>((*wan)->port.port()),
                         .mtu = link.mtu(),
                         .ns = &there->ns});
    if (!tunnel) return tunnel;
  }
  if (Status port = netlink->set_master(kSegmentVxlan, kSegmentBridge); !port) return port;
  if (Status up = netlink->set_up(kSegmentVxlan); !up) return up;
  if (Status up = netlink->set_up(kSegmentBridge); !up) return up;
  return set_far_ends(*netlink, name);
}

Status Segments::set_far_ends(Netlink& segment, const std::string& name) {
  std::set<std::string> wanted;
  for (const auto& [key, ends] : segment_[name].far_end) wanted.insert(ends.begin(), ends.end());
  const auto entries = segment.forwarding(kSegmentVxlan);
  if (!entries) return entries.problem();
  for (const auto& entry : *entries) {
    // Others are learnt, and forgotten, by the device.
    if (entry.mac != kernel::kFloodMac || wanted.erase(entry.destination) > 0) continue;
    if (Status gone = segment.delete_forwarding(kSegmentVxlan, entry); !gone) return gone;
  }
  for (const std::string& end : wanted) {
    Status added = segment.add_forwarding(kSegmentVxlan, {.destination = end});
    if (!added) return added;
  }
  return {};
}

Status Segments::join(const std::string& key, const DesiredLink& link, const NetNs& fabric) {
  const std::lock_guard lock(mutex_);
  const std::string name = segment_of(link);
  segment_[name].far_end[key] = far_ends_of(link);
  if (Status made = make(name, link); !made) return made;
  const auto ns = NetNs::open(site_.run().namespace_path(name));
  if (!ns) return ns.problem();
  auto outer = Netlink::open(*ns);
  if (!outer) return std::move(outer).problem();
  auto inner = Netlink::open(fabric);
  if (!inner) return std::move(inner).problem();
  auto watch = kernel::LinkWatch::open(*ns);
  if (!watch) return std::move(watch).problem();
  const std::string port = segment_port(key, link.link_id());
  if (!inner->link(port)) {
    // The other end may linger from a fabric that was dropped a moment ago.
    if (Status gone = outer->delete_link(port); !gone) return gone;
    Status plugged = inner->add_veth({.name = port, .mtu = link.mtu()},
                                     {.name = port, .mtu = link.mtu(), .ns = &*ns});
    if (!plugged) return plugged;
  }
  if (Status joined = outer->set_master(port, kSegmentBridge); !joined) return joined;
  if (Status up = outer->set_up(port); !up) return up;
  if (Status joined = inner->set_master(port, bridge_name(link.link_id())); !joined) return joined;
  if (Status up = inner->set_up(port); !up) return up;
  return watch->wait_running({port, kSegmentVxlan}, kForwardingWithin);
}

Status Segments::leave(const std::string& key, const driver::v1::DesiredPart& still_used) {
  std::set<std::string> kept;
  for (const DesiredLink& link : still_used.link()) {
    if (is_stitched(link)) kept.insert(segment_of(link));
  }
  const std::lock_guard lock(mutex_);
  std::vector<std::string> unused;
  for (auto& [name, segment] : segment_) {
    if (kept.contains(name) || !segment.far_end.contains(key)) continue;
    if (segment.far_end.size() == 1) {
      unused.push_back(name);
      continue;
    }
    segment.far_end.erase(key);
    const auto ns = NetNs::open(site_.run().namespace_path(name));
    if (!ns) continue;
    auto netlink = Netlink::open(*ns);
    if (!netlink) return std::move(netlink).problem();
    if (Status gone = unplug(*netlink, key); !gone) return gone;
    if (Status set = set_far_ends(*netlink, name); !set) return set;
  }
  for (const std::string& name : unused) {
    if (Status dropped = drop(name); !dropped) return dropped;
    segment_.erase(name);
  }
  return {};
}

Status Segments::drop(const std::string& namespace_name) {
  const std::string path = site_.run().namespace_path(namespace_name);
  if (const auto ns = NetNs::open(path)) {
    if (Status ended = kernel::kill_all_in(ns->inode(), kKillWithin); !ended) return ended;
    auto netlink = Netlink::open(*ns);
    if (!netlink) return std::move(netlink).problem();
    // Its id and port are taken in the site until the device is gone, which a dropped namespace
    // does not wait for.
    if (Status gone = netlink->delete_link(kSegmentVxlan); !gone) return gone;
  }
  return NetNs::remove(path);
}

}  // namespace terrace::netns
