// Children that answer wrongly, late, or not at all, and parents that forget them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenario/trees.h"

namespace terrace {
namespace {

using google::protobuf::Message;
using ::testing::HasSubstr;

// Applies to the holds that a child answers with.
SimChannel::Bend bend_hold(std::function<void(v1::Hold&)> bend) {
  return [bend = std::move(bend)](const std::string& method, const Message&, Message& answer) {
    if (method == "PlaceHold") bend(static_cast<v1::Hold&>(answer));
  };
}

int holds_at(Sandbox& sandbox, const std::string& name, v1::Hold::State state) {
  int count = 0;
  for (const auto* const record : sandbox.stack(name).book().records())
    if (record->hold().state() == state) ++count;
  return count;
}

// Shows: R13, R15
TEST(Children, AnAnswerOutsideItsEnvelopeIsRefusedAndReleased) {
  Sandbox sandbox;
  three_tiers(sandbox);
  sandbox.channel("top", "wholesale").bend(bend_hold([](v1::Hold& hold) {
    hold.mutable_proof()->mutable_vnf(0)->mutable_cp(0)->set_address(0, "10.10.99.7/24");
  }));
  const auto hold = sandbox.hold("top", order_of(sandbox));
  ASSERT_FALSE(hold);
  EXPECT_EQ(hold.problem().type(), "proof.outside-envelope") << describe(hold.problem());
  EXPECT_TRUE(sandbox.clean()) << ::testing::PrintToString(sandbox.leftovers());
  EXPECT_EQ(holds_at(sandbox, "wholesale", v1::Hold::RELEASED), 1);
}

// Shows: R15
TEST(Children, AnotherOrdersFunctionsInTheAnswerAreRefused) {
  Sandbox sandbox;
  three_tiers(sandbox);
  sandbox.channel("top", "wholesale").bend(bend_hold([](v1::Hold& hold) {
    hold.mutable_proof()->mutable_vnf(0)->set_vnf_profile_id("somebody-elses");
  }));
  const auto hold = sandbox.hold("top", order_of(sandbox));
  ASSERT_FALSE(hold);
  EXPECT_EQ(hold.problem().type(), "proof.outside-envelope") << describe(hold.problem());
  EXPECT_TRUE(sandbox.clean()) << ::testing::PrintToString(sandbox.leftovers());
}

// Shows: R7, R11
TEST(Children, OneThatNeverAnswersIsGivenUpAndReleasedWhenItIsBack) {
  Sandbox sandbox;
  three_tiers(sandbox);
  sandbox.channel("top", "wholesale").decide([](const std::string& method, const Message&) {
    return method == "PlaceHold" ? Fate::kLoseReply : Fate::kDeliver;
  });
  const auto hold = sandbox.hold("top", order_of(sandbox));
  ASSERT_FALSE(hold);
  EXPECT_EQ(hold.problem().type(), "placement.unreachable") << describe(hold.problem());
  EXPECT_TRUE(sandbox.clean()) << ::testing::PrintToString(sandbox.leftovers());
  EXPECT_EQ(holds_at(sandbox, "wholesale", v1::Hold::RELEASED), 1);
}

// Shows: R9
TEST(Children, OnlyTheLastOfThreeTriesIsHeardAndItIsTheSameHold) {
  Sandbox sandbox;
  three_tiers(sandbox);
  auto tries = std::make_shared<int>(0);
  sandbox.channel("top", "wholesale").decide([tries](const std::string& method, const Message&) {
    return method == "PlaceHold" && ++*tries < 3 ? Fate::kLoseReply : Fate::kDeliver;
  });
  const auto hold = sandbox.instantiate("top", sandbox.web_shop());
  ASSERT_TRUE(hold && hold->state() == v1::Hold::COMMITTED) << error_of(hold);
  EXPECT_EQ(*tries, 3);
  EXPECT_EQ(sandbox.stack("wholesale").book().records().size(), 1u);
}

// Shows: R21
TEST(Children, StaleTermsBetweenPlanAndOrderAreRefused) {
  Sandbox sandbox;
  three_tiers(sandbox);
  const auto planned = sandbox.plan("top", sandbox.web_shop());
  ASSERT_TRUE(planned) << error_of(planned);
  auto request = order_of(sandbox);
  *request.mutable_terms() = planned->proof().terms();
  ASSERT_GT(request.terms_size(), 0);
  request.mutable_terms(0)->set_terms_version("last month's");
  const auto hold = sandbox.hold("top", request);
  ASSERT_FALSE(hold);
  EXPECT_EQ(hold.problem().type(), "terms.stale");
  EXPECT_TRUE(sandbox.leftovers().empty());
}

// Shows: R21
TEST(Children, TheLastCapacityIsSoldOnceAlongTwoParents) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Sandbox sandbox(seed);
    sandbox.leaf("shared", {"firewall", "nat", "loadbalancer", "web"}, {"ap-1", "ap-2"});
    sandbox.infrastructure("shared").inventory.mutable_node(0)->set_instances(5);
    sandbox.platform("left", {"shared"});
    sandbox.platform("right", {"shared"});
    sandbox.up();
    std::vector<Result<v1::Hold>> answers;
    for (const std::string name : {"left", "right"})
      sandbox.stack(name).platform().hold({}, order_of(sandbox), [&](Result<v1::Hold> answer) {
        answers.push_back(std::move(answer));
      });
    ASSERT_TRUE(sandbox.run_until([&] { return answers.size() == 2; }));
    EXPECT_NE(answers[0].ok(), answers[1].ok()) << seed;
    const auto& loser = answers[0].ok() ? answers[1] : answers[0];
    ASSERT_FALSE(loser.ok());
    EXPECT_FALSE(outcome_unknown(loser.problem())) << describe(loser.problem());
  }
}

// Shows: R16
TEST(Children, ASegmentIdThatIsTakenMakesANewAttemptWithAnother) {
  Sandbox sandbox;
  sandbox.leaf("edge", {"firewall"}, {"ap-1", "ap-2"});
  sandbox.leaf("core", {"nat", "loadbalancer", "web"});
  // Two ids for two orders of two parents who know nothing of each other.
  for (const std::string name : {"edge", "core"})
    sandbox.infrastructure(name)
        .inventory.mutable_wan_port(0)
        ->mutable_segment_ids(0)
        ->set_wan_segment_id_upper_range(7001);
  sandbox.platform("left", {"edge", "core"});
  sandbox.platform("right", {"edge", "core"});
  sandbox.up();
  std::set<std::uint32_t> ids;
  for (const std::string name : {"left", "right"}) {
    const auto hold = sandbox.instantiate(name, sandbox.web_shop());
    ASSERT_TRUE(hold && hold->state() == v1::Hold::COMMITTED) << name << " " << error_of(hold);
  }
  for (const auto* const record : sandbox.stack("edge").book().records())
    if (record->hold().state() == v1::Hold::COMMITTED)
      for (const auto& link : record->hold().envelope().link())
        if (link.has_stitching())
          ids.insert(link.stitching().wan_segment_ids().wan_segment_id_value());
  EXPECT_EQ(ids.size(), 2u);
}

// Shows: R8
TEST(Children, ASiblingThatExpiredBeforeItsCommitIsHeldAgainExactly) {
  Sandbox sandbox;
  three_tiers(sandbox);
  const auto request = order_of(sandbox);
  const auto held = sandbox.hold("top", request);
  ASSERT_TRUE(held) << error_of(held);
  // Its own customer lets the wholesale part go, as if its life had been shorter.
  const auto* const below = sandbox.stack("wholesale").book().records().front();
  const std::string part = below->hold().id();
  Call call;
  call.context.set_tenant("top");
  call.context.set_epoch(below->epoch());
  v1::ReleaseHoldRequest release;
  release.set_hold_id(part);
  release.set_mode(v1::ReleaseHoldRequest::UNDO);
  bool released = false;
  sandbox.stack("wholesale").platform().release(call, release, [&](Result<v1::Hold>) {
    released = true;
  });
  ASSERT_TRUE(sandbox.run_until([&] { return released; }));
  const auto hold = sandbox.commit("top", request.hold_id());
  ASSERT_TRUE(hold && hold->state() == v1::Hold::COMMITTED) << error_of(hold);
  EXPECT_EQ(hold->proof().vnf(0).cp(0).address(0), held->proof().vnf(0).cp(0).address(0));
  EXPECT_EQ(holds_at(sandbox, "wholesale", v1::Hold::COMMITTED), 1);
  EXPECT_EQ(holds_at(sandbox, "wholesale", v1::Hold::RELEASED), 1);
  ASSERT_TRUE(sandbox.release("top", request.hold_id()));
  EXPECT_TRUE(sandbox.clean()) << ::testing::PrintToString(sandbox.leftovers());
}

// Shows: R9, R26
TEST(Children, AParentThatLostItsStoreOutranksItselfAndReleasesItsStrays) {
  Sandbox sandbox;
  three_tiers(sandbox);
  // Started more often than the one that will have forgotten it.
  for (int times = 0; times < 3; ++times) {
    sandbox.kill("top");
    sandbox.restart("top");
    ASSERT_TRUE(sandbox.run_until([&] { return sandbox.is_up("top"); }));
  }
  sandbox.sim().advance(std::chrono::seconds(10));
  const auto hold = sandbox.instantiate("top", sandbox.web_shop());
  ASSERT_TRUE(hold && hold->state() == v1::Hold::COMMITTED) << error_of(hold);
  sandbox.kill("top");
  sandbox.lose_store("top");
  sandbox.restart("top");
  ASSERT_TRUE(sandbox.run_until([&] { return sandbox.is_up("top"); }));
  EXPECT_TRUE(sandbox.clean()) << ::testing::PrintToString(sandbox.leftovers());
  const auto again = sandbox.instantiate("top", sandbox.web_shop());
  EXPECT_TRUE(again && again->state() == v1::Hold::COMMITTED) << error_of(again);
}

// Shows: R7
TEST(Children, AReleaseWhileItIsPlacedIsAnsweredAndLeavesNothing) {
  for (int microseconds = 0; microseconds < 500; microseconds += 50) {
    Sandbox sandbox;
    three_tiers(sandbox);
    const auto request = order_of(sandbox);
    std::optional<Result<v1::Hold>> held;
    sandbox.stack("top").platform().hold(
        {}, request, [&](Result<v1::Hold> answer) { held = std::move(answer); });
    sandbox.sim().advance(std::chrono::microseconds(microseconds));
    const auto released = sandbox.release("top", request.hold_id());
    ASSERT_TRUE(released) << microseconds << " " << error_of(released);
    EXPECT_EQ(released->state(), v1::Hold::RELEASED) << microseconds;
    EXPECT_TRUE(held.has_value()) << microseconds;
    EXPECT_TRUE(sandbox.clean()) << ::testing::PrintToString(sandbox.leftovers());
  }
}

}  // namespace
}  // namespace terrace
