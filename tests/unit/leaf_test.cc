#include "southbound/leaf/leaf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/catalogue_diff.h"
#include "recursion/proof.h"
#include "recursion/proof_check.h"
#include "southbound/leaf/offers.h"
#include "tests/support/leaf_world.h"

namespace terrace {
namespace {

constexpr char kOne[] = "11111111-0000-4000-8000-000000000001";
constexpr char kTwo[] = "11111111-0000-4000-8000-000000000002";
constexpr char kThree[] = "11111111-0000-4000-8000-000000000003";
constexpr char kRootLink[] = "22222222-0000-4000-8000-000000000001";
constexpr char kOtherLink[] = "22222222-0000-4000-8000-000000000002";

// The type of a refusal; of a hold that failed, of its error.
std::string refusal(const Result<v1::Hold>& hold) {
  return hold ? hold->error().type() : hold.problem().type();
}

// Follows the catalogue as a parent would.
class Follower {
 public:
  explicit Follower(Leaf& leaf) {
    subscription_ = leaf.publish([this](Result<v1::CatalogueEvent> event) {
      ASSERT_TRUE(event.ok());
      if (event->type() == v1::CatalogueEvent::SNAPSHOT) catalogue = event->snapshot();
      if (event->type() != v1::CatalogueEvent::DELTA) return;
      ++deltas;
      auto applied = apply(catalogue, event->delta());
      ASSERT_TRUE(applied.ok()) << describe(applied.problem());
      catalogue = *std::move(applied);
    });
  }
  const v1::Offer& offer(const std::string& capability, const std::string& pop) const {
    for (const auto& offer : catalogue.offer()) {
      if (offer.function().capability() == capability && offer.location().nfvi_pop() == pop) {
        return offer;
      }
    }
    ADD_FAILURE() << "no offer";
    return catalogue.offer(0);
  }

  v1::Catalogue catalogue;
  int deltas = 0;

 private:
  std::unique_ptr<Subscription> subscription_;
};

// Shows: R15, R13
TEST(Leaf, AnswersWithEveryValueChosen) {
  LeafWorld world;
  const auto hold = world.hold(web_order(kOne).request());
  ASSERT_TRUE(hold.ok()) << describe(hold.problem());
  EXPECT_EQ(hold->state(), v1::Hold::HELD);
  const Status proved = check_proof(hold->envelope(), hold->fragment(), hold->proof());
  EXPECT_TRUE(proved.ok()) << describe(proved.problem());
  EXPECT_EQ(hold->proof().price().monthly().amount(), "15.55");
  EXPECT_EQ(hold->proof().vnf_size(), 2);
  EXPECT_FALSE(hold->proof().vnf(0).location().nfvi_node().empty());
  ASSERT_EQ(hold->proof().sap_size(), 1);
  EXPECT_EQ(hold->proof().sap(0).attachment_point_id(), "ap-1");
  EXPECT_EQ(hold->proof().terms_size(), 2);
}

// Shows: R20, R17
TEST(Leaf, CommitMakesItAndSeesThatItCarriesTraffic) {
  EmulatedConfig slow;
  slow.start_up = std::chrono::seconds(3);
  LeafWorld world(slow);
  ASSERT_TRUE(world.hold(web_order(kOne).request()).ok());
  const auto committed = world.commit(kOne);
  ASSERT_TRUE(committed.ok());
  EXPECT_EQ(committed->state(), v1::Hold::COMMITTED) << describe(committed->error());
  const auto seen = world.infrastructure().counters(world.driver_id(kOne), "web", 1);
  ASSERT_TRUE(seen.has_value());
  EXPECT_GT(seen->delivered, 0U);
}

// Shows: R15
TEST(Leaf, WhatWasMadeOtherwiseThanPromisedIsAFailure) {
  LeafWorld world;
  world.infrastructure().add_fault(
      {EmulatedFault::Kind::kMisreportAddress, EmulatedFault::Operation::kApply, 0, ""});
  const auto held = world.hold(web_order(kOne).request());
  ASSERT_TRUE(held.ok());
  const auto committed = world.commit(kOne);
  ASSERT_TRUE(committed.ok());
  EXPECT_EQ(committed->state(), v1::Hold::ROLLED_BACK);
  EXPECT_EQ(refusal(committed), "proof.mismatch");
  const auto& constraint = committed->error().constraint();
  EXPECT_EQ(constraint.limit(), held->proof().vnf(0).cp(0).address(0));
  EXPECT_EQ(constraint.actual(), "192.0.2.99/24");
  EXPECT_EQ(world.infrastructure().part(world.driver_id(kOne)), nullptr);
}

// Shows: R20
TEST(Leaf, APathThatStaysSilentFailsTheCommitAndNamesIt) {
  LeafWorld world;
  ASSERT_TRUE(world.hold(web_order(kOne).request()).ok());
  world.infrastructure().cut_link(world.driver_id(kOne), "vl-web", true);
  const auto committed = world.commit(kOne);
  ASSERT_TRUE(committed.ok());
  EXPECT_EQ(committed->state(), v1::Hold::ROLLED_BACK);
  EXPECT_EQ(refusal(committed), "probe.silent");
  EXPECT_THAT(committed->error().what(), ::testing::HasSubstr("web-path"));
  EXPECT_THAT(committed->error().constraint().actual(), ::testing::HasSubstr("vl-web is cut"));
}

// Shows: R21
TEST(Leaf, CapacityIsWhatLiveHoldsLeave) {
  LeafWorld world;
  Follower follower(world.leaf());
  world.executor().advance(std::chrono::seconds(1));
  EXPECT_EQ(follower.offer("web", "pop-a").capacity().vcpus_left(), 4U);
  auto large = [](const std::string& id) {
    OrderBuilder order(id);
    order.link("vl");
    order.vnf("web", brought("web", 4), "vl");
    return order.request();
  };
  ASSERT_TRUE(world.hold(large(kOne)).ok());
  ASSERT_TRUE(world.hold(large(kTwo)).ok());
  const auto third = world.hold(large(kThree));
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.problem().type(), "capacity.exhausted");
  EXPECT_EQ(third.problem().code(), Problem::RESOURCE_EXHAUSTED);
  world.executor().advance(std::chrono::seconds(1));
  EXPECT_EQ(follower.offer("web", "pop-a").capacity().vcpus_left(), 0U);
  ASSERT_TRUE(world.release(kOne).ok());
  world.executor().advance(std::chrono::seconds(1));
  EXPECT_EQ(follower.offer("web", "pop-a").capacity().vcpus_left() +
                follower.offer("web", "pop-b").capacity().vcpus_left(),
            4U);
}

// Shows: R21
TEST(Leaf, CapacityIsPublishedOnceForManyOrdersAndLeavesTermsAlone) {
  LeafWorld world;
  Follower follower(world.leaf());
  world.executor().advance(std::chrono::seconds(1));
  const auto before = follower.offer("firewall", "pop-a").terms_version();
  const int deltas = follower.deltas;
  for (const char* id : {kOne, kTwo}) {
    OrderBuilder order(id);
    order.link("vl");
    order.vnf("fw", brought("firewall"), "vl");
    ASSERT_TRUE(world.hold(order.request()).ok());
  }
  world.executor().advance(std::chrono::seconds(1));
  EXPECT_EQ(follower.deltas, deltas + 1);
  EXPECT_EQ(follower.offer("firewall", "pop-a").terms_version(), before);
}

TEST(Leaf, TheCatalogueIsRenewedBeforeItExpires) {
  LeafWorld world;
  Follower follower(world.leaf());
  for (int minute = 0; minute < 60; ++minute) {
    world.executor().advance(std::chrono::minutes(1));
    ASSERT_TRUE(is_usable(follower.catalogue, world.executor().now()));
  }
  EXPECT_TRUE(check_catalogue(follower.catalogue).ok());
}

// Shows: R6
TEST(Leaf, APlanSetsNothingAside) {
  LeafWorld world;
  auto plan = web_order(kOne, "ap-1").request();
  plan.set_dry(true);
  const auto planned = world.hold(plan);
  ASSERT_TRUE(planned.ok());
  auto order = web_order(kTwo, "ap-1").request();
  const auto held = world.hold(order);
  ASSERT_TRUE(held.ok()) << describe(held.problem());
  EXPECT_EQ(held->proof().vnf(0).cp(0).address(0), planned->proof().vnf(0).cp(0).address(0));
}

TEST(Leaf, AnAttachmentPointHasOneService) {
  LeafWorld world;
  ASSERT_TRUE(world.hold(web_order(kOne, "ap-1").request()).ok());
  EXPECT_EQ(refusal(world.hold(web_order(kTwo, "ap-1").request())), "attachment.in-use");
  EXPECT_EQ(refusal(world.hold(web_order(kThree, "ap-9").request())), "attachment.unknown");
  const auto picked = world.hold(web_order("11111111-0000-4000-8000-000000000004").request());
  ASSERT_TRUE(picked.ok());
  EXPECT_EQ(picked->proof().sap(0).attachment_point_id(), "ap-2");
  EXPECT_EQ(refusal(world.hold(web_order("11111111-0000-4000-8000-000000000005").request())),
            "attachment.exhausted");
}

// Shows: R13
TEST(Leaf, TheLastAddressIsSoldOnce) {
  LeafWorld world;
  auto one = tail_order(kOne, 7001, kRootLink, "10.10.4.8", "10.10.4.8").request();
  auto two = tail_order(kTwo, 7001, kRootLink, "10.10.4.8", "10.10.4.8").request();
  ASSERT_TRUE(world.hold(one).ok());
  EXPECT_EQ(refusal(world.hold(two)), "envelope.exhausted");
  ASSERT_TRUE(world.release(kOne).ok());
  two.set_hold_id(kThree);
  EXPECT_TRUE(world.hold(two).ok());
}

// Shows: R14
TEST(Leaf, AnotherRealmMayHaveTheSameAddress) {
  LeafWorld world;
  auto one = tail_order(kOne, 7001, kRootLink, "10.10.4.8", "10.10.4.8").request();
  auto two = tail_order(kTwo, 7002, kOtherLink, "10.10.4.8", "10.10.4.8").request();
  two.mutable_envelope()->set_realm("2f9dd6de-36a3-4f0e-8a35-000000000002");
  ASSERT_TRUE(world.hold(one).ok());
  const auto other = world.hold(two);
  EXPECT_TRUE(other.ok()) << describe(other.problem());
}

// Shows: R16
TEST(Leaf, ASegmentIdIsOneLinksOnly) {
  LeafWorld world;
  const auto held =
      world.hold(tail_order(kOne, 7001, kRootLink, "10.10.4.8", "10.10.4.20").request());
  ASSERT_TRUE(held.ok()) << describe(held.problem());
  ASSERT_EQ(held->proof().end_size(), 1);
  EXPECT_EQ(held->proof().end(0).vtep(), "192.0.2.1");
  const auto taken =
      world.hold(tail_order(kTwo, 7001, kOtherLink, "10.10.4.30", "10.10.4.40").request());
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.problem().type(), "segment.taken");
  ASSERT_EQ(taken.problem().free_segments_size(), 2);
  EXPECT_EQ(taken.problem().free_segments(0).first(), 7000U);
  EXPECT_EQ(taken.problem().free_segments(0).last(), 7000U);
  EXPECT_EQ(taken.problem().free_segments(1).first(), 7002U);
  EXPECT_EQ(taken.problem().free_segments(1).last(), 7009U);
}

// Shows: R10
TEST(Leaf, TheSameLinkAlongTwoPathsSharesItsSegment) {
  LeafWorld world;
  ASSERT_TRUE(
      world.hold(tail_order(kOne, 7001, kRootLink, "10.10.4.8", "10.10.4.20").request()).ok());
  const auto again =
      world.hold(tail_order(kTwo, 7001, kRootLink, "10.10.4.30", "10.10.4.40").request());
  EXPECT_TRUE(again.ok()) << describe(again.problem());
}

// Shows: R16
TEST(Leaf, StitchingThatNoPortHasIsRefused) {
  LeafWorld world;
  EXPECT_EQ(
      refusal(world.hold(tail_order(kOne, 8001, kRootLink, "10.10.4.8", "10.10.4.9").request())),
      "stitching.unsupported");
  auto large = tail_order(kTwo, 7001, kRootLink, "10.10.4.8", "10.10.4.9").request();
  large.mutable_envelope()->mutable_link(0)->set_mtu(1500);
  EXPECT_EQ(refusal(world.hold(large)), "stitching.unsupported");
}

// Shows: R21
TEST(Leaf, StaleTermsAreRefusedWithTheCurrentOnes) {
  LeafWorld world;
  Follower follower(world.leaf());
  world.executor().run_ready();
  const v1::Offer offer = follower.offer("firewall", "pop-b");
  auto order = web_order(kOne);
  auto& terms = *order.request().add_terms();
  terms.set_offer_id(offer.id());
  terms.set_terms_version("last year's");
  const auto stale = world.hold(order.request());
  ASSERT_FALSE(stale.ok());
  EXPECT_EQ(stale.problem().type(), "terms.stale");
  EXPECT_EQ(stale.problem().constraint().limit(), offer.terms_version());
  ASSERT_EQ(stale.problem().possible_size(), 1);
  EXPECT_THAT(stale.problem().possible(0), ::testing::HasSubstr("12.50 EUR a month"));
  terms.set_terms_version(offer.terms_version());
  order.request().set_hold_id(kTwo);
  const auto held = world.hold(order.request());
  ASSERT_TRUE(held.ok()) << describe(held.problem());
  EXPECT_EQ(held->proof().vnf(0).location().nfvi_pop(), "pop-b") << "where the named offer is";
}

TEST(Leaf, WhatItCannotRunIsRefusedWithWhatItCan) {
  LeafWorld world;
  OrderBuilder order(kOne);
  order.link("vl");
  order.vnf("x", brought("time-machine"), "vl");
  const auto unknown = world.hold(order.request());
  EXPECT_EQ(refusal(unknown), "function.unknown");
  EXPECT_THAT(unknown.problem().constraint().limit(), ::testing::HasSubstr("terrace/firewall"));

  auto tuned = web_order(kTwo);
  auto& params = *tuned.params().add_additional_params_for_vnf();
  params.set_vnf_profile_id("web");
  auto& param = *params.add_additional_params();
  param.set_key("colour");
  param.set_value("blue");
  EXPECT_EQ(refusal(world.hold(tuned.request())), "function.unknown-parameter");
  param.set_key("content");
  tuned.request().set_hold_id(kThree);
  EXPECT_TRUE(world.hold(tuned.request()).ok());
}

TEST(Leaf, InstancesThatMustBeApartAre) {
  LeafWorld world;
  OrderBuilder order(kOne);
  order.link("vl");
  auto& group = *order.df().add_affinity_or_anti_affinity_group();
  group.set_id("apart");
  group.set_affinity_type("anti-affinity");
  group.set_affinity_scope("nfvi-pop");
  for (const char* id : {"web-1", "web-2"}) {
    order.vnf(id, brought("web"), "vl").add_affinity_or_anti_affinity_group_id("apart");
  }
  const auto held = world.hold(order.request());
  ASSERT_TRUE(held.ok()) << describe(held.problem());
  EXPECT_NE(held->proof().vnf(0).location().nfvi_pop(), held->proof().vnf(1).location().nfvi_pop());
  order.vnf("web-3", brought("web"), "vl").add_affinity_or_anti_affinity_group_id("apart");
  order.request().set_hold_id(kTwo);
  EXPECT_EQ(refusal(world.hold(order.request())), "affinity.unsatisfiable");
}

TEST(Leaf, ALocationConstraintIsKept) {
  LeafWorld world;
  auto order = web_order(kOne);
  auto& constraint = *order.params().add_location_constraints();
  constraint.set_vnf_profile_id("web");
  constraint.mutable_location()->set_nfvi_pop("pop-b");
  const auto held = world.hold(order.request());
  ASSERT_TRUE(held.ok()) << describe(held.problem());
  for (const auto& vnf : held->proof().vnf()) {
    if (vnf.vnf_profile_id() != "web") continue;
    EXPECT_EQ(vnf.location().nfvi_pop(), "pop-b");
  }
  constraint.mutable_location()->set_nfvi_pop("pop-z");
  order.request().set_hold_id(kTwo);
  EXPECT_EQ(refusal(world.hold(order.request())), "location.unmatched");
}

// Shows: R11
TEST(Leaf, AReleaseIsRepeatedUntilItIsGone) {
  LeafWorld world;
  ASSERT_TRUE(world.hold(web_order(kOne, "ap-1").request()).ok());
  ASSERT_EQ(world.commit(kOne)->state(), v1::Hold::COMMITTED);
  for (const std::uint64_t nth : {1U, 2U, 3U}) {
    world.infrastructure().add_fault(
        {EmulatedFault::Kind::kRefuse, EmulatedFault::Operation::kRemove, nth, ""});
  }
  const auto released = world.release(kOne);
  ASSERT_TRUE(released.ok());
  EXPECT_EQ(released->state(), v1::Hold::RELEASED);
  EXPECT_EQ(world.infrastructure().calls(EmulatedFault::Operation::kRemove), 4U);
  EXPECT_EQ(world.infrastructure().part(world.driver_id(kOne)), nullptr);
  EXPECT_TRUE(world.hold(web_order(kTwo, "ap-1").request()).ok());
}

TEST(Leaf, AFailedApplyIsUndoneAndFreesWhatItUsed) {
  LeafWorld world;
  world.infrastructure().add_fault(
      {EmulatedFault::Kind::kRefuse, EmulatedFault::Operation::kApply, 1, ""});
  ASSERT_TRUE(world.hold(web_order(kOne, "ap-1").request()).ok());
  const auto committed = world.commit(kOne);
  ASSERT_TRUE(committed.ok());
  EXPECT_EQ(committed->state(), v1::Hold::ROLLED_BACK);
  EXPECT_EQ(refusal(committed), "driver.fault");
  EXPECT_EQ(world.infrastructure().part(world.driver_id(kOne)), nullptr);
  EXPECT_TRUE(world.hold(web_order(kTwo, "ap-1").request()).ok());
}

// Shows: R26
TEST(Leaf, AfterARestartWhatIsHeldIsStillUsed) {
  LeafWorld world;
  const auto before = world.hold(web_order(kOne, "ap-1").request());
  ASSERT_TRUE(before.ok());
  ASSERT_EQ(world.commit(kOne)->state(), v1::Hold::COMMITTED);
  ASSERT_TRUE(
      world.hold(tail_order(kTwo, 7001, kRootLink, "10.10.4.8", "10.10.4.8").request()).ok());
  world.restart();
  ASSERT_TRUE(world.reconcile().ok());
  EXPECT_EQ(refusal(world.hold(web_order(kThree, "ap-1").request())), "attachment.in-use");
  EXPECT_EQ(refusal(world.hold(tail_order("11111111-0000-4000-8000-000000000006", 7001, kOtherLink,
                                          "10.10.4.9", "10.10.4.9")
                                   .request())),
            "segment.taken");
  Follower follower(world.leaf());
  world.executor().advance(std::chrono::seconds(1));
  std::uint32_t left = 0;
  for (const char* pop : {"pop-a", "pop-b"}) {
    left += follower.offer("web", pop).capacity().vcpus_left();
  }
  EXPECT_EQ(left, 8U - 3U);
}

// Shows: R26, R27
TEST(Leaf, ReconcilingRemovesStrangersAndMakesWhatIsMissing) {
  LeafWorld world;
  ASSERT_TRUE(world.hold(web_order(kOne).request()).ok());
  ASSERT_EQ(world.commit(kOne)->state(), v1::Hold::COMMITTED);
  const std::string id = world.driver_id(kOne);
  const auto digest = world.infrastructure().part(id)->digest();
  bool removed = false;
  world.infrastructure().remove(id, [&](Status status) { removed = status.ok(); });
  bool strange = false;
  driver::v1::DesiredPart stranger;
  stranger.set_hold_id("nobody's");
  stranger.add_link()->set_link_id("vl");
  world.infrastructure().apply(stranger, [&](auto applied) { strange = applied.ok(); });
  ASSERT_TRUE(
      world.executor().run_until([&] { return removed && strange; }, std::chrono::seconds(1)));
  world.restart();
  ASSERT_TRUE(world.reconcile().ok());
  EXPECT_EQ(world.infrastructure().part("nobody's"), nullptr);
  ASSERT_NE(world.infrastructure().part(id), nullptr);
  EXPECT_EQ(world.infrastructure().part(id)->digest(), digest) << "the same from the record alone";
}

TEST(Leaf, WhatCouldNotBeReconciledIsToldAndTriedAgain) {
  LeafWorld world;
  bool strange = false;
  driver::v1::DesiredPart stranger;
  stranger.set_hold_id("nobody's");
  stranger.add_link()->set_link_id("vl");
  world.infrastructure().apply(stranger, [&](auto applied) { strange = applied.ok(); });
  ASSERT_TRUE(world.executor().run_until([&] { return strange; }, std::chrono::seconds(1)));
  world.infrastructure().add_fault(
      {EmulatedFault::Kind::kRefuse, EmulatedFault::Operation::kRemove, 1, ""});
  const Status status = world.reconcile();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.problem().type(), "reconcile.incomplete");
  EXPECT_TRUE(world.executor().run_until(
      [&] { return world.infrastructure().part("nobody's") == nullptr; }, std::chrono::minutes(1)));
}

TEST(Leaf, ResourcesCarryTheHoldsOwnId) {
  LeafWorld world;
  ASSERT_TRUE(world.hold(web_order(kOne).request()).ok());
  ASSERT_EQ(world.commit(kOne)->state(), v1::Hold::COMMITTED);
  std::vector<v1::Resource> found;
  world.leaf().resources(kOne, [&](Result<std::vector<v1::Resource>> there) { found = *there; });
  world.executor().run_ready();
  EXPECT_EQ(found.size(), 4U) << "two links, two functions";
  for (const auto& resource : found) EXPECT_EQ(resource.hold_id(), kOne);
}

// Shows: R20
TEST(Leaf, ProbesFromASapOfALiveHold) {
  LeafWorld world;
  const auto held = world.hold(web_order(kOne).request());
  ASSERT_TRUE(held.ok());
  ASSERT_EQ(world.commit(kOne)->state(), v1::Hold::COMMITTED);
  v1::ProbeRequest request;
  request.set_hold_id(kOne);
  request.set_sapd_id("client");
  request.set_path_id("web-path");
  request.set_protocol("tcp");
  request.set_port(80);
  ASSERT_EQ(held->proof().announcement_size(), 1);
  ASSERT_EQ(held->proof().announcement(0).target_size(), 1);
  request.set_destination(held->proof().announcement(0).target(0).address());
  std::optional<Result<v1::ProbeResult>> answer;
  const auto ask = [&] {
    answer.reset();
    world.book().probe({}, request, [&](auto result) { answer.emplace(std::move(result)); });
    world.executor().run_until([&] { return answer.has_value(); }, std::chrono::seconds(10));
  };
  ask();
  ASSERT_TRUE(answer->ok()) << describe(answer->problem());
  EXPECT_EQ((*answer)->verdict(), v1::ProbeResult::ANSWERED) << (*answer)->detail();
  request.set_sapd_id("nowhere");
  ask();
  EXPECT_FALSE(answer->ok());
}

}  // namespace
}  // namespace terrace
