#include <gtest/gtest.h>

#include "recursion/address_chooser.h"
#include "recursion/envelope_check.h"
#include "recursion/proof.h"
#include "recursion/subnet.h"
#include "tests/unit/addressing_fixture.h"

namespace terrace::test {
namespace {

std::string assignable(const v1::Envelope& envelope, const std::string& link_id) {
  std::string text;
  for (const auto& link : envelope.link()) {
    if (link.link_id() != link_id) continue;
    for (const auto& range : link.subnet(0).assignable()) {
      text += range.first() + "-" + range.last() + " ";
    }
  }
  return text;
}

const v1::LinkEnvelope& link_of(const v1::Envelope& envelope, const std::string& link_id) {
  for (const auto& link : envelope.link()) {
    if (link.link_id() == link_id) return link;
  }
  static const v1::LinkEnvelope kNone;
  return kNone;
}

Division m_divides() {
  Division division;
  division.part = {order_to_e(), order_to_ml()};
  division.cut = {{"vl-a", {0, 1}}};
  return division;
}

// Shows: R2, R3, R13
TEST(SplitEnvelope, TheWalkedOrderGetsItsValues) {
  const auto parent = envelope_to_m();
  ASSERT_TRUE(check_envelope(parent, order_to_m()).ok());
  const auto parts = split_envelope(parent, order_to_m(), m_divides(), {over_vxlan("vl-a", 8001)});
  ASSERT_TRUE(parts.ok()) << describe(parts.problem());
  const v1::Envelope& e = (*parts)[0];
  const v1::Envelope& ml = (*parts)[1];

  EXPECT_EQ(link_of(e, "vl-a").subnet(0).prefix(), "10.10.64.0/24");
  EXPECT_EQ(assignable(e, "vl-a"), "10.10.64.8-10.10.64.127 ");
  EXPECT_EQ(assignable(ml, "vl-a"), "10.10.64.128-10.10.64.247 ");
  EXPECT_EQ(link_of(e, "vl-a").subnet(0).probe_address(), "10.10.64.248");
  EXPECT_EQ(link_of(ml, "vl-a").subnet(0).probe_address(), "10.10.64.249");
  EXPECT_EQ(link_of(e, "vl-a").mtu(), 1450U);
  EXPECT_EQ(link_of(e, "vl-a").stitching().wan_segment_ids().wan_segment_id_value(), 8001U);
  EXPECT_EQ(link_of(e, "vl-a").root_link_id(), link_of(ml, "vl-a").root_link_id());

  // What continues outside is handed on whole; what is inside ML comes out of a carve of its own.
  EXPECT_EQ(link_of(ml, "vl-c").SerializeAsString(), link_of(parent, "vl-c").SerializeAsString());
  EXPECT_EQ(link_of(e, "vl-client").SerializeAsString(),
            link_of(parent, "vl-client").SerializeAsString());
  ASSERT_EQ(ml.carve_size(), 1);
  ASSERT_EQ(ml.carve(0).prefix_size(), 1);
  EXPECT_EQ(ml.carve(0).prefix(0), "10.10.65.0/24");
  EXPECT_EQ(e.carve_size(), 0);

  for (const auto& part : *parts) EXPECT_TRUE(within(parent, part).ok());
  EXPECT_TRUE(disjoint(*parts).ok());
}

// Shows: R13, R25
TEST(SplitEnvelope, ALivePartKeepsWhatItHas) {
  const auto parent = envelope_to_m();
  const auto before = split_envelope(parent, order_to_m(), m_divides(), {over_vxlan("vl-a", 8001)});
  ASSERT_TRUE(before.ok());
  // A second NAT, at a third platform, joins vl-a and cuts vl-b.
  Division division = m_divides();
  v1::Fragment third;
  for (const char* link : {"vl-a", "vl-b"}) add_link(link, third);
  add_vnf("nat", {"vl-a", "vl-b"}, third);
  third.mutable_slot(0)->set_index(2);
  division.part.push_back(third);
  const auto now = split_envelope(parent, order_to_m(), division,
                                  {over_vxlan("vl-a", 8001), over_vxlan("vl-b", 8002)},
                                  {&(*before)[0], &(*before)[1], nullptr});
  ASSERT_TRUE(now.ok()) << describe(now.problem());
  EXPECT_EQ(link_of((*now)[0], "vl-a").SerializeAsString(),
            link_of((*before)[0], "vl-a").SerializeAsString());
  EXPECT_EQ(link_of((*now)[2], "vl-a").subnet(0).prefix(), "10.10.64.0/24");
  EXPECT_EQ(link_of((*now)[2], "vl-a").root_link_id(),
            link_of((*before)[0], "vl-a").root_link_id());
  EXPECT_EQ(link_of((*now)[2], "vl-b").subnet(0).prefix(), "10.10.66.0/24");
  EXPECT_TRUE(disjoint(*now).ok()) << describe(disjoint(*now).problem());
}

// Shows: R13
TEST(SplitEnvelope, SiblingsShareASlash29) {
  v1::Envelope parent = envelope_to_m();
  parent.mutable_carve(0)->set_prefix(0, "10.10.64.0/28");
  const auto parts = split_envelope(parent, order_to_m(), m_divides(), {over_vxlan("vl-a", 8001)});
  ASSERT_TRUE(parts.ok()) << describe(parts.problem());
  // Six hosts: two probe addresses, two for each end.
  EXPECT_EQ(link_of((*parts)[0], "vl-a").subnet(0).prefix(), "10.10.64.0/29");
  EXPECT_EQ(assignable((*parts)[0], "vl-a"), "10.10.64.1-10.10.64.2 ");
  EXPECT_EQ(assignable((*parts)[1], "vl-a"), "10.10.64.3-10.10.64.4 ");
  EXPECT_EQ((*parts)[1].carve(0).prefix(0), "10.10.64.8/29");
  EXPECT_TRUE(disjoint(*parts).ok());
}

// Shows: R13
TEST(SplitEnvelope, ACarveTooSmallIsRefusedWithWhatIsMissing) {
  v1::Envelope parent = envelope_to_m();
  parent.mutable_carve(0)->set_prefix(0, "10.10.64.0/30");
  const auto parts = split_envelope(parent, order_to_m(), m_divides(), {over_vxlan("vl-a", 8001)});
  ASSERT_FALSE(parts.ok());
  EXPECT_EQ(parts.problem().code(), Problem::RESOURCE_EXHAUSTED);
  EXPECT_EQ(parts.problem().type(), "envelope.exhausted");
  EXPECT_EQ(parts.problem().where(0).resource(), "link/vl-a");
  EXPECT_NE(parts.problem().what().find("missing"), std::string::npos);
  EXPECT_FALSE(parts.problem().possible().empty());
}

AddressPools pools() {
  AddressPools pools;
  pools.prefixes = {*Prefix::parse("10.10.0.0/16")};
  return pools;
}

// Shows: R14
TEST(RootEnvelope, KeepsTheCustomersAddressesOut) {
  auto order = order_to_e();
  order.mutable_nsd()->mutable_sapd()->RemoveLast();
  order.mutable_params()->mutable_sap_data(0)->add_customer_prefix("10.10.0.0/24");
  const auto root = root_envelope(pools(), order, kWalkedRealm);
  ASSERT_TRUE(root.ok()) << describe(root.problem());
  ASSERT_TRUE(check_envelope(*root, order).ok());
  ASSERT_EQ(root->link_size(), 1);
  const auto& subnet = root->link(0).subnet(0);
  EXPECT_EQ(subnet.prefix(), "10.10.1.0/24");
  EXPECT_EQ(subnet.excluded(0).range().first(), "10.10.1.100");
  EXPECT_EQ(subnet.excluded(0).reason(), "the customer's own address at SAP client");
  EXPECT_FALSE(assignable_of(subnet).contains(*IpAddress::parse("10.10.1.100")));
  for (const auto& text : root->carve(0).prefix()) {
    EXPECT_FALSE(Prefix::parse(text)->overlaps(*Prefix::parse("10.10.0.0/23")));
  }
  EXPECT_EQ(root_envelope(pools(), order, kWalkedRealm)->SerializeAsString(),
            root->SerializeAsString());
}

// Shows: R14
TEST(RootEnvelope, HonoursTheDescriptorsOwnPools) {
  auto order = order_to_e();
  order.mutable_nsd()->mutable_sapd()->RemoveLast();
  auto& l3 =
      *order.mutable_nsd()->mutable_df(0)->mutable_virtual_link_profile(1)->add_l3_protocol_data();
  l3.set_cidr("192.168.7.0/26");
  l3.set_gateway_ip("192.168.7.62");
  auto& pool = *l3.add_ip_allocation_pool();
  pool.set_start_ip_address("192.168.7.10");
  pool.set_end_ip_address("192.168.7.19");
  const auto root = root_envelope(pools(), order, kWalkedRealm);
  ASSERT_TRUE(root.ok()) << describe(root.problem());
  EXPECT_EQ(assignable(*root, "vl-a"), "192.168.7.10-192.168.7.19 ");
  EXPECT_EQ(link_of(*root, "vl-a").subnet(0).gateway(), "192.168.7.62");
  EXPECT_EQ(link_of(*root, "vl-a").subnet(0).probe_address(), "192.168.7.61");
  EXPECT_TRUE(check_envelope(*root, order).ok());
}

TEST(RootEnvelope, RefusesTwoLinksWithTheSameAddresses) {
  auto order = order_to_e();
  order.mutable_nsd()->mutable_sapd()->RemoveLast();
  order.mutable_nsd()
      ->mutable_df(0)
      ->mutable_virtual_link_profile(1)
      ->add_l3_protocol_data()
      ->set_cidr("10.10.0.0/23");
  const auto root = root_envelope(pools(), order, kWalkedRealm);
  ASSERT_FALSE(root.ok());
  EXPECT_EQ(root.problem().type(), "addressing.overlap");
}

TEST(RootEnvelope, RefusesAnAddressOutsideItsSubnet) {
  auto order = order_to_e();
  order.mutable_params()->mutable_sap_data(0)->mutable_sap_protocol_data()->set_ip_address(
      0, "10.11.0.1");
  const auto root = root_envelope(pools(), order, kWalkedRealm);
  ASSERT_FALSE(root.ok());
  EXPECT_EQ(root.problem().type(), "addressing.malformed");
  EXPECT_EQ(root.problem().constraint().actual(), "10.11.0.1");
}

// Bends a good envelope; says where the refusal must point.
struct IllFormed {
  const char* path;
  void (*bend)(v1::Envelope&);
};

const IllFormed kIllFormed[] = {
    {"realm", [](v1::Envelope& e) { e.set_realm("mine"); }},
    {"link[0].link_id", [](v1::Envelope& e) { e.mutable_link(0)->set_link_id("vl-x"); }},
    {"link[1].link_id", [](v1::Envelope& e) { e.mutable_link(1)->set_link_id("vl-client"); }},
    {"link[0].subnet[0].prefix",
     [](v1::Envelope& e) { e.mutable_link(0)->mutable_subnet(0)->set_prefix("10.10.1.7/24"); }},
    {"link[0].subnet[0].probe_address",
     [](v1::Envelope& e) { e.mutable_link(0)->mutable_subnet(0)->set_probe_address("10.10.1.9"); }},
    {"link[0].subnet[0].assignable[0]",
     [](v1::Envelope& e) {
       e.mutable_link(0)->mutable_subnet(0)->mutable_assignable(0)->set_last("10.10.2.1");
     }},
    {"link[0].mac_prefix",
     [](v1::Envelope& e) { e.mutable_link(0)->set_mac_prefix("02:54:00:10:00:01/28"); }},
    {"link[0].port_ids", [](v1::Envelope& e) { e.mutable_link(0)->clear_port_ids(); }},
    {"link[0].mtu", [](v1::Envelope& e) { e.mutable_link(0)->set_mtu(9); }},
    {"carve[0].prefix[0]",
     [](v1::Envelope& e) { e.mutable_carve(0)->set_prefix(0, "10.10.0.0/18"); }},
    {"link[1].stitching.encapsulation_type",
     [](v1::Envelope& e) {
       e.mutable_link(1)->mutable_stitching()->set_encapsulation_type(
           static_cast<v1::Stitching::EncapsulationType>(77));
     }},
    {"link[1].subnet[0].#17",
     [](v1::Envelope& e) {
       auto& subnet = *e.mutable_link(1)->mutable_subnet(0);
       subnet.GetReflection()->MutableUnknownFields(&subnet)->AddVarint(17, 1);
     }},
    {"link", [](v1::Envelope& e) { e.mutable_link(1)->clear_stitching(); }},
};

// Shows: R13
TEST(CheckEnvelope, SaysWhereItIsIllFormed) {
  for (const IllFormed& one : kIllFormed) {
    v1::Envelope envelope = envelope_to_m();
    one.bend(envelope);
    const Status status = check_envelope(envelope, order_to_m());
    ASSERT_FALSE(status.ok()) << one.path;
    EXPECT_EQ(status.problem().type(), "envelope.malformed");
    EXPECT_EQ(status.problem().where(0).path(), one.path) << describe(status.problem());
  }
}

// Shows: R13
TEST(EnvelopeRelations, NameWhatReachesTooFar) {
  const auto parent = envelope_to_m();
  auto child = parent;
  child.mutable_link(1)->mutable_subnet(0)->mutable_assignable(0)->set_last("10.10.4.128");
  ASSERT_FALSE(within(parent, child).ok());
  EXPECT_EQ(within(parent, child).problem().constraint().name(), "assignable-range");
  EXPECT_EQ(disjoint({parent, parent}).problem().constraint().name(), "unique-prefix");
  child = parent;
  child.clear_carve();
  auto sibling = child;
  EXPECT_EQ(disjoint({child, sibling}).problem().constraint().name(), "assignable-range");
}

// Shows: R15
TEST(AddressChooser, ChoosesTheLowestThatIsFree) {
  const auto parts =
      split_envelope(envelope_to_m(), order_to_m(), m_divides(), {over_vxlan("vl-a", 8001)});
  ASSERT_TRUE(parts.ok());
  UsedValues used;
  used.addresses.insert(*IpAddress::parse("10.10.64.128"));
  const auto proof = choose_addresses((*parts)[1], order_to_ml(), used);
  ASSERT_TRUE(proof.ok()) << describe(proof.problem());
  EXPECT_EQ(proof->vnf(0).cp(0).address(0), "10.10.64.129/24");
  EXPECT_EQ(proof->vnf(0).cp(1).address(0), "10.10.65.8/24");
  EXPECT_EQ(proof->vnf(1).cp(0).address(0), "10.10.65.9/24");
  EXPECT_EQ(proof->vnf(1).cp(1).address(0), "10.10.4.8/24");
  EXPECT_EQ(proof->vnf(1).cp(1).mac(), "02:54:00:10:00:00");
  EXPECT_EQ(proof->vnf(1).cp(1).port_id(), 100U);
  EXPECT_EQ(inner_probe_address(*Prefix::parse("10.10.65.0/24"))->str(), "10.10.65.248");
}

// Shows: R13
TEST(AddressChooser, SaysHowManyAreMissing) {
  auto envelope = envelope_to_m();
  auto order = order_to_e();
  order.mutable_nsd()->mutable_sapd()->RemoveLast();
  for (std::uint32_t index = 2; index <= 4; ++index) {
    auto& slot = *order.add_slot();
    slot.set_vnf_profile_id("fw");
    slot.set_index(index);
  }
  auto& range = *envelope.mutable_link(0)->mutable_subnet(0)->mutable_assignable(0);
  range.set_first("10.10.1.99");
  range.set_last("10.10.1.102");
  const auto proof = choose_addresses(envelope, order);
  ASSERT_FALSE(proof.ok());
  EXPECT_EQ(proof.problem().what(),
            "link vl-client needs 4 addresses; 10.10.1.0/24 has 3: 1 missing");
  EXPECT_EQ(proof.problem().possible(0), "up to 3 more connection points on link vl-client");
}

}  // namespace
}  // namespace terrace::test
