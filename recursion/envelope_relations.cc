// A child's envelope against its parent's, and siblings' against each other.
#include <algorithm>
#include <string>

#include <google/protobuf/util/message_differencer.h>

#include "recursion/envelope_check.h"
#include "recursion/mac.h"
#include "recursion/prefix.h"
#include "recursion/subnet.h"

namespace terrace {

namespace {

ProblemBuilder not_within(const std::string& link_id, const std::string& constraint,
                          const std::string& limit, const std::string& actual) {
  return make_problem(Problem::FAILED_PRECONDITION, "envelope.not-within",
                      "the child's envelope reaches beyond its parent's")
      .at_resource("link/" + link_id)
      .constraint(constraint, limit, actual);
}

ProblemBuilder not_disjoint(const std::string& link_id, const std::string& constraint,
                            const std::string& one, const std::string& other) {
  return make_problem(Problem::FAILED_PRECONDITION, "envelope.not-disjoint",
                      "two siblings could choose the same")
      .at_resource("link/" + link_id)
      .constraint(constraint, "disjoint from " + one, other);
}

std::string text_of(const v1::PortIdRange& ports) {
  return std::to_string(ports.first()) + "-" + std::to_string(ports.last());
}

bool contains(const v1::PortIdRange& outer, const v1::PortIdRange& inner) {
  return outer.first() <= inner.first() && inner.last() <= outer.last();
}

const v1::LinkEnvelope* link_in(const v1::Envelope& envelope, const std::string& id) {
  for (const auto& link : envelope.link()) {
    if (link.link_id() == id) return &link;
  }
  return nullptr;
}

bool in_carve(const v1::Envelope& parent, const std::string& prefix_text) {
  const Prefix prefix = Prefix::parse(prefix_text).value();
  for (const auto& carve : parent.carve()) {
    for (const auto& text : carve.prefix()) {
      if (Prefix::parse(text).value().contains(prefix)) return true;
    }
  }
  return false;
}

Status numbers_within(const std::string& link_id, std::uint32_t parent_mtu, std::uint32_t mtu,
                      const std::string& parent_mac, const std::string& mac,
                      const v1::PortIdRange& parent_ports, const v1::PortIdRange& ports) {
  if (mtu > parent_mtu) {
    return not_within(link_id, "mtu", std::to_string(parent_mtu), std::to_string(mtu));
  }
  if (!MacPrefix::parse(parent_mac).value().contains(MacPrefix::parse(mac).value())) {
    return not_within(link_id, "mac-prefix", parent_mac, mac);
  }
  if (!contains(parent_ports, ports)) {
    return not_within(link_id, "port-id-range", text_of(parent_ports), text_of(ports));
  }
  return {};
}

Status subnet_within(const v1::LinkEnvelope& parent, const v1::SubnetEnvelope& child) {
  const auto& id = parent.link_id();
  const auto whole = std::find_if(parent.subnet().begin(), parent.subnet().end(),
                                  [&](const auto& s) { return s.prefix() == child.prefix(); });
  if (whole == parent.subnet().end()) {
    return not_within(id, "link-prefix", "a prefix of the parent's", child.prefix());
  }
  const AddressSet mine = assignable_of(*whole);
  const AddressSet theirs = assignable_of(child);
  for (const AddressRange& range : theirs.ranges()) {
    if (!mine.contains(range)) {
      return not_within(id, "assignable-range", "what the parent may assign in " + child.prefix(),
                        range.str());
    }
  }
  const IpAddress probe = IpAddress::parse(child.probe_address()).value();
  if (child.probe_address() != whole->probe_address() && !mine.contains(probe)) {
    return not_within(id, "probe-address", whole->probe_address() + " or assignable", probe.str());
  }
  if (child.gateway() != whole->gateway()) {
    return not_within(id, "gateway", whole->gateway(), child.gateway());
  }
  return {};
}

Status link_within(const v1::LinkEnvelope& parent, const v1::LinkEnvelope& child) {
  const auto& id = child.link_id();
  if (child.root_link_id() != parent.root_link_id()) {
    return not_within(id, "root-link-id", parent.root_link_id(), child.root_link_id());
  }
  for (const auto& subnet : child.subnet()) {
    if (Status status = subnet_within(parent, subnet); !status) return status;
  }
  if (parent.has_stitching() &&
      !google::protobuf::util::MessageDifferencer::Equals(parent.stitching(), child.stitching())) {
    return not_within(id, "stitching", parent.stitching().ShortDebugString(),
                      child.stitching().ShortDebugString());
  }
  return numbers_within(id, parent.mtu(), child.mtu(), parent.mac_prefix(), child.mac_prefix(),
                        parent.port_ids(), child.port_ids());
}

// A carve's numbers fit if one of the parent's carves has them all.
Status numbers_in_carve(const v1::Envelope& parent, const std::string& link_id, std::uint32_t mtu,
                        const std::string& mac, const v1::PortIdRange& ports) {
  Status status = not_within(link_id, "carve", "a carve of the parent's", "none");
  for (const auto& carve : parent.carve()) {
    status =
        numbers_within(link_id, carve.mtu(), mtu, carve.mac_prefix(), mac, carve.port_ids(), ports);
    if (status) return status;
  }
  return status;
}

// Everything a sibling may choose prefixes from, with what it is for.
struct Space {
  Prefix prefix;
  std::string link_id;
  // Empty for a carve.
  std::string root_link_id;
};

std::vector<Space> spaces_of(const v1::Envelope& envelope) {
  std::vector<Space> spaces;
  for (const auto& link : envelope.link()) {
    for (const auto& subnet : link.subnet()) {
      spaces.push_back(
          {Prefix::parse(subnet.prefix()).value(), link.link_id(), link.root_link_id()});
    }
  }
  for (const auto& carve : envelope.carve()) {
    for (const auto& text : carve.prefix()) {
      spaces.push_back({Prefix::parse(text).value(), "carve", ""});
    }
  }
  return spaces;
}

Status shared_subnet_disjoint(const std::string& id, const v1::SubnetEnvelope& one,
                              const v1::SubnetEnvelope& other) {
  const AddressSet mine = assignable_of(one);
  const AddressSet theirs = assignable_of(other);
  for (const AddressRange& range : theirs.ranges()) {
    if (mine.overlaps(range)) {
      return not_disjoint(id, "assignable-range", mine.ranges().front().str(), range.str());
    }
  }
  if (one.probe_address() == other.probe_address()) {
    return not_disjoint(id, "probe-address", one.probe_address(), other.probe_address());
  }
  for (const auto& [set, probe] :
       {std::pair{&mine, other.probe_address()}, std::pair{&theirs, one.probe_address()}}) {
    if (set->contains(IpAddress::parse(probe).value())) {
      return not_disjoint(id, "probe-address", "what a sibling may assign", probe);
    }
  }
  return {};
}

Status shared_link_disjoint(const v1::LinkEnvelope& one, const v1::LinkEnvelope& other) {
  const auto& id = one.link_id();
  for (const auto& mine : one.subnet()) {
    for (const auto& theirs : other.subnet()) {
      if (mine.prefix() != theirs.prefix()) continue;
      if (Status status = shared_subnet_disjoint(id, mine, theirs); !status) return status;
    }
  }
  if (MacPrefix::parse(one.mac_prefix())
          .value()
          .overlaps(MacPrefix::parse(other.mac_prefix()).value())) {
    return not_disjoint(id, "mac-prefix", one.mac_prefix(), other.mac_prefix());
  }
  if (one.port_ids().first() <= other.port_ids().last() &&
      other.port_ids().first() <= one.port_ids().last()) {
    return not_disjoint(id, "port-id-range", text_of(one.port_ids()), text_of(other.port_ids()));
  }
  return {};
}

Status carves_disjoint(const v1::Carve& one, const v1::Carve& other) {
  if (MacPrefix::parse(one.mac_prefix())
          .value()
          .overlaps(MacPrefix::parse(other.mac_prefix()).value())) {
    return not_disjoint("carve", "mac-prefix", one.mac_prefix(), other.mac_prefix());
  }
  if (one.port_ids().first() <= other.port_ids().last() &&
      other.port_ids().first() <= one.port_ids().last()) {
    return not_disjoint("carve", "port-id-range", text_of(one.port_ids()),
                        text_of(other.port_ids()));
  }
  return {};
}

Status pair_disjoint(const v1::Envelope& one, const v1::Envelope& other) {
  for (const Space& mine : spaces_of(one)) {
    for (const Space& theirs : spaces_of(other)) {
      const bool same_link = !mine.root_link_id.empty() && mine.root_link_id == theirs.root_link_id;
      if (same_link ? mine.prefix == theirs.prefix || !mine.prefix.overlaps(theirs.prefix)
                    : !mine.prefix.overlaps(theirs.prefix)) {
        continue;
      }
      return not_disjoint(theirs.link_id, "unique-prefix", mine.prefix.str(), theirs.prefix.str());
    }
  }
  for (const auto& mine : one.link()) {
    for (const auto& theirs : other.link()) {
      if (mine.root_link_id() != theirs.root_link_id()) continue;
      if (Status status = shared_link_disjoint(mine, theirs); !status) return status;
    }
  }
  for (const auto& mine : one.carve()) {
    for (const auto& theirs : other.carve()) {
      if (Status status = carves_disjoint(mine, theirs); !status) return status;
    }
  }
  return {};
}

}  // namespace

Status within(const v1::Envelope& parent, const v1::Envelope& child) {
  if (parent.realm() != child.realm()) {
    return not_within("", "realm", parent.realm(), child.realm());
  }
  for (const auto& link : child.link()) {
    if (const auto* whole = link_in(parent, link.link_id())) {
      if (Status status = link_within(*whole, link); !status) return status;
      continue;
    }
    for (const auto& subnet : link.subnet()) {
      if (in_carve(parent, subnet.prefix())) continue;
      return not_within(link.link_id(), "carve", "the parent's carve", subnet.prefix());
    }
    if (Status status = numbers_in_carve(parent, link.link_id(), link.mtu(), link.mac_prefix(),
                                         link.port_ids());
        !status) {
      return status;
    }
  }
  for (const auto& carve : child.carve()) {
    for (const auto& prefix : carve.prefix()) {
      if (in_carve(parent, prefix)) continue;
      return not_within("carve", "carve", "the parent's carve", prefix);
    }
    if (Status status =
            numbers_in_carve(parent, "carve", carve.mtu(), carve.mac_prefix(), carve.port_ids());
        !status) {
      return status;
    }
  }
  return {};
}

Status disjoint(const std::vector<v1::Envelope>& siblings) {
  for (std::size_t i = 0; i < siblings.size(); ++i) {
    for (std::size_t j = i + 1; j < siblings.size(); ++j) {
      if (siblings[i].realm() != siblings[j].realm()) continue;
      if (Status status = pair_disjoint(siblings[i], siblings[j]); !status) return status;
    }
  }
  return {};
}

}  // namespace terrace
