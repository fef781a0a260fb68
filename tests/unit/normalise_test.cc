// Orders made explicit, and what is refused.
#include <gtest/gtest.h>

#include "tests/support/service_builder.h"

namespace terrace {
namespace {

using testing::ServiceBuilder;

ServiceBuilder two_functions() {
  ServiceBuilder service;
  service.sap("client", "a");
  service.function("fw", 1, {{"in", "a"}, {"out", "b"}});
  service.function("web", 1, {{"in", "b"}});
  auto& path = service.path("p");
  ServiceBuilder::pass_sap(path, "client");
  ServiceBuilder::pass(path, "fw", "in", "out");
  ServiceBuilder::pass(path, "web", "in", "");
  return service;
}

std::string refusal(const v1::Fragment& order) {
  const auto result = normalise(order);
  return result ? "accepted" : result.problem().type();
}

// Shows: R1
TEST(Normalise, ResolvesFlavourAndLevelIntoSlots) {
  auto service = two_functions();
  service.df().mutable_vnf_profile(1)->set_max_number_of_instances(4);
  auto& level = *service.df().add_ns_instantiation_level();
  level.set_id("big");
  auto& mapping = *level.add_vnf_to_level_mapping();
  mapping.set_vnf_profile_id("web");
  mapping.set_number_of_instances(3);
  auto& bitrate = *level.add_virtual_link_to_level_mapping();
  bitrate.set_virtual_link_profile_id("b");
  bitrate.set_root_bitrate(1000);
  service.order().mutable_params()->set_ns_instantiation_level_id("big");
  const auto fragment = normalise(service.order());
  ASSERT_TRUE(fragment.ok()) << describe(fragment.problem());
  EXPECT_EQ(fragment->slot_size(), 4);
  EXPECT_EQ(fragment->slot(3).index(), 3U);
  EXPECT_EQ(fragment->params().ns_flavour_id(), "default");
  EXPECT_EQ(fragment->nsd().df(0).virtual_link_profile(1).max_bitrate_root(), 1000U);
  EXPECT_EQ(normalise(*fragment)->DebugString(), fragment->DebugString());
}

// Shows: R2
TEST(Normalise, TurnsAnAssociatedCpdIntoALink) {
  ServiceBuilder service;
  service.function("fw", 1, {{"out", "b"}});
  auto& sapd = *service.order().mutable_nsd()->add_sapd();
  sapd.set_id("client");
  sapd.mutable_associated_cpd()->set_constituent_base_element_id("vnfd-fw");
  sapd.mutable_associated_cpd()->set_constituent_cpd_id("in");
  const auto fragment = normalise(service.order());
  ASSERT_TRUE(fragment.ok()) << describe(fragment.problem());
  EXPECT_FALSE(fragment->nsd().sapd(0).has_associated_cpd());
  EXPECT_EQ(link_of_sap(*fragment, fragment->nsd().sapd(0)), "link:client");
  EXPECT_EQ(links_of(*fragment).at("link:client").connection_points, 1U);
}

// Shows: R2
TEST(Normalise, MergesLinksThatShareAConnectionPointOrASap) {
  ServiceBuilder service;
  service.function("fw", 1, {{"in", "z"}, {"in", "a"}});
  service.function("web", 1, {{"in", "m"}});
  service.df().mutable_virtual_link_profile(0)->set_mtu(1400);
  service.df().mutable_virtual_link_profile(1)->set_mtu(1300);
  auto& sapd = *service.order().mutable_nsd()->add_sapd();
  sapd.set_id("client");
  sapd.set_virtual_link_desc("desc-m");
  sapd.mutable_associated_cpd()->set_constituent_base_element_id("vnfd-fw");
  sapd.mutable_associated_cpd()->set_constituent_cpd_id("in");
  const auto fragment = normalise(service.order());
  ASSERT_TRUE(fragment.ok()) << describe(fragment.problem());
  ASSERT_EQ(fragment->nsd().df(0).virtual_link_profile_size(), 1);
  EXPECT_EQ(fragment->nsd().df(0).virtual_link_profile(0).id(), "a");
  EXPECT_EQ(fragment->nsd().df(0).virtual_link_profile(0).mtu(), 1300U);
  EXPECT_EQ(links_of(*fragment).at("a").connection_points, 2U);
}

// Shows: R18
TEST(Normalise, RefusesWhatCannotBeHonoured) {
  auto service = two_functions();
  EXPECT_EQ(refusal(service.order()), "accepted");
  auto order = service.order();
  order.mutable_params()->set_ns_flavour_id("gold");
  EXPECT_EQ(refusal(order), "nsd.flavour-unknown");
  order = service.order();
  order.mutable_nsd()->mutable_df(0)->add_ns_profile()->set_id("inner");
  EXPECT_EQ(refusal(order), "nsd.nested");
  order = service.order();
  order.mutable_function()->RemoveLast();
  EXPECT_EQ(refusal(order), "nsd.function-missing");
  order = service.order();
  auto& path = *order.mutable_nsd()->mutable_vnffgd(0)->mutable_nfpd(0);
  ServiceBuilder::pass(path, "fw", "out", "");
  path.mutable_position(2)->set_egress_cpd_id("in");
  EXPECT_EQ(refusal(order), "nsd.path-visits-twice");
  order = service.order();
  order.mutable_nsd()->mutable_vnffgd(0)->mutable_nfpd(0)->mutable_position(1)->set_egress_cpd_id(
      "in");
  EXPECT_EQ(refusal(order), "nsd.path-broken");
  order = service.order();
  order.mutable_nsd()->mutable_sapd(0)->set_virtual_link_desc("nowhere");
  EXPECT_EQ(refusal(order), "nsd.sap-without-link");
  order = service.order();
  order.mutable_params()->set_ns_instantiation_level_id("big");
  EXPECT_EQ(refusal(order), "nsd.level-unknown");
  order = service.order();
  order.mutable_params()->add_sap_data()->set_sapd_id("other");
  EXPECT_EQ(refusal(order), "nsd.sap-unknown");
}

// Shows: R2
TEST(Divide, APathThatComesBackIsTwoRuns) {
  ServiceBuilder service;
  service.sap("client", "a");
  service.function("f", 1, {{"in", "a"}, {"out", "b"}});
  service.function("g", 1, {{"in", "b"}, {"out", "c"}});
  service.function("h", 1, {{"in", "c"}});
  auto& path = service.path("p");
  ServiceBuilder::pass_sap(path, "client");
  ServiceBuilder::pass(path, "f", "in", "out");
  ServiceBuilder::pass(path, "g", "in", "out");
  ServiceBuilder::pass(path, "h", "in", "");
  Assignment assignment;
  assignment.slot = {{{"f", 1}, 0}, {{"g", 1}, 1}, {{"h", 1}, 0}};
  assignment.sap = {{"client", 0}};
  const auto division = divide(*normalise(service.order()), assignment);
  ASSERT_TRUE(division.ok());
  const auto paths = paths_of(division->part[0]);
  ASSERT_EQ(paths.size(), 2U);
  EXPECT_EQ(paths[0]->id(), "p#1");
  EXPECT_EQ(paths[0]->position(2).sapd_id(), "cut:b");
  EXPECT_EQ(paths[1]->id(), "p#2");
  EXPECT_EQ(paths[1]->position(0).sapd_id(), "cut:c");
  EXPECT_EQ(paths_of(division->part[1])[0]->id(), "p");
}

// Shows: R2, R3
TEST(Divide, ALinkThatContinuesKeepsItsSap) {
  auto service = two_functions();
  auto& sapd = *service.order().mutable_nsd()->add_sapd();
  sapd.set_id("cut:b");
  sapd.set_virtual_link_desc("desc-b");
  Assignment assignment;
  assignment.slot = {{{"fw", 1}, 0}, {{"web", 1}, 1}};
  assignment.sap = {{"client", 0}};
  const auto division = divide(*normalise(service.order()), assignment);
  ASSERT_TRUE(division.ok());
  ASSERT_EQ(division->cut.size(), 1U);
  EXPECT_TRUE(division->cut[0].continues);
  EXPECT_EQ(reassemble(*division)->nsd().sapd_size(), 2);
  assignment.sap.clear();
  EXPECT_EQ(divide(*normalise(service.order()), assignment).problem().type(),
            "division.incomplete");
}

}  // namespace
}  // namespace terrace
