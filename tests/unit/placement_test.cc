// Placement: what it chooses and how it says no.
#include <gtest/gtest.h>

#include "recursion/placement.h"
#include "tests/support/catalogue_builder.h"
#include "tests/support/service_builder.h"

namespace terrace {
namespace {

using testing::add_interconnect;
using testing::add_offer;
using testing::add_point;
using testing::ServiceBuilder;

// client - fw - web, with two children that both offer everything.
class PlacementTest : public ::testing::Test {
 protected:
  PlacementTest() {
    service.sap("client", "a");
    service.function("fw", 1, {{"in", "a"}, {"out", "b"}});
    service.function("web", 2, {{"in", "b"}});
    for (auto* catalogue : {&near, &far}) {
      add_offer(*catalogue, "fw", 10, 5, catalogue == &near ? "paris" : "rome");
      add_offer(*catalogue, "web", catalogue == &near ? 20 : 15, 5,
                catalogue == &near ? "paris" : "rome");
      add_interconnect(*catalogue, "wan", catalogue == &near ? 1 : 50,
                       catalogue == &near ? 99 : 200, catalogue == &near ? 1500 : 1450);
    }
    add_point(near, "ap-near");
  }

  PlacementAnswer answer() {
    fragment = *normalise(service.order());
    request.fragment = &fragment;
    request.children = {{"near", &near}, {"far", &far}};
    return place(request);
  }

  std::string refusal() {
    const auto result = answer();
    return result.placement ? "placed"
                            : result.placement.problem().type() + " " +
                                  result.placement.problem().constraint().name();
  }

  ServiceBuilder service;
  v1::Catalogue near, far;
  v1::Fragment fragment;
  PlacementRequest request;
};

// Shows: R16
TEST_F(PlacementTest, TakesTheCheapestAndStitchesWhatItCuts) {
  const auto result = answer();
  ASSERT_TRUE(result.placement.ok()) << describe(result.placement.problem());
  const Placement& placed = *result.placement;
  EXPECT_EQ(placed.slot.at({"fw", 1}).child, "near");
  EXPECT_EQ(placed.slot.at({"web", 2}).child, "far");
  EXPECT_EQ(placed.sap.at("client").attachment_point_id, "ap-near");
  EXPECT_EQ(placed.price.monthly().amount(), "40");
  ASSERT_EQ(placed.cut.size(), 1U);
  const auto& cut = placed.cut.at("b");
  EXPECT_EQ(cut.underlay, "wan");
  EXPECT_EQ(cut.mtu, 1400U);
  ASSERT_EQ(cut.segment_ids.size(), 1U);
  EXPECT_EQ(cut.segment_ids[0].wan_segment_id_value(), 50U);
  EXPECT_EQ(cut.segment_ids[0].wan_segment_id_upper_range(), 99U);
  EXPECT_EQ(placed.part, (std::vector<std::string>{"near", "far"}));
  EXPECT_TRUE(placed.optimal);
  ASSERT_EQ(result.candidates.size(), 4U);
  for (const auto& candidate : result.candidates) {
    EXPECT_NE(candidate.chosen(), !candidate.reason().empty());
    if (candidate.vnf_profile_id() == "web" && candidate.child() == "near") {
      EXPECT_EQ(candidate.reason(), "a year costs 240 instead of 180");
    }
  }
}

TEST_F(PlacementTest, WithoutACommonUnderlayNothingIsCut) {
  far.mutable_interconnect(0)->set_underlay("other");
  const auto result = answer();
  ASSERT_TRUE(result.placement.ok());
  EXPECT_EQ(result.placement->slot.at({"web", 1}).child, "near");
  EXPECT_TRUE(result.placement->cut.empty());
  near.mutable_offer(1)->mutable_capacity()->set_instances_left(1);
  EXPECT_EQ(refusal(), "placement.no-offer capacity");
  near.mutable_offer(1)->mutable_function()->set_vnfd_digest("another");
  EXPECT_EQ(refusal(), "placement.no-stitching common-underlay");
}

// Shows: R3
TEST_F(PlacementTest, ALinkThatContinuesIsMetAsItIsGiven) {
  auto& sapd = *service.order().mutable_nsd()->add_sapd();
  sapd.set_id("cut:b");
  sapd.set_virtual_link_desc("desc-b");
  v1::Envelope envelope;
  auto& link = *envelope.add_link();
  link.set_link_id("b");
  link.set_mtu(1400);
  link.mutable_stitching()->set_underlay("wan");
  link.mutable_stitching()->set_encapsulation_type(v1::Stitching::VXLAN);
  link.mutable_stitching()->mutable_wan_segment_ids()->set_wan_segment_id_value(7);
  request.envelope = &envelope;
  const auto result = answer();
  ASSERT_TRUE(result.placement.ok()) << describe(result.placement.problem());
  // Only near takes segment 7.
  EXPECT_EQ(result.placement->slot.at({"web", 1}).child, "near");
  EXPECT_TRUE(result.placement->cut.empty());
  // Only far takes 150, where there is no attachment point for the client's link: that one is cut.
  link.mutable_stitching()->mutable_wan_segment_ids()->set_wan_segment_id_value(150);
  EXPECT_EQ(answer().placement->cut.count("a"), 1U);
  link.mutable_stitching()->mutable_wan_segment_ids()->set_wan_segment_id_value(500);
  EXPECT_EQ(refusal(), "placement.no-stitching common-underlay");
}

TEST_F(PlacementTest, KeepsLocationAndAffinity) {
  auto& place = *service.order().mutable_params()->add_location_constraints();
  place.set_vnf_profile_id("web");
  place.mutable_location()->set_nfvi_pop("paris");
  EXPECT_EQ(answer().placement->slot.at({"web", 1}).child, "near");
  auto& rule = *service.order().mutable_params()->add_additional_affinity_or_anti_affinity_rule();
  rule.add_vnf_profile_id("fw");
  rule.add_vnf_profile_id("web");
  rule.set_affinity_or_anti_affinity(v1::AffinityOrAntiAffinityRule::ANTI_AFFINITY);
  rule.set_scope(v1::AffinityOrAntiAffinityRule::PLATFORM);
  EXPECT_EQ(answer().placement->slot.at({"fw", 1}).child, "far");
  rule.set_affinity_or_anti_affinity(v1::AffinityOrAntiAffinityRule::AFFINITY);
  EXPECT_EQ(answer().placement->slot.at({"fw", 1}).child, "near");
  place.mutable_location()->set_nfvi_pop("oslo");
  const auto result = answer();
  EXPECT_EQ(result.placement.problem().type(), "placement.no-offer");
  EXPECT_EQ(result.placement.problem().possible(0), "The function is offered at: paris; rome.");
}

TEST_F(PlacementTest, SpreadsInstancesWhereOneRuleWantsThemApart) {
  auto& rule = *service.df().mutable_vnf_profile(1)->add_local_affinity_or_anti_affinity_rule();
  rule.set_affinity_type("anti-affinity");
  rule.set_affinity_scope("nfvi-pop");
  const auto result = answer();
  ASSERT_TRUE(result.placement.ok()) << describe(result.placement.problem());
  EXPECT_NE(result.placement->slot.at({"web", 1}).child,
            result.placement->slot.at({"web", 2}).child);
}

// Shows: R24
TEST_F(PlacementTest, AfterARefusalTheNextBestIsTriedAndNoChildIsNamed) {
  auto& refusal_of_far = request.refusals.emplace_back();
  refusal_of_far.set_child("far");
  refusal_of_far.add_vnf_profile_id("web");
  EXPECT_EQ(answer().placement->slot.at({"web", 1}).child, "near");
  request.refusals.emplace_back().set_child("near");
  const auto result = answer();
  ASSERT_FALSE(result.placement.ok());
  EXPECT_EQ(result.placement.problem().code(), Problem::RESOURCE_EXHAUSTED);
  const std::string told = result.placement.problem().DebugString();
  EXPECT_EQ(told.find("near"), std::string::npos) << told;
  EXPECT_EQ(told.find("\"far"), std::string::npos) << told;
}

TEST_F(PlacementTest, ANamedAttachmentPointIsTakenOrRefused) {
  add_point(far, "ap-far");
  service.data("client").set_attachment_point_id("ap-far");
  EXPECT_EQ(answer().placement->sap.at("client").child, "far");
  far.mutable_attachment_point(0)->set_in_use(true);
  EXPECT_EQ(refusal(), "placement.no-attachment-point attachment-point");
}

TEST_F(PlacementTest, ABroughtFunctionGoesByItsImage) {
  for (auto* catalogue : {&near, &far}) catalogue->clear_offer();
  auto& fw = add_offer(near, "fw", 10, 5);
  add_offer(near, "web", 10, 5);
  fw.mutable_function()->clear_vnfd_id();
  fw.mutable_function()->set_brought(true);
  fw.mutable_function()->add_image("terrace/firewall");
  EXPECT_EQ(refusal(), "placement.no-offer function");
  auto& vnfd = *service.order().mutable_function(0)->mutable_vnfd();
  vnfd.set_id("vnfd-fw");
  for (const char* cpd : {"in", "out"}) vnfd.add_ext_cpd()->set_id(cpd);
  vnfd.add_sw_image_desc()->set_image("terrace/firewall");
  EXPECT_EQ(refusal(), "placed");
}

}  // namespace
}  // namespace terrace
