#include "southbound/emulated/emulated_infrastructure.h"

#include <memory>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/support/infrastructure_parts.h"
#include "tests/support/leaf_world.h"
#include "tests/support/sim_executor.h"

namespace terrace {
namespace {

using ::testing::HasSubstr;

constexpr char kHold[] = "6a1f6c0e-0000-4000-8000-000000000001";
constexpr char kRootLink[] = "22222222-0000-4000-8000-000000000001";

// Two drivers on one underlay: a firewall here, a web server there, a VXLAN segment between them.
class TwoSites : public ::testing::Test {
 protected:
  EmulatedInfrastructure& here() {
    if (!here_) here_.emplace(config("192.0.2.1"), underlay_, executor_, random_);
    return *here_;
  }
  EmulatedInfrastructure& there() {
    if (!there_) there_.emplace(config("192.0.2.2"), underlay_, executor_, random_);
    return *there_;
  }

  EmulatedConfig config(const std::string& vtep) const {
    EmulatedConfig config;
    config.inventory = leaf_inventory(vtep);
    config.assume_far_ends = assume_far_ends_;
    return config;
  }

  struct Shape {
    std::uint32_t segment_id = 7001;
    std::uint32_t mtu = 1400;
    bool lists_peer = true;
  };

  static driver::v1::DesiredPart near_part() {
    PartBuilder builder(kHold, "node-pop-a");
    builder.link("client", "10.10.1.0/24", "10.10.1.250/24");
    auto& cut = builder.link("cut", "10.10.4.0/24", "10.10.4.250/24");
    builder.stitch(cut, "wan-192.0.2.1", "backbone", 7001, {{"192.0.2.2", 4789}});
    cut.set_root_link_id(kRootLink);
    auto& firewall = builder.vnf("fw", "firewall");
    builder.cp(firewall, "in", "client", "10.10.1.10/24");
    builder.cp(firewall, "out", "cut", "10.10.4.10/24");
    return builder.build();
  }
  static driver::v1::DesiredPart far_part(Shape shape) {
    PartBuilder builder(kHold, "node-pop-a");
    auto& cut = builder.link("cut", "10.10.4.0/24", "10.10.4.251/24", shape.mtu);
    cut.set_root_link_id(kRootLink);
    std::vector<std::pair<std::string, std::uint32_t>> peers;
    if (shape.lists_peer) peers.emplace_back("192.0.2.1", 4789);
    builder.stitch(cut, "wan-192.0.2.2", "backbone", shape.segment_id, peers);
    auto& web = builder.vnf("web", "web");
    builder.cp(web, "in", "cut", "10.10.4.30/24");
    builder.route(web, "10.10.1.0/24", "10.10.4.10");
    return builder.build();
  }

  Result<driver::v1::AppliedPart> apply(EmulatedInfrastructure& driver,
                                        const driver::v1::DesiredPart& part) {
    std::optional<Result<driver::v1::AppliedPart>> answer;
    driver.apply(part, [&](auto result) { answer.emplace(std::move(result)); });
    executor_.run_until([&] { return answer.has_value(); }, std::chrono::minutes(1));
    if (!answer) return problem(Problem::DEADLINE_EXCEEDED, "test.no-reply", "no reply");
    return *answer;
  }
  v1::ProbeResult probe(const driver::v1::ProbeOrder& order) {
    std::optional<Result<v1::ProbeResult>> answer;
    here().probe(order, [&](auto result) { answer.emplace(std::move(result)); });
    executor_.run_until([&] { return answer.has_value(); }, std::chrono::minutes(1));
    EXPECT_TRUE(answer.has_value() && answer->ok());
    return answer && answer->ok() ? **answer : v1::ProbeResult{};
  }
  v1::ProbeResult probe_web(std::uint32_t size = 0) {
    auto order = chain_probe(kHold, "10.10.4.30", size == 0 ? "tcp" : "icmp", 80);
    order.set_packet_size(size);
    return probe(order);
  }

  bool assume_far_ends_ = false;
  SimExecutor executor_;
  SeededRandom random_{3};
  EmulatedUnderlay underlay_;
  std::optional<EmulatedInfrastructure> here_;
  std::optional<EmulatedInfrastructure> there_;
};

// Shows: R16
TEST_F(TwoSites, SegmentsOfOneIdAndMutualPeersConnect) {
  ASSERT_TRUE(apply(here(), near_part()).ok());
  ASSERT_TRUE(apply(there(), far_part({})).ok());
  const auto result = probe_web();
  EXPECT_EQ(result.verdict(), v1::ProbeResult::ANSWERED) << result.detail();
  EXPECT_EQ(result.source(), "10.10.1.250");
  EXPECT_EQ(here().counters(kHold, "fw", 1)->forwarded, 2U) << "there and back";
  EXPECT_EQ(there().counters(kHold, "web", 1)->delivered, 1U);
}

// Shows: R20
TEST_F(TwoSites, TheFarSapAnswersForAProbe) {
  ASSERT_TRUE(apply(here(), near_part()).ok());
  ASSERT_TRUE(apply(there(), far_part({})).ok());
  driver::v1::ProbeOrder order;
  order.set_hold_id(kHold);
  order.set_link_id("cut");
  order.set_destination("10.10.4.251");
  order.set_protocol("icmp");
  const auto result = probe(order);
  EXPECT_EQ(result.verdict(), v1::ProbeResult::ANSWERED) << result.detail();
}

// Shows: R16
TEST_F(TwoSites, AnotherSegmentIdDoesNotConnect) {
  ASSERT_TRUE(apply(here(), near_part()).ok());
  ASSERT_TRUE(apply(there(), far_part({.segment_id = 7002})).ok());
  EXPECT_EQ(probe_web().verdict(), v1::ProbeResult::SILENT);
}

// Shows: R16
TEST_F(TwoSites, AnEndThatDoesNotListUsDoesNotConnect) {
  ASSERT_TRUE(apply(here(), near_part()).ok());
  ASSERT_TRUE(apply(there(), far_part({.lists_peer = false})).ok());
  const auto result = probe_web();
  EXPECT_EQ(result.verdict(), v1::ProbeResult::SILENT);
  EXPECT_THAT(result.detail(), HasSubstr("192.0.2.2"));
}

TEST_F(TwoSites, ASmallerMtuAtTheFarEndLosesFullSizePackets) {
  ASSERT_TRUE(apply(here(), near_part()).ok());
  ASSERT_TRUE(apply(there(), far_part({.mtu = 1300})).ok());
  EXPECT_EQ(probe_web(1300).verdict(), v1::ProbeResult::ANSWERED);
  EXPECT_EQ(probe_web(1400).verdict(), v1::ProbeResult::SILENT);
  EXPECT_EQ(probe_web(1401).verdict(), v1::ProbeResult::REFUSED);
}

TEST_F(TwoSites, ACutPortIsSilentUntilItIsMended) {
  ASSERT_TRUE(apply(here(), near_part()).ok());
  ASSERT_TRUE(apply(there(), far_part({})).ok());
  there().cut_wan_port("wan-192.0.2.2", true);
  EXPECT_EQ(probe_web().verdict(), v1::ProbeResult::SILENT);
  there().cut_wan_port("wan-192.0.2.2", false);
  EXPECT_EQ(probe_web().verdict(), v1::ProbeResult::ANSWERED);
}

TEST_F(TwoSites, AnEndOutsideTheModelIsSilentUnlessAssumed) {
  ASSERT_TRUE(apply(here(), near_part()).ok());
  const auto result = probe_web();
  EXPECT_EQ(result.verdict(), v1::ProbeResult::SILENT);
  EXPECT_THAT(result.detail(), HasSubstr("not in this model"));
}

TEST_F(TwoSites, AnAssumedEndAnswersAndSaysSo) {
  assume_far_ends_ = true;
  ASSERT_TRUE(apply(here(), near_part()).ok());
  const auto result = probe_web();
  EXPECT_EQ(result.verdict(), v1::ProbeResult::ANSWERED);
  EXPECT_THAT(result.detail(), HasSubstr("assumed"));
  // Only what is beyond the model: inside it nothing is assumed.
  EXPECT_EQ(probe(chain_probe(kHold, "10.10.1.99")).verdict(), v1::ProbeResult::SILENT);
  // And not an end that is there but has not got the segment.
  ASSERT_TRUE(apply(there(), far_part({.segment_id = 7002})).ok());
  EXPECT_EQ(probe_web().verdict(), v1::ProbeResult::SILENT);
}

// Shows: R10
TEST_F(TwoSites, OneLinkInTwoPartsOfASiteIsJoinedThere) {
  constexpr char kOther[] = "6a1f6c0e-0000-4000-8000-000000000002";
  ASSERT_TRUE(apply(here(), near_part()).ok());
  PartBuilder builder(kOther, "node-pop-a");
  auto& cut = builder.link("cut", "10.10.4.0/24", "10.10.4.252/24");
  cut.set_root_link_id(kRootLink);
  builder.stitch(cut, "wan-192.0.2.1", "backbone", 7001, {});
  auto& web = builder.vnf("web", "web");
  builder.cp(web, "in", "cut", "10.10.4.30/24");
  builder.route(web, "10.10.1.0/24", "10.10.4.10");
  ASSERT_TRUE(apply(here(), builder.build()).ok());
  EXPECT_EQ(probe_web().verdict(), v1::ProbeResult::ANSWERED);
}

TEST_F(TwoSites, ASegmentIdThatAnotherLinkHasIsRefused) {
  ASSERT_TRUE(apply(here(), near_part()).ok());
  auto other = near_part();
  other.set_hold_id("6a1f6c0e-0000-4000-8000-000000000002");
  for (auto& link : *other.mutable_link()) link.set_root_link_id("");
  const auto refused = apply(here(), other);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().type(), "segment.taken");
}

TEST_F(TwoSites, TheNthCallFailsAndLeavesItHalfMade) {
  here().add_fault({EmulatedFault::Kind::kRefuse, EmulatedFault::Operation::kApply, 2, ""});
  ASSERT_TRUE(apply(here(), near_part()).ok());
  auto other = chain_part("6a1f6c0e-0000-4000-8000-000000000002", "node-pop-a");
  EXPECT_FALSE(apply(here(), other).ok());
  ASSERT_NE(here().part(other.hold_id()), nullptr);
  EXPECT_EQ(here().part(other.hold_id())->vnf_size(), 0);
  EXPECT_TRUE(apply(here(), other).ok()) << "applying over the half-made one makes it whole";
  EXPECT_EQ(here().part(other.hold_id())->vnf_size(), 3);
}

TEST_F(TwoSites, WhatNeverAnswersHasNoEffect) {
  here().add_fault({EmulatedFault::Kind::kNeverAnswer, EmulatedFault::Operation::kApply, 1, ""});
  const auto answer = apply(here(), near_part());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.problem().type(), "test.no-reply");
  EXPECT_EQ(here().part(kHold), nullptr);
}

// Shows: R19
TEST_F(TwoSites, ALoadBalancerTakesItsBackendsInTurn) {
  PartBuilder builder(kHold, "node-pop-a");
  builder.link("client", "10.10.1.0/24", "10.10.1.250/24");
  builder.link("servers", "10.10.4.0/24");
  auto& balancer = builder.vnf("lb", "loadbalancer");
  builder.cp(balancer, "in", "client", "10.10.1.20/24");
  builder.cp(balancer, "out", "servers", "10.10.4.20/24");
  for (const std::uint32_t index : {1U, 2U}) {
    const std::string address = "10.10.4.3" + std::to_string(index);
    balancer.add_backend(address);
    builder.cp(builder.vnf("web", "web", index), "in", "servers", address + "/24");
  }
  ASSERT_TRUE(apply(here(), builder.build()).ok());
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(probe(chain_probe(kHold, "10.10.1.20", "tcp", 80)).verdict(),
              v1::ProbeResult::ANSWERED);
  }
  EXPECT_EQ(here().counters(kHold, "web", 1)->delivered, 2U);
  EXPECT_EQ(here().counters(kHold, "web", 2)->delivered, 2U);
}

TEST(EmulatedDelays, AreTheSameUnderTheSameSeed) {
  const auto run = [](std::uint64_t seed) {
    SimExecutor executor;
    SeededRandom random(seed);
    EmulatedUnderlay underlay;
    EmulatedConfig config;
    config.inventory = leaf_inventory();
    config.apply_delay = {std::chrono::milliseconds(10), std::chrono::milliseconds(500)};
    EmulatedInfrastructure driver(config, underlay, executor, random);
    bool applied = false;
    driver.apply(chain_part(kHold, "node-pop-a"), [&](auto result) { applied = result.ok(); });
    EXPECT_TRUE(executor.run_until([&] { return applied; }, std::chrono::seconds(1)));
    return executor.now() - SimExecutor::kStart;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
  EXPECT_GE(run(1), std::chrono::milliseconds(10));
}

}  // namespace
}  // namespace terrace
