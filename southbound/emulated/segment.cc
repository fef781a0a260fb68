#include "southbound/emulated/segment.h"

#include <algorithm>

namespace terrace::emulated {
namespace {

using driver::v1::DesiredLink;
using driver::v1::WanPort;
using SiteId = EmulatedUnderlay::SiteId;

// RFC 7348: outer IPv4 (or IPv6), UDP, VXLAN and the inner Ethernet header.
constexpr std::uint32_t kVxlanOverhead4 = 50;
constexpr std::uint32_t kVxlanOverhead6 = 70;

std::uint32_t tunnel_mtu(const WanPort& port) {
  const bool v6 = port.vtep().find(':') != std::string::npos;
  const std::uint32_t overhead = v6 ? kVxlanOverhead6 : kVxlanOverhead4;
  return port.mtu() > overhead ? port.mtu() - overhead : 0;
}

bool same_stitching(const v1::Stitching& a, const v1::Stitching& b) {
  return a.underlay() == b.underlay() && a.encapsulation_type() == b.encapsulation_type() &&
         a.wan_segment_ids().wan_segment_id_value() == b.wan_segment_ids().wan_segment_id_value();
}

bool lists(const std::vector<Segment>& segments, const v1::Stitching& stitching,
           const WanPort& port) {
  return std::any_of(segments.begin(), segments.end(), [&](const Segment& segment) {
    if (!same_stitching(segment.link->stitching(), stitching)) return false;
    const auto& peers = segment.link->peer();
    return std::any_of(peers.begin(), peers.end(), [&](const v1::LinkEnd& peer) {
      return peer.vtep() == port.vtep() && peer.port() == port.port();
    });
  });
}

// The segment and those that the site joins to it: the same link, come along another path (R10).
std::vector<Segment> joined(EmulatedUnderlay& underlay, const Segment& segment) {
  std::vector<Segment> found;
  if (underlay.link_cut(segment.site, segment.hold_id, segment.link->link_id())) return found;
  found.push_back(segment);
  if (segment.link->root_link_id().empty()) return found;
  for (const auto& [hold_id, part] : underlay.sites().at(segment.site).part) {
    for (const auto& link : part.desired.link()) {
      if (&link == segment.link || link.root_link_id() != segment.link->root_link_id()) continue;
      if (underlay.link_cut(segment.site, hold_id, link.link_id())) continue;
      found.push_back({segment.site, hold_id, underlay.find(segment.site, hold_id), &link});
    }
  }
  return found;
}

class DomainFinder {
 public:
  DomainFinder(EmulatedUnderlay& underlay, const Segment& from)
      : underlay_(underlay), from_(from), here_(joined(underlay, from)) {}

  Domain find() {
    if (here_.empty()) domain_.lost.push_back("link " + from_.link->link_id() + " is cut");
    for (const Segment& segment : here_) {
      add(segment, std::min(from_.link->mtu(), segment.link->mtu()));
    }
    for (const Segment& segment : here_) follow(segment);
    return std::move(domain_);
  }

 private:
  void add(const Segment& segment, std::uint32_t mtu) {
    for (const Neighbour& there : domain_.neighbour) {
      if (there.segment.link == segment.link) return;
    }
    domain_.neighbour.push_back({segment, mtu});
  }

  void follow(const Segment& segment) {
    if (!segment.link->has_stitching()) return;
    const auto& inventory = underlay_.sites().at(segment.site).inventory;
    const WanPort* port = find_wan_port(inventory, segment.link->wan_port_id());
    if (port == nullptr) return;
    if (underlay_.wan_port_cut(segment.site, port->id())) {
      domain_.lost.push_back("WAN port " + port->id() + " is cut");
      return;
    }
    for (const v1::LinkEnd& peer : segment.link->peer()) meet(segment, *port, peer);
  }

  void meet(const Segment& segment, const WanPort& port, const v1::LinkEnd& peer) {
    const std::string name = peer.vtep() + " port " + std::to_string(peer.port());
    bool known = false;
    for (const auto& [site_id, site] : underlay_.sites()) {
      for (const WanPort& far : site.inventory.wan_port()) {
        if (far.underlay() != port.underlay() || far.vtep() != peer.vtep() ||
            far.port() != peer.port()) {
          continue;
        }
        known = true;
        if (!arrive(segment, port, site_id, far)) {
          domain_.lost.push_back("the end at " + name + " does not have this segment and this end");
        }
      }
    }
    if (known) return;
    domain_.unknown_end = true;
    domain_.lost.push_back("the end at " + name + " is not in this model");
  }

  // True when the far port has the segment, and this end among its peers.
  bool arrive(const Segment& segment, const WanPort& port, SiteId site_id, const WanPort& far) {
    if (underlay_.wan_port_cut(site_id, far.id())) return false;
    bool met = false;
    for (const auto& [hold_id, part] : underlay_.sites().at(site_id).part) {
      for (const DesiredLink& link : part.desired.link()) {
        if (link.wan_port_id() != far.id() || !link.has_stitching()) continue;
        if (!same_stitching(link.stitching(), segment.link->stitching())) continue;
        const Segment there{site_id, hold_id, underlay_.find(site_id, hold_id), &link};
        const auto members = joined(underlay_, there);
        if (!lists(members, segment.link->stitching(), port)) continue;
        met = true;
        const std::uint32_t tunnel = std::min(tunnel_mtu(port), tunnel_mtu(far));
        for (const Segment& member : members) {
          add(member, std::min({from_.link->mtu(), member.link->mtu(), tunnel}));
        }
      }
    }
    return met;
  }

  EmulatedUnderlay& underlay_;
  const Segment from_;
  const std::vector<Segment> here_;
  Domain domain_;
};

}  // namespace

Domain domain_of(EmulatedUnderlay& underlay, const Segment& segment) {
  return DomainFinder(underlay, segment).find();
}

bool find_segment(EmulatedUnderlay& underlay, SiteId site, const std::string& hold_id,
                  const std::string& link_id, Segment& found) {
  EmulatedUnderlay::Part* part = underlay.find(site, hold_id);
  if (part == nullptr) return false;
  for (const DesiredLink& link : part->desired.link()) {
    if (link.link_id() != link_id) continue;
    found = {site, hold_id, part, &link};
    return true;
  }
  return false;
}

}  // namespace terrace::emulated
