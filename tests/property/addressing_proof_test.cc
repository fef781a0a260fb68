// A proof that was bent in one place is refused, and the refusal names the constraint.
#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "recursion/address_chooser.h"
#include "recursion/envelope_check.h"
#include "recursion/proof.h"
#include "tests/property/addressing_support.h"

namespace terrace::test {
namespace {

constexpr int kCases = 10'000;

struct Bent {
  const v1::Envelope& envelope;
  const v1::Fragment& fragment;
  v1::Proof proof;
  Dice& dice;

  v1::VnfProof* any_vnf() {
    if (proof.vnf().empty()) return nullptr;
    return proof.mutable_vnf(static_cast<int>(dice.between(1, proof.vnf_size())) - 1);
  }
  v1::CpProof* any_cp() {
    v1::VnfProof* vnf = any_vnf();
    return vnf == nullptr ? nullptr
                          : vnf->mutable_cp(static_cast<int>(dice.between(1, vnf->cp_size())) - 1);
  }
  const v1::LinkEnvelope* envelope_of(const std::string& id) const {
    for (const auto& link : envelope.link()) {
      if (link.link_id() == id) return &link;
    }
    return nullptr;
  }
  v1::LinkProof* any_link(bool inner) {
    for (auto& link : *proof.mutable_link()) {
      if ((envelope_of(link.link_id()) == nullptr) == inner) return &link;
    }
    return nullptr;
  }
  // The address of a connection point, replaced with one of the same length.
  static void put(const std::string& address, v1::CpProof& cp) {
    const std::string length = cp.address(0).substr(cp.address(0).find('/'));
    cp.set_address(0, address + length);
  }
  static std::string first_of(const v1::CpProof& cp) {
    return InterfaceAddress::parse(cp.address(0))->prefix().first().str();
  }
};

// Bends the proof; the constraint it then breaks, or nothing where there is nothing to bend.
using Bend = std::function<std::optional<std::string>(Bent&)>;

std::optional<std::string> to_network_address(Bent& bent) {
  auto* cp = bent.any_cp();
  if (cp == nullptr) return std::nullopt;
  Bent::put(Bent::first_of(*cp), *cp);
  return "assignable-range";
}

std::optional<std::string> to_probe_address(Bent& bent) {
  auto* cp = bent.any_cp();
  const auto* link = cp == nullptr ? nullptr : bent.envelope_of(cp->link_id());
  if (link == nullptr) return std::nullopt;
  Bent::put(link->subnet(0).probe_address(), *cp);
  return "assignable-range";
}

std::optional<std::string> to_elsewhere(Bent& bent) {
  auto* cp = bent.any_cp();
  if (cp == nullptr) return std::nullopt;
  const bool v4 = cp->address(0).find(':') == std::string::npos;
  Bent::put(v4 ? "203.0.113.9" : "2001:db8::9", *cp);
  return "assignable-range";
}

std::optional<std::string> to_other_length(Bent& bent) {
  auto* cp = bent.any_cp();
  if (cp == nullptr) return std::nullopt;
  const auto at = InterfaceAddress::parse(cp->address(0));
  cp->set_address(0, InterfaceAddress{at->address, at->length + 1}.str());
  return "prefix-length";
}

std::optional<std::string> to_neighbours_address(Bent& bent) {
  auto* cp = bent.any_cp();
  if (cp == nullptr) return std::nullopt;
  for (const auto& vnf : bent.proof.vnf()) {
    for (const auto& other : vnf.cp()) {
      if (&other == cp || other.link_id() != cp->link_id()) continue;
      cp->set_address(0, other.address(0));
      return "unique-address";
    }
  }
  return std::nullopt;
}

std::optional<std::string> to_foreign_mac(Bent& bent) {
  auto* cp = bent.any_cp();
  if (cp == nullptr) return std::nullopt;
  cp->set_mac("06" + cp->mac().substr(2));
  return "mac-prefix";
}

std::optional<std::string> to_neighbours_mac(Bent& bent) {
  auto* cp = bent.any_cp();
  if (cp == nullptr) return std::nullopt;
  for (const auto& vnf : bent.proof.vnf()) {
    for (const auto& other : vnf.cp()) {
      if (&other == cp || other.link_id() != cp->link_id()) continue;
      cp->set_mac(other.mac());
      return "unique-mac";
    }
  }
  return std::nullopt;
}

std::optional<std::string> to_port_zero(Bent& bent) {
  auto* cp = bent.any_cp();
  if (cp == nullptr) return std::nullopt;
  cp->set_port_id(0);
  return "port-id-range";
}

std::optional<std::string> to_large_mtu(Bent& bent) {
  if (bent.proof.link().empty()) return std::nullopt;
  bent.proof.mutable_link(0)->set_mtu(65000);
  return "mtu";
}

std::optional<std::string> to_prefix_outside_carve(Bent& bent) {
  auto* link = bent.any_link(true);
  if (link == nullptr) return std::nullopt;
  link->set_prefix(0, link->prefix(0).find(':') == std::string::npos ? "203.0.113.0/24"
                                                                     : "2001:db8::/64");
  return "carve";
}

std::optional<std::string> to_wider_prefix(Bent& bent) {
  auto* link = bent.any_link(true);
  if (link == nullptr) return std::nullopt;
  // Every host address would still be inside; the prefix as a whole is not.
  const Prefix prefix = *Prefix::parse(link->prefix(0));
  const Prefix wider(prefix.first(), 1);
  link->set_prefix(0, wider.str());
  return "carve";
}

std::optional<std::string> to_other_prefix(Bent& bent) {
  auto* link = bent.any_link(false);
  if (link == nullptr) return std::nullopt;
  link->set_prefix(0, "203.0.113.0/24");
  return "link-prefix";
}

std::optional<std::string> to_other_segment(Bent& bent) {
  for (auto& link : *bent.proof.mutable_link()) {
    if (!link.has_stitching()) continue;
    link.mutable_stitching()->mutable_wan_segment_ids()->set_wan_segment_id_value(99);
    return "stitching";
  }
  return std::nullopt;
}

std::optional<std::string> without_vnf(Bent& bent) {
  if (bent.proof.vnf().empty()) return std::nullopt;
  bent.proof.mutable_vnf()->RemoveLast();
  bent.proof.clear_announcement();
  return "slot-answered";
}

std::optional<std::string> with_vnf_twice(Bent& bent) {
  if (bent.proof.vnf().empty()) return std::nullopt;
  const v1::VnfProof copy = bent.proof.vnf(0);
  *bent.proof.add_vnf() = copy;
  return "slot-answered";
}

std::optional<std::string> with_strange_vnf(Bent& bent) {
  bent.proof.add_vnf()->set_vnf_profile_id("stranger");
  return "slot-known";
}

std::optional<std::string> without_cp(Bent& bent) {
  auto* vnf = bent.any_vnf();
  if (vnf == nullptr) return std::nullopt;
  vnf->mutable_cp()->RemoveLast();
  return "cp-answered";
}

std::optional<std::string> with_other_function(Bent& bent) {
  auto* vnf = bent.any_vnf();
  if (vnf == nullptr) return std::nullopt;
  vnf->set_vnfd_digest("sha256:other");
  return "function";
}

std::optional<std::string> without_sap(Bent& bent) {
  if (bent.proof.sap().empty()) return std::nullopt;
  bent.proof.mutable_sap()->RemoveLast();
  return "sap-answered";
}

std::optional<std::string> with_sap_twice(Bent& bent) {
  if (bent.proof.sap().empty()) return std::nullopt;
  const v1::SapProof copy = bent.proof.sap(0);
  *bent.proof.add_sap() = copy;
  return "sap-answered";
}

std::optional<std::string> without_link(Bent& bent) {
  if (bent.proof.link().empty()) return std::nullopt;
  bent.proof.mutable_link()->RemoveLast();
  return "link-answered";
}

std::optional<std::string> without_end(Bent& bent) {
  if (bent.proof.end().empty()) return std::nullopt;
  bent.proof.mutable_end()->RemoveLast();
  return "end-answered";
}

std::optional<std::string> to_strange_next_hop(Bent& bent) {
  if (bent.proof.announcement().empty()) return std::nullopt;
  bent.proof.mutable_announcement(0)->set_next_hop(0, "203.0.113.9");
  return "next-hop";
}

std::optional<std::string> to_strange_origin(Bent& bent) {
  if (bent.proof.announcement().empty()) return std::nullopt;
  bent.proof.mutable_announcement(0)->add_originates("203.0.113.0/24");
  return "originates";
}

std::optional<std::string> to_other_realm(Bent& bent) {
  bent.proof.set_realm("00000000-0000-4000-8000-000000000000");
  return "realm";
}

const std::vector<Bend>& bends() {
  static const std::vector<Bend> kAll = {
      to_network_address, to_probe_address, to_elsewhere, to_other_length, to_neighbours_address,
      to_foreign_mac, to_neighbours_mac, to_port_zero, to_large_mtu, to_prefix_outside_carve,
      to_wider_prefix, to_other_prefix, to_other_segment, without_vnf, with_vnf_twice,
      with_strange_vnf, without_cp, with_other_function, without_sap, with_sap_twice, without_link,
      without_end, to_strange_next_hop, to_strange_origin, to_other_realm};
  return kAll;
}

// Shows: R13, R15
TEST(AddressingProof, WhatIsBentIsNamed) {
  const std::uint64_t run = seed_of_run();
  std::vector<int> bent_so(bends().size(), 0);
  for (int i = 0; i < kCases; ++i) {
    Dice dice(seed_of_case(run, static_cast<std::uint64_t>(i)));
    const v1::Fragment order = random_service(dice);
    const auto root = root_envelope(random_pools(dice), order, kRealm);
    ASSERT_TRUE(root.ok()) << describe(root.problem());
    const Cut cut = random_cut(dice, order, 3);
    const auto children = split_envelope(*root, order, cut.division, cut.stitching);
    ASSERT_TRUE(children.ok()) << describe(children.problem());
    const auto part = dice.between(1, children->size()) - 1;
    const v1::Envelope& envelope = (*children)[part];
    const v1::Fragment& fragment = cut.division.part[part];
    auto proof = choose_addresses(envelope, fragment);
    ASSERT_TRUE(proof.ok()) << describe(proof.problem());
    complete(envelope, fragment, *proof);
    const Status whole = check_proof(envelope, fragment, *proof);
    ASSERT_TRUE(whole.ok()) << describe(whole.problem());

    const auto which = dice.between(0, bends().size() - 1);
    Bent bent{envelope, fragment, *proof, dice};
    const auto constraint = bends()[which](bent);
    if (!constraint) continue;
    ++bent_so[which];
    const Status refused = check_proof(envelope, fragment, bent.proof);
    ASSERT_FALSE(refused.ok()) << "bend " << which << "\n" << bent.proof.DebugString();
    ASSERT_EQ(refused.problem().type(), "proof.outside-envelope");
    ASSERT_EQ(refused.problem().constraint().name(), *constraint)
        << "bend " << which << ": " << describe(refused.problem());
    ASSERT_FALSE(refused.problem().where(0).path().empty());
  }
  for (std::size_t which = 0; which < bent_so.size(); ++which) {
    EXPECT_GT(bent_so[which], kCases / 1000) << "bend " << which << " hardly happened";
  }
}

// A change: what is in force stays, whoever comes beside it.
// Shows: R13, R25
TEST(AddressingProof, ValuesInForceAreKept) {
  const std::uint64_t run = seed_of_run();
  for (int i = 0; i < kCases; ++i) {
    Dice dice(seed_of_case(run, static_cast<std::uint64_t>(i)));
    v1::Fragment order = random_service(dice);
    const auto root = root_envelope(random_pools(dice), order, kRealm);
    ASSERT_TRUE(root.ok());
    const auto former = choose_addresses(*root, order);
    ASSERT_TRUE(former.ok());
    auto& added = *order.add_slot();
    added.set_vnf_profile_id(order.slot(0).vnf_profile_id());
    added.set_index(9);
    order.mutable_slot()->SwapElements(0, order.slot_size() - 1);
    auto now = choose_addresses(*root, order, {}, &*former);
    ASSERT_TRUE(now.ok()) << describe(now.problem());
    for (const auto& before : former->vnf()) {
      for (const auto& after : now->vnf()) {
        if (after.vnf_profile_id() != before.vnf_profile_id()) continue;
        if (after.index() != before.index()) continue;
        ASSERT_EQ(after.DebugString(), before.DebugString());
      }
    }
    complete(*root, order, *now);
    const Status whole = check_proof(*root, order, *now);
    ASSERT_TRUE(whole.ok()) << describe(whole.problem());
    // And two holds of one realm at one leaf never meet.
    UsedValues used;
    used.add(*former);
    const auto beside = choose_addresses(*root, order, used);
    ASSERT_TRUE(beside.ok()) << describe(beside.problem());
    for (const auto& vnf : beside->vnf()) {
      for (const auto& cp : vnf.cp()) {
        ASSERT_FALSE(used.addresses.contains(InterfaceAddress::parse(cp.address(0))->address));
        ASSERT_FALSE(used.port_ids.contains(cp.port_id()));
      }
    }
  }
}

}  // namespace
}  // namespace terrace::test
