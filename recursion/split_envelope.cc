// A parent's envelope, divided among the parts of an order.
#include <algorithm>
#include <map>

#include "base/ids.h"
#include "recursion/envelope.h"
#include "recursion/fragment_view.h"
#include "recursion/mac.h"
#include "recursion/share.h"
#include "recursion/subnet.h"

namespace terrace {

namespace {

// What a nested service placed whole gets of the carve: its links are not to be seen from outside.
constexpr std::uint64_t kLinksPerNestedService = 4;
constexpr std::uint64_t kPointsPerNestedLink = 8;

const v1::LinkEnvelope* find_link(const v1::Envelope& envelope, const std::string& link_id) {
  for (const auto& link : envelope.link()) {
    if (link.link_id() == link_id) return &link;
  }
  return nullptr;
}

// Each prefix text as a value; INVALID_ARGUMENT for text that is none.
Result<std::vector<Prefix>> prefixes_of(const v1::Envelope& envelope) {
  std::vector<Prefix> prefixes;
  for (const auto& carve : envelope.carve()) {
    for (const auto& text : carve.prefix()) {
      const auto prefix = Prefix::parse(text);
      if (!prefix) {
        return make_problem(Problem::INVALID_ARGUMENT, "addressing.malformed",
                            "the carve's " + prefix.problem().what())
            .cause(prefix.problem());
      }
      prefixes.push_back(*prefix);
    }
  }
  return prefixes;
}

// One link and who is on it.
struct Held {
  std::string link_id;
  const v1::LinkEnvelope* parents = nullptr;
  // Indexes of parts, ascending, and their connection points.
  std::vector<std::size_t> parts;
  std::vector<std::uint64_t> points;
  std::vector<IpFamily> families;
  std::optional<std::uint32_t> mtu;
};

class EnvelopeSplit {
 public:
  EnvelopeSplit(const v1::Envelope& parent, const v1::Fragment& whole, const Division& division,
                const std::vector<StitchedLink>& stitching,
                const std::vector<const v1::Envelope*>& former)
      : parent_(parent),
        division_(division),
        stitching_(stitching),
        former_(former),
        children_(division.part.size()) {
    former_.resize(division.part.size(), nullptr);
    for (v1::Envelope& child : children_) child.set_realm(parent.realm());
    collect_links(whole);
  }

  Result<std::vector<v1::Envelope>> make() {
    if (children_.empty()) return children_;
    if (!is_uuid(parent_.realm())) {
      return problem(Problem::INVALID_ARGUMENT, "addressing.malformed",
                     "the realm \"" + parent_.realm() + "\" is no UUID");
    }
    for (const auto step : {&EnvelopeSplit::hand_on_parents, &EnvelopeSplit::open_carve,
                            &EnvelopeSplit::share_identifiers, &EnvelopeSplit::cut_fresh_links,
                            &EnvelopeSplit::hand_out_carve}) {
      if (Status status = (this->*step)(); !status) return status.problem();
    }
    return std::move(children_);
  }

 private:
  void collect_links(const v1::Fragment& whole) {
    std::map<std::string, Held> held;
    for (std::size_t part = 0; part < division_.part.size(); ++part) {
      for (const auto& [id, view] : links_of(division_.part[part])) {
        Held& link = held[id];
        link.link_id = id;
        link.parts.push_back(part);
        link.points.push_back(view.connection_points);
        link.families = view.families;
        if (view.profile->has_mtu()) link.mtu = view.profile->mtu();
      }
    }
    // In the order's own order, so that its reader finds the addresses where he expects them.
    const v1::NsDf* df = flavour_of(whole);
    for (int i = 0; df != nullptr && i < df->virtual_link_profile_size(); ++i) {
      auto node = held.extract(df->virtual_link_profile(i).id());
      if (!node.empty()) links_.push_back(std::move(node.mapped()));
    }
    for (auto& [id, link] : held) links_.push_back(std::move(link));
    for (Held& link : links_) link.parents = find_link(parent_, link.link_id);
  }

  const v1::LinkEnvelope* former_link(std::size_t part, const std::string& link_id) const {
    return former_[part] == nullptr ? nullptr : find_link(*former_[part], link_id);
  }

  static const v1::SubnetEnvelope* subnet_with(const v1::LinkEnvelope* link,
                                               const std::string& prefix) {
    if (link == nullptr) return nullptr;
    for (const auto& subnet : link->subnet()) {
      if (subnet.prefix() == prefix) return &subnet;
    }
    return nullptr;
  }

  // Links that the parent has an envelope for.
  Status hand_on_parents() {
    for (const Held& link : links_) {
      if (link.parents == nullptr) continue;
      const bool anew = former_link(link.parts[0], link.link_id) == nullptr;
      if (link.parts.size() == 1 && anew) {
        *children_[link.parts[0]].add_link() = *link.parents;
        continue;
      }
      v1::LinkEnvelope whole = *link.parents;
      if (Status status = stitch(link, whole); !status) return status;
      auto needs = needs_on(link);
      const auto mac_whole = MacPrefix::parse(whole.mac_prefix());
      if (!mac_whole) return malformed(link.link_id, mac_whole.problem());
      auto macs = share_macs(*mac_whole, needs, link.link_id);
      if (!macs) return macs.problem();
      auto ports = share_ports(whole.port_ids(), needs, link.link_id);
      if (!ports) return ports.problem();
      if (Status status = divide(link, whole, false, *macs, *ports); !status) return status;
    }
    return {};
  }

  static Problem malformed(const std::string& link_id, const Problem& cause) {
    return make_problem(Problem::INVALID_ARGUMENT, "addressing.malformed", cause.what())
        .at_resource("link/" + link_id)
        .cause(cause);
  }

  std::vector<ShareNeed> needs_on(const Held& link) const {
    std::vector<ShareNeed> needs;
    for (std::size_t i = 0; i < link.parts.size(); ++i) {
      ShareNeed need{link.points[i], {}, {}};
      if (const auto* former = former_link(link.parts[i], link.link_id)) {
        if (const auto mac = MacPrefix::parse(former->mac_prefix())) need.former_macs = *mac;
        need.former_ports = former->port_ids();
      }
      needs.push_back(std::move(need));
    }
    return needs;
  }

  // What continues outside already keeps its stitching (R3); what is cut here gets its own.
  Status stitch(const Held& link, v1::LinkEnvelope& envelope) const {
    if (envelope.has_stitching()) return {};
    for (const StitchedLink& stitched : stitching_) {
      if (stitched.link_id != link.link_id) continue;
      *envelope.mutable_stitching() = stitched.stitching;
      if (stitched.mtu > 0) envelope.set_mtu(std::min(envelope.mtu(), stitched.mtu));
      return {};
    }
    if (link.parts.size() == 1) return {};
    return make_problem(Problem::INTERNAL, "stitching.missing",
                        "link " + link.link_id + " is cut, and nobody said how it is stitched")
        .at_resource("link/" + link.link_id);
  }

  // A part that joins a link whose addresses were all shared out before.
  bool has_latecomer(const Held& link) const {
    const auto had = [&](std::size_t part) { return former_link(part, link.link_id) != nullptr; };
    return std::any_of(link.parts.begin(), link.parts.end(), had) &&
           !std::all_of(link.parts.begin(), link.parts.end(), had);
  }

  // It finds room where gateways might have been: nobody routes a link that was cut here.
  static void open_low_addresses(const Prefix& prefix, v1::SubnetEnvelope& subnet) {
    AddressSet low({prefix.hosts()});
    for (const AddressRange& range : assignable_of(prefix).ranges()) low.remove(range);
    for (const AddressRange& range : probe_reserve(prefix).ranges()) low.remove(range);
    for (const AddressRange& range : low.ranges()) {
      auto& opened = *subnet.add_assignable();
      opened.set_first(range.first.str());
      opened.set_last(range.last.str());
    }
  }

  // `whole` divided among the parts on the link. `fresh`: its prefixes are ours, with their spare
  // addresses for probes.
  Status divide(const Held& link, const v1::LinkEnvelope& whole, bool fresh,
                const std::vector<MacPrefix>& macs, const std::vector<v1::PortIdRange>& ports) {
    std::vector<v1::LinkEnvelope> ends(link.parts.size(), whole);
    for (v1::LinkEnvelope& end : ends) end.clear_subnet();
    for (v1::SubnetEnvelope subnet : whole.subnet()) {
      AddressSet spare;
      const auto prefix = Prefix::parse(subnet.prefix());
      if (!prefix) return malformed(link.link_id, prefix.problem());
      if (fresh) {
        spare = probe_reserve(*prefix);
        if (const auto own = IpAddress::parse(subnet.probe_address())) spare.remove(*own);
        if (has_latecomer(link)) open_low_addresses(*prefix, subnet);
      }
      std::vector<SubnetEnd> needs;
      for (std::size_t i = 0; i < link.parts.size(); ++i) {
        const auto* former = former_link(link.parts[i], link.link_id);
        needs.push_back({link.points[i], subnet_with(former, subnet.prefix())});
      }
      auto divided = divide_subnet(subnet, std::move(spare), needs, link.link_id);
      if (!divided) return divided.problem();
      for (std::size_t i = 0; i < ends.size(); ++i) *ends[i].add_subnet() = (*divided)[i];
    }
    for (std::size_t i = 0; i < ends.size(); ++i) {
      ends[i].set_mac_prefix(macs[i].str());
      *ends[i].mutable_port_ids() = ports[i];
      *children_[link.parts[i]].add_link() = std::move(ends[i]);
    }
    return {};
  }

  Status open_carve() {
    auto prefixes = prefixes_of(parent_);
    if (!prefixes) return prefixes.problem();
    space_ = PrefixSpace(*std::move(prefixes));
    for (const v1::Envelope* former : former_) {
      if (former == nullptr) continue;
      auto theirs = prefixes_of(*former);
      if (!theirs) return theirs.problem();
      for (const Prefix& prefix : *theirs) space_.remove(prefix);
      for (const auto& link : former->link()) {
        for (const auto& subnet : link.subnet()) {
          if (const auto prefix = Prefix::parse(subnet.prefix())) space_.remove(*prefix);
        }
      }
    }
    return {};
  }

  // The carve's MACs and port ids, a share for each part that needs any.
  Status share_identifiers() {
    std::vector<ShareNeed> needs(children_.size());
    bool needed = false;
    std::string first_link;
    for (const Held& link : links_) {
      if (link.parents != nullptr) continue;
      if (first_link.empty()) first_link = link.link_id;
      needed = true;
      for (std::size_t i = 0; i < link.parts.size(); ++i) {
        needs[link.parts[i]].count += link.points[i];
      }
    }
    for (std::size_t part = 0; part < children_.size(); ++part) {
      const std::uint64_t nested = nested_services_of(division_.part[part]);
      needed = needed || nested > 0;
      needs[part].count += nested * kLinksPerNestedService * kPointsPerNestedLink;
      read_former_share(part, needs[part]);
    }
    if (!needed) return {};
    if (parent_.carve().empty()) {
      return exhausted(first_link, "prefixes of the carve", 1, 0, "the envelope")
          .possible("an envelope with a carve for inner links");
    }
    const auto whole = MacPrefix::parse(parent_.carve(0).mac_prefix());
    if (!whole) return malformed(first_link, whole.problem());
    auto macs = share_macs(*whole, needs, first_link);
    if (!macs) return macs.problem();
    auto ports = share_ports(parent_.carve(0).port_ids(), needs, first_link);
    if (!ports) return ports.problem();
    macs_ = *std::move(macs);
    ports_ = *std::move(ports);
    return {};
  }

  void read_former_share(std::size_t part, ShareNeed& need) const {
    const v1::Envelope* former = former_[part];
    if (former == nullptr) return;
    const auto keep = [&need](const std::string& mac_text, const v1::PortIdRange& ports) {
      if (const auto mac = MacPrefix::parse(mac_text)) need.former_macs = *mac;
      need.former_ports = ports;
    };
    if (!former->carve().empty()) {
      keep(former->carve(0).mac_prefix(), former->carve(0).port_ids());
      return;
    }
    for (const auto& link : former->link()) {
      if (find_link(parent_, link.link_id()) != nullptr) continue;
      keep(link.mac_prefix(), link.port_ids());
      return;
    }
  }

  bool is_fresh_cut(const Held& link) const {
    if (link.parents != nullptr) return false;
    if (link.parts.size() > 1) return true;
    // Once cut, a link stays as it is for the part that is left on it.
    return former_link(link.parts[0], link.link_id) != nullptr;
  }

  // The prefixes that a fresh cut link has already, from any part that is on it.
  std::vector<Prefix> former_prefixes(const Held& link) const {
    for (const std::size_t part : link.parts) {
      const auto* former = former_link(part, link.link_id);
      if (former == nullptr) continue;
      std::vector<Prefix> prefixes;
      for (const auto& subnet : former->subnet()) {
        if (const auto prefix = Prefix::parse(subnet.prefix())) prefixes.push_back(*prefix);
      }
      return prefixes;
    }
    return {};
  }

  // All fresh prefixes are allotted together, so that they shrink together where the carve is
  // small: first the cut links', then each part's.
  Status allot() {
    std::vector<PrefixDemand> demands;
    std::vector<std::vector<Prefix>*> targets;
    fresh_prefixes_.resize(links_.size());
    carved_.resize(children_.size());
    for (std::size_t i = 0; i < links_.size(); ++i) {
      const Held& link = links_[i];
      if (!is_fresh_cut(link)) continue;
      fresh_prefixes_[i] = former_prefixes(link);
      if (!fresh_prefixes_[i].empty()) continue;
      std::uint64_t points = 0;
      for (const std::uint64_t at_end : link.points) points += at_end;
      demands.push_back({link.link_id, points, link.parts.size(), link.families});
      targets.push_back(&fresh_prefixes_[i]);
    }
    for (std::size_t part = 0; part < children_.size(); ++part) {
      const auto inner = inner_demands(part);
      if (inner.empty() || fits_in_former(part, inner)) continue;
      for (const PrefixDemand& demand : inner) {
        demands.push_back(demand);
        targets.push_back(&carved_[part]);
      }
    }
    auto allotted = allot_prefixes(space_, demands);
    if (!allotted) return allotted.problem();
    for (std::size_t i = 0; i < targets.size(); ++i) {
      for (const Prefix& prefix : (*allotted)[i]) targets[i]->push_back(prefix);
    }
    return {};
  }

  std::vector<PrefixDemand> inner_demands(std::size_t part) const {
    std::vector<PrefixDemand> demands;
    for (const Held& link : links_) {
      if (link.parents != nullptr || is_fresh_cut(link) || link.parts[0] != part) continue;
      demands.push_back({link.link_id, link.points[0], 1, link.families});
    }
    const std::uint64_t nested = nested_services_of(division_.part[part]) * kLinksPerNestedService;
    for (std::uint64_t i = 0; i < nested; ++i) {
      demands.push_back({"of a nested service", kPointsPerNestedLink, 1, {}});
    }
    return demands;
  }

  bool fits_in_former(std::size_t part, const std::vector<PrefixDemand>& demands) const {
    if (former_[part] == nullptr) return false;
    auto prefixes = prefixes_of(*former_[part]);
    if (!prefixes) return false;
    PrefixSpace space(*std::move(prefixes));
    return allot_prefixes(space, demands).ok();
  }

  std::uint32_t carve_mtu() const {
    std::uint32_t mtu = parent_.carve(0).mtu();
    for (const auto& carve : parent_.carve()) mtu = std::min(mtu, carve.mtu());
    return mtu;
  }

  // Cut links that only we know of: subnets of our own.
  Status cut_fresh_links() {
    if (macs_.empty()) return {};
    if (Status status = allot(); !status) return status;
    for (std::size_t i = 0; i < links_.size(); ++i) {
      const Held& link = links_[i];
      if (!is_fresh_cut(link)) continue;
      auto whole = fresh_link(link, fresh_prefixes_[i]);
      if (!whole) return whole.problem();
      std::vector<MacPrefix> macs;
      std::vector<v1::PortIdRange> ports;
      for (const std::size_t part : link.parts) {
        const auto* former = former_link(part, link.link_id);
        const auto mac = MacPrefix::parse(former != nullptr ? former->mac_prefix() : "");
        macs.push_back(mac ? *mac : macs_[part]);
        ports.push_back(former != nullptr ? former->port_ids() : ports_[part]);
      }
      if (Status status = divide(link, *whole, true, macs, ports); !status) return status;
    }
    return {};
  }

  Result<v1::LinkEnvelope> fresh_link(const Held& link, const std::vector<Prefix>& prefixes) const {
    v1::LinkEnvelope whole;
    whole.set_link_id(link.link_id);
    // Unlike links of one realm have unlike prefixes, though tiers may give them the same name.
    whole.set_root_link_id(
        uuid_v5(parent_.realm(), "link/" + link.link_id + "/" + prefixes.front().str()));
    whole.set_mtu(link.mtu ? std::min(carve_mtu(), *link.mtu) : carve_mtu());
    for (const std::size_t part : link.parts) {
      const auto* former = former_link(part, link.link_id);
      if (former == nullptr || !former->has_stitching()) continue;
      *whole.mutable_stitching() = former->stitching();
      whole.set_mtu(former->mtu());
    }
    if (Status status = stitch(link, whole); !status) return status.problem();
    for (const Prefix& prefix : prefixes) {
      auto subnet = fresh_subnet({prefix, {}, {}, {}}, link.link_id);
      if (!subnet) return subnet.problem();
      *whole.add_subnet() = *std::move(subnet);
    }
    return whole;
  }

  Status hand_out_carve() {
    for (std::size_t part = 0; part < children_.size(); ++part) {
      std::vector<Prefix> prefixes;
      if (!carved_.empty()) prefixes = carved_[part];
      if (former_[part] != nullptr) {
        auto kept = prefixes_of(*former_[part]);
        if (!kept) return kept.problem();
        prefixes.insert(prefixes.end(), kept->begin(), kept->end());
      }
      if (prefixes.empty()) continue;
      auto& carve = *children_[part].add_carve();
      for (const Prefix& prefix : aggregate(std::move(prefixes))) carve.add_prefix(prefix.str());
      if (macs_.empty()) {
        carve = former_[part]->carve(0);
        continue;
      }
      carve.set_mac_prefix(macs_[part].str());
      *carve.mutable_port_ids() = ports_[part];
      carve.set_mtu(carve_mtu());
    }
    return {};
  }

  const v1::Envelope& parent_;
  const Division& division_;
  const std::vector<StitchedLink>& stitching_;
  std::vector<const v1::Envelope*> former_;
  std::vector<v1::Envelope> children_;
  std::vector<Held> links_;
  PrefixSpace space_;
  // By part, out of the carve.
  std::vector<MacPrefix> macs_;
  std::vector<v1::PortIdRange> ports_;
  std::vector<std::vector<Prefix>> carved_;
  // By link.
  std::vector<std::vector<Prefix>> fresh_prefixes_;
};

}  // namespace

Result<std::vector<v1::Envelope>> split_envelope(const v1::Envelope& parent,
                                                 const v1::Fragment& whole,
                                                 const Division& division,
                                                 const std::vector<StitchedLink>& stitching,
                                                 const std::vector<const v1::Envelope*>& former) {
  return EnvelopeSplit(parent, whole, division, stitching, former).make();
}

}  // namespace terrace
