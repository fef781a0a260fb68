#include "recursion/address_chooser.h"

#include <algorithm>
#include <map>

#include "recursion/fragment_view.h"
#include "recursion/subnet.h"

namespace terrace {

namespace {

// One prefix of a link, with what is free in it.
struct Pool {
  Prefix prefix;
  // Less and less as addresses are chosen.
  AddressSet free;
};

struct Link {
  const LinkView* view = nullptr;
  // Null: out of the carve.
  const v1::LinkEnvelope* envelope = nullptr;
  std::vector<Pool> pools;
  std::uint32_t mtu = 0;
  MacPrefix macs;
  v1::PortIdRange ports;
};

// A connection point, with what it keeps and what it gets.
struct Point {
  Attachment attachment;
  std::map<Prefix, IpAddress> addresses;
  std::optional<MacAddress> mac;
  std::optional<std::uint32_t> port_id;
};

class Chooser {
 public:
  Chooser(const v1::Envelope& envelope, const v1::Fragment& fragment, const UsedValues& used,
          const v1::Proof* former)
      : envelope_(envelope),
        fragment_(fragment),
        former_(former),
        used_(used),
        views_(links_of(fragment)) {}

  Result<v1::Proof> run() {
    for (const auto step :
         {&Chooser::open_links, &Chooser::allot_inner_links, &Chooser::open_points,
          &Chooser::choose_addresses, &Chooser::choose_identifiers}) {
      if (Status status = (this->*step)(); !status) return status.problem();
    }
    return write();
  }

 private:
  Status open_links() {
    for (const auto& [id, view] : views_) {
      Link& link = links_[id];
      link.view = &view;
      for (const auto& given : envelope_.link()) {
        if (given.link_id() == id) link.envelope = &given;
      }
      if (link.envelope == nullptr) {
        inner_.push_back(id);
        continue;
      }
      for (const auto& subnet : link.envelope->subnet()) {
        const auto prefix = Prefix::parse(subnet.prefix());
        if (!prefix) return prefix.problem();
        add_pool(*prefix, assignable_of(subnet), link);
      }
      link.mtu = link.envelope->mtu();
      link.ports = link.envelope->port_ids();
      const auto macs = MacPrefix::parse(link.envelope->mac_prefix());
      if (!macs) return macs.problem();
      link.macs = *macs;
    }
    for (const auto& data : fragment_.params().sap_data()) {
      const auto mac = MacAddress::parse(data.sap_protocol_data().mac_address());
      if (mac) used_.macs.insert(*mac);
    }
    return {};
  }

  void add_pool(const Prefix& prefix, AddressSet assignable, Link& link) {
    AddressSet free = std::move(assignable);
    for (auto it = used_.addresses.lower_bound(prefix.first());
         it != used_.addresses.end() && *it <= prefix.last(); ++it) {
      free.remove(*it);
    }
    link.pools.push_back({prefix, std::move(free)});
  }

  // Links of our own: prefixes out of the carve, those in force kept.
  Status allot_inner_links() {
    if (inner_.empty()) return {};
    if (envelope_.carve().empty()) {
      return exhausted(inner_.front(), "prefixes of the carve", inner_.size(), 0, "the envelope")
          .possible("an envelope with a carve for inner links");
    }
    std::vector<Prefix> carved;
    for (const auto& carve : envelope_.carve()) {
      for (const auto& text : carve.prefix()) {
        const auto prefix = Prefix::parse(text);
        if (!prefix) return prefix.problem();
        carved.push_back(*prefix);
      }
    }
    PrefixSpace space(carved);
    for (const Prefix& prefix : used_.prefixes) space.remove(prefix);
    std::vector<PrefixDemand> demands;
    for (const std::string& id : inner_) {
      std::vector<Prefix> kept = former_prefixes(id, space);
      if (kept.empty()) {
        demands.push_back({id, views_.at(id).connection_points, 1, views_.at(id).families});
        continue;
      }
      for (const Prefix& prefix : kept) {
        space.remove(prefix);
        open_inner(prefix, links_[id]);
      }
    }
    auto allotted = allot_prefixes(space, demands);
    if (!allotted) return allotted.problem();
    for (std::size_t i = 0; i < demands.size(); ++i) {
      for (const Prefix& prefix : (*allotted)[i]) open_inner(prefix, links_[demands[i].link_id]);
    }
    return read_carve();
  }

  // The prefixes that an inner link has in force, if they are still to be had and wide enough.
  std::vector<Prefix> former_prefixes(const std::string& id, const PrefixSpace& space) const {
    std::vector<Prefix> prefixes;
    if (former_ == nullptr) return prefixes;
    for (const auto& link : former_->link()) {
      if (link.link_id() != id) continue;
      for (const auto& text : link.prefix()) {
        const auto prefix = Prefix::parse(text);
        const auto& free = space.free();
        const bool there = prefix && std::any_of(free.begin(), free.end(), [&](const Prefix& one) {
                             return one.contains(*prefix);
                           });
        const std::uint64_t points = views_.at(id).connection_points;
        if (!there || assignable_of(*prefix).count() < points + 1) return {};
        prefixes.push_back(*prefix);
      }
    }
    return prefixes;
  }

  void open_inner(const Prefix& prefix, Link& link) {
    AddressSet assignable = assignable_of(prefix);
    if (const auto probe = inner_probe_address(prefix)) assignable.remove(*probe);
    add_pool(prefix, std::move(assignable), link);
  }

  Status read_carve() {
    const auto& carve = envelope_.carve(0);
    const auto macs = MacPrefix::parse(carve.mac_prefix());
    if (!macs) return macs.problem();
    for (const std::string& id : inner_) {
      Link& link = links_[id];
      link.macs = *macs;
      link.ports = carve.port_ids();
      const auto& profile = *link.view->profile;
      link.mtu = profile.has_mtu() ? std::min(profile.mtu(), carve.mtu()) : carve.mtu();
    }
    return {};
  }

  // Keeps what is in force, before anybody else can be given it.
  Status open_points() {
    std::map<Attachment, const v1::CpProof*> in_force;
    for (int i = 0; former_ != nullptr && i < former_->vnf_size(); ++i) {
      const auto& vnf = former_->vnf(i);
      for (const auto& cp : vnf.cp()) {
        in_force[{{vnf.vnf_profile_id(), vnf.index()}, cp.cpd_id(), cp.link_id()}] = &cp;
      }
    }
    for (Attachment& attachment : attachments_of(fragment_)) {
      if (!links_.contains(attachment.link_id)) {
        return make_problem(Problem::INVALID_ARGUMENT, "addressing.malformed",
                            "connection point " + attachment.cpd_id + " of " +
                                attachment.slot.vnf_profile_id +
                                " is on no link of the order: " + attachment.link_id)
            .at_resource("link/" + attachment.link_id);
      }
      Point point{std::move(attachment), {}, {}, {}};
      const auto former = in_force.find(point.attachment);
      if (former != in_force.end()) keep(*former->second, point);
      points_.push_back(std::move(point));
    }
    return {};
  }

  void keep(const v1::CpProof& former, Point& point) {
    Link& link = links_[point.attachment.link_id];
    for (const auto& text : former.address()) {
      const auto parsed = InterfaceAddress::parse(text);
      if (!parsed) continue;
      for (Pool& pool : link.pools) {
        if (pool.prefix != parsed->prefix() || !pool.free.contains(parsed->address)) continue;
        pool.free.remove(parsed->address);
        point.addresses[pool.prefix] = parsed->address;
      }
    }
    const auto mac = MacAddress::parse(former.mac());
    if (mac && link.macs.contains(*mac) && used_.macs.insert(*mac).second) point.mac = *mac;
    const bool in_range =
        link.ports.first() <= former.port_id() && former.port_id() <= link.ports.last();
    if (in_range && used_.port_ids.insert(former.port_id()).second) {
      point.port_id = former.port_id();
    }
  }

  Status choose_addresses() {
    // Counted first: the refusal says how many are missing in all, not that one is.
    std::map<std::pair<std::string, Prefix>, std::uint64_t> needed;
    for (const Point& point : points_) {
      const std::string& id = point.attachment.link_id;
      for (const Pool& pool : links_[id].pools) {
        if (!point.addresses.contains(pool.prefix)) ++needed[{id, pool.prefix}];
      }
    }
    for (const auto& [id, link] : links_) {
      for (const Pool& pool : link.pools) {
        const std::uint64_t count = needed[{id, pool.prefix}];
        if (count <= pool.free.count()) continue;
        return exhausted(id, "addresses", count, pool.free.count(), pool.prefix.str())
            .possible("up to " + to_text(pool.free.count()) + " more connection points on link " +
                      id);
      }
    }
    for (Point& point : points_) {
      for (Pool& pool : links_[point.attachment.link_id].pools) {
        if (point.addresses.contains(pool.prefix)) continue;
        point.addresses[pool.prefix] = pool.free.take_lowest(1).ranges().front().first;
      }
    }
    return {};
  }

  Status choose_identifiers() {
    std::map<MacPrefix, std::uint64_t> next_mac;
    std::map<std::uint32_t, std::uint64_t> next_port;
    for (Point& point : points_) {
      const std::string& id = point.attachment.link_id;
      const Link& link = links_[id];
      std::uint64_t& offset = next_mac[link.macs];
      while (!point.mac && offset < link.macs.count()) {
        const MacAddress mac{link.macs.first().bits + offset++};
        if (used_.macs.insert(mac).second) point.mac = mac;
      }
      if (!point.mac) {
        return exhausted(id, "MAC addresses", points_on(id), link.macs.count(), link.macs.str());
      }
      std::uint64_t& port =
          next_port.try_emplace(link.ports.first(), link.ports.first()).first->second;
      while (!point.port_id && port <= link.ports.last()) {
        const auto candidate = static_cast<std::uint32_t>(port++);
        if (used_.port_ids.insert(candidate).second) point.port_id = candidate;
      }
      if (!point.port_id) {
        const std::uint64_t count = std::uint64_t{link.ports.last()} - link.ports.first() + 1;
        return exhausted(
            id, "port ids", points_on(id), count,
            std::to_string(link.ports.first()) + "-" + std::to_string(link.ports.last()));
      }
    }
    return {};
  }

  std::uint64_t points_on(const std::string& id) const { return views_.at(id).connection_points; }

  v1::Proof write() const {
    v1::Proof proof;
    proof.set_realm(envelope_.realm());
    const v1::NsDf* df = flavour_of(fragment_);
    for (int i = 0; df != nullptr && i < df->virtual_link_profile_size(); ++i) {
      const Link& link = links_.at(df->virtual_link_profile(i).id());
      auto& out = *proof.add_link();
      out.set_link_id(df->virtual_link_profile(i).id());
      for (const Pool& pool : link.pools) out.add_prefix(pool.prefix.str());
      out.set_mtu(link.mtu);
      if (link.envelope != nullptr && link.envelope->has_stitching()) {
        *out.mutable_stitching() = link.envelope->stitching();
      }
    }
    std::map<Slot, v1::VnfProof*> vnfs;
    const auto slots = slots_of(fragment_);
    proof.mutable_vnf()->Reserve(static_cast<int>(slots.size()));
    for (const Slot& slot : slots) vnfs[slot] = add_vnf(slot, *df, proof);
    for (const Point& point : points_) {
      auto& cp = *vnfs.at(point.attachment.slot)->add_cp();
      cp.set_cpd_id(point.attachment.cpd_id);
      cp.set_link_id(point.attachment.link_id);
      for (const Pool& pool : links_.at(point.attachment.link_id).pools) {
        const IpAddress& address = point.addresses.at(pool.prefix);
        cp.add_address(InterfaceAddress{address, pool.prefix.length()}.str());
      }
      cp.set_mac(point.mac->str());
      cp.set_port_id(*point.port_id);
    }
    return proof;
  }

  v1::VnfProof* add_vnf(const Slot& slot, const v1::NsDf& df, v1::Proof& proof) const {
    auto* vnf = proof.add_vnf();
    vnf->set_vnf_profile_id(slot.vnf_profile_id);
    vnf->set_index(slot.index);
    for (const auto& profile : df.vnf_profile()) {
      if (profile.id() == slot.vnf_profile_id) vnf->set_vnfd_id(profile.vnfd_id());
    }
    for (const auto& function : fragment_.function()) {
      if (function.vnfd_id() == vnf->vnfd_id()) vnf->set_vnfd_digest(function.vnfd_digest());
    }
    return vnf;
  }

  const v1::Envelope& envelope_;
  const v1::Fragment& fragment_;
  const v1::Proof* former_;
  // Grows with what is chosen.
  UsedValues used_;
  const std::map<std::string, LinkView> views_;
  std::map<std::string, Link> links_;
  std::vector<std::string> inner_;
  std::vector<Point> points_;
};

}  // namespace

void UsedValues::add(const v1::Proof& proof) {
  for (const auto& link : proof.link()) {
    for (const auto& text : link.prefix()) {
      if (const auto prefix = Prefix::parse(text)) prefixes.push_back(*prefix);
    }
  }
  for (const auto& vnf : proof.vnf()) {
    for (const auto& cp : vnf.cp()) {
      for (const auto& text : cp.address()) {
        if (const auto address = InterfaceAddress::parse(text)) addresses.insert(address->address);
      }
      if (const auto mac = MacAddress::parse(cp.mac())) macs.insert(*mac);
      port_ids.insert(cp.port_id());
    }
  }
}

std::optional<IpAddress> inner_probe_address(const Prefix& prefix) {
  const AddressSet reserve = probe_reserve(prefix);
  if (!reserve.empty()) return reserve.ranges().front().first;
  return assignable_of(prefix).take_highest();
}

Result<v1::Proof> choose_addresses(const v1::Envelope& envelope, const v1::Fragment& fragment,
                                   const UsedValues& used, const v1::Proof* former) {
  return Chooser(envelope, fragment, used, former).run();
}

}  // namespace terrace
