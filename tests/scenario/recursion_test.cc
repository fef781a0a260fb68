// Trees of platforms in one process, and what can go wrong in them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/money.h"
#include "tests/support/sandbox.h"

namespace terrace {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The tree of PROTOCOL.md's walked order.
void three_tiers(Sandbox& sandbox) {
  sandbox.leaf("edge", {"firewall"}, {"ap-client"});
  sandbox.platform("regional", {"edge"}, {"nat", "loadbalancer"});
  sandbox.leaf("wholesale", {"web"});
  sandbox.platform("top", {"regional", "wholesale"});
  sandbox.up();
}

std::string error_of(const Result<v1::Hold>& hold) {
  if (!hold) return describe(hold.problem());
  return v1::Hold::State_Name(hold->state()) + " " +
         (hold->has_error() ? describe(hold->error()) : "");
}

TEST(Recursion, OneLeafDeliversAService) {
  Sandbox sandbox;
  sandbox.leaf("all", {"firewall", "nat", "loadbalancer", "web"}, {"ap-client"});
  sandbox.up();
  const auto hold = sandbox.instantiate("all", sandbox.web_shop());
  ASSERT_TRUE(hold && hold->state() == v1::Hold::COMMITTED) << error_of(hold);
  EXPECT_EQ(hold->proof().vnf_size(), 5);
  ASSERT_TRUE(sandbox.release("all", hold->id()));
  EXPECT_TRUE(sandbox.clean()) << ::testing::PrintToString(sandbox.leftovers());
}

// Shows: R1, R3, R15, R16, R17, R19, R20
TEST(Recursion, ThreeTiersDeliverAService) {
  Sandbox sandbox;
  three_tiers(sandbox);
  const auto hold = sandbox.instantiate("top", sandbox.web_shop());
  ASSERT_TRUE(hold && hold->state() == v1::Hold::COMMITTED) << error_of(hold);
  EXPECT_EQ(hold->proof().vnf_size(), 5);
  // Everything costs 10 and bears 10 percent a tier: three functions over two, two web servers over
  // one.
  EXPECT_EQ(hold->proof().price().monthly().amount(), "58.30");
  ASSERT_TRUE(sandbox.release("top", hold->id()));
  EXPECT_TRUE(sandbox.clean()) << ::testing::PrintToString(sandbox.leftovers());
}

class ChainOf : public ::testing::TestWithParam<int> {};

TEST_P(ChainOf, TiersDeliversAndUndoes) {
  Sandbox sandbox;
  sandbox.leaf("tier-1", {"firewall", "nat", "loadbalancer", "web"}, {"ap-client"});
  for (int tier = 2; tier <= GetParam(); ++tier)
    sandbox.platform("tier-" + std::to_string(tier), {"tier-" + std::to_string(tier - 1)});
  sandbox.up();
  const std::string top = "tier-" + std::to_string(GetParam());
  const auto hold = sandbox.instantiate(top, sandbox.web_shop());
  ASSERT_TRUE(hold && hold->state() == v1::Hold::COMMITTED) << error_of(hold);
  ASSERT_TRUE(sandbox.release(top, hold->id()));
  EXPECT_TRUE(sandbox.clean()) << ::testing::PrintToString(sandbox.leftovers());
}

INSTANTIATE_TEST_SUITE_P(Depth, ChainOf, ::testing::Range(1, 9));

// Shows: R24
TEST(Recursion, AChildRefusesAfterThePlanAndTheNextBestIsTried) {
  Sandbox sandbox;
  sandbox.leaf("cheap", {"web"}, {}, "1");
  sandbox.leaf("dear", {"web"}, {}, "20");
  sandbox.leaf("rest", {"firewall", "nat", "loadbalancer"}, {"ap-client"});
  sandbox.platform("top", {"cheap", "dear", "rest"});
  sandbox.up();
  const auto planned = sandbox.plan("top", sandbox.web_shop());
  ASSERT_TRUE(planned) << error_of(planned);
  // Between the plan and the order the cheap one becomes useless, and no catalogue says so.
  const auto taken = sandbox.hold("cheap", sandbox.take_all("web"));
  ASSERT_TRUE(taken) << error_of(taken);
  const auto hold = sandbox.instantiate("top", sandbox.web_shop());
  ASSERT_TRUE(hold && hold->state() == v1::Hold::COMMITTED) << error_of(hold);
  // One of ten is left at the cheap one: it takes both servers or none.
  EXPECT_GT(total(hold->proof().price(), 1)->amount(),
            total(planned->proof().price(), 1)->amount());
  ASSERT_TRUE(sandbox.release("top", hold->id()));
  EXPECT_TRUE(sandbox.clean(false)) << ::testing::PrintToString(sandbox.leftovers(false));
}

// Shows: R10
TEST(Recursion, ALoopIsRefusedBeforeAnyWork) {
  Sandbox sandbox;
  three_tiers(sandbox);
  v1::PlaceHoldRequest request;
  request.set_hold_id(sandbox.new_id());
  *request.mutable_fragment() = sandbox.web_shop();
  Call call;
  call.context.add_platform_path("top");
  call.context.add_platform_path("regional");
  std::optional<Result<v1::Hold>> answer;
  sandbox.stack("top").platform().hold(call, request,
                                       [&](Result<v1::Hold> hold) { answer = std::move(hold); });
  ASSERT_TRUE(sandbox.run_until([&] { return answer.has_value(); }));
  ASSERT_FALSE(answer->ok());
  EXPECT_EQ(answer->problem().type(), "path.loop");
  EXPECT_THAT(sandbox.leftovers(), IsEmpty());
}

// Loses the nth reply, or the nth call, of a method between two platforms.
SimChannel::Decide lose(Fate fate, std::string method, int nth) {
  auto seen = std::make_shared<int>(0);
  return [=](const std::string& called, const google::protobuf::Message&) {
    return called == method && ++*seen == nth ? fate : Fate::kDeliver;
  };
}

struct Loss {
  const char* method;
  Fate fate;
};

class Lost : public ::testing::TestWithParam<Loss> {};

// Shows: R6, R9
TEST_P(Lost, IsAskedAgain) {
  Sandbox sandbox;
  three_tiers(sandbox);
  sandbox.channel("top", "regional").decide(lose(GetParam().fate, GetParam().method, 1));
  sandbox.channel("regional", "edge").decide(lose(GetParam().fate, GetParam().method, 1));
  const auto hold = sandbox.instantiate("top", sandbox.web_shop());
  ASSERT_TRUE(hold && hold->state() == v1::Hold::COMMITTED) << error_of(hold);
  ASSERT_TRUE(sandbox.release("top", hold->id()));
  EXPECT_TRUE(sandbox.clean()) << ::testing::PrintToString(sandbox.leftovers());
}

INSTANTIATE_TEST_SUITE_P(Messages, Lost,
                         ::testing::Values(Loss{"PlaceHold", Fate::kLoseReply},
                                           Loss{"PlaceHold", Fate::kLoseCall},
                                           Loss{"InstantiateNs", Fate::kLoseReply},
                                           Loss{"InstantiateNs", Fate::kLoseCall},
                                           Loss{"ReleaseHold", Fate::kLoseReply},
                                           Loss{"ReleaseHold", Fate::kLoseCall}),
                         [](const auto& loss) {
                           return std::string(loss.param.method) +
                                  (loss.param.fate == Fate::kLoseReply ? "Reply" : "Call");
                         });

// Shows: R11, R12
TEST(Recursion, AChildThatDiesBetweenHoldAndCommitUndoesEverything) {
  SandboxOptions options;
  options.commit_deadline = std::chrono::seconds(20);
  Sandbox sandbox(1, options);
  three_tiers(sandbox);
  v1::PlaceHoldRequest request;
  request.set_hold_id(sandbox.new_id());
  *request.mutable_fragment() = sandbox.web_shop();
  const auto held = sandbox.hold("top", request);
  ASSERT_TRUE(held) << error_of(held);
  sandbox.kill("wholesale");
  std::optional<Result<v1::Hold>> answer;
  v1::CommitHoldRequest commit;
  commit.set_hold_id(request.hold_id());
  sandbox.stack("top").platform().commit({}, commit,
                                         [&](Result<v1::Hold> hold) { answer = std::move(hold); });
  sandbox.sim().advance(std::chrono::seconds(60));
  // R11: not before every release is confirmed, and the dead cannot confirm.
  EXPECT_FALSE(answer.has_value());
  sandbox.restart("wholesale");
  ASSERT_TRUE(sandbox.run_until([&] { return answer.has_value(); }));
  ASSERT_TRUE(answer->ok());
  EXPECT_EQ((*answer)->state(), v1::Hold::ROLLED_BACK);
  EXPECT_TRUE(sandbox.clean()) << ::testing::PrintToString(sandbox.leftovers());
}

// Shows: R8
TEST(Recursion, HoldsExpireByThemselvesOnEveryTier) {
  Sandbox sandbox;
  three_tiers(sandbox);
  v1::PlaceHoldRequest request;
  request.set_hold_id(sandbox.new_id());
  *request.mutable_fragment() = sandbox.web_shop();
  ASSERT_TRUE(sandbox.hold("top", request));
  EXPECT_FALSE(sandbox.leftovers().empty());
  sandbox.sim().advance(std::chrono::minutes(2));
  EXPECT_TRUE(sandbox.clean()) << ::testing::PrintToString(sandbox.leftovers());
  const auto late = sandbox.commit("top", request.hold_id());
  ASSERT_FALSE(late);
  EXPECT_EQ(late.problem().type(), "hold.not-held");
}

// Shows: R7
TEST(Recursion, AReleaseThatOvertakesItsHoldLeavesATombstone) {
  Sandbox sandbox;
  three_tiers(sandbox);
  v1::PlaceHoldRequest request;
  request.set_hold_id(sandbox.new_id());
  *request.mutable_fragment() = sandbox.web_shop();
  ASSERT_TRUE(sandbox.release("top", request.hold_id()));
  const auto late = sandbox.hold("top", request);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->state(), v1::Hold::RELEASED);
  EXPECT_TRUE(late->tombstone());
  EXPECT_THAT(sandbox.leftovers(), IsEmpty());
}

TEST(Recursion, ACableCutAfterCommitFailsTheProbeAndUndoesEverything) {
  Sandbox sandbox;
  three_tiers(sandbox);
  const auto port = sandbox.infrastructure("wholesale").inventory.wan_port(0).id();
  sandbox.driver("wholesale").cut_wan_port(port, true);
  const auto hold = sandbox.instantiate("top", sandbox.web_shop());
  ASSERT_TRUE(hold) << error_of(hold);
  EXPECT_EQ(hold->state(), v1::Hold::ROLLED_BACK);
  EXPECT_EQ(hold->error().type(), "probe.silent");
  EXPECT_TRUE(sandbox.clean()) << ::testing::PrintToString(sandbox.leftovers());
}

// Shows: R14
TEST(Recursion, TwoCustomersMayUseTheSamePrefixes) {
  Sandbox sandbox;
  sandbox.leaf("edge", {"firewall"}, {"ap-1", "ap-2"});
  sandbox.leaf("core", {"nat", "loadbalancer", "web"});
  sandbox.platform("top", {"edge", "core"});
  sandbox.up();
  const auto one = sandbox.instantiate("top", sandbox.web_shop());
  const auto two = sandbox.instantiate("top", sandbox.web_shop());
  ASSERT_TRUE(one && one->state() == v1::Hold::COMMITTED) << error_of(one);
  ASSERT_TRUE(two && two->state() == v1::Hold::COMMITTED) << error_of(two);
  EXPECT_NE(one->proof().realm(), two->proof().realm());
  EXPECT_EQ(one->proof().vnf(0).cp(0).address(0), two->proof().vnf(0).cp(0).address(0));
}

TEST(Recursion, NoOfferThatFitsIsARefusalThatSaysWhat) {
  Sandbox sandbox;
  sandbox.leaf("edge", {"firewall", "nat"}, {"ap-client"});
  sandbox.platform("top", {"edge"});
  sandbox.up();
  const auto hold = sandbox.instantiate("top", sandbox.web_shop());
  ASSERT_FALSE(hold);
  EXPECT_EQ(hold.problem().type(), "placement.no-offer");
  EXPECT_THAT(describe(hold.problem()), HasSubstr("loadbalancer"));
  EXPECT_THAT(sandbox.leftovers(), IsEmpty());
}

// Shows: R26
TEST(Recursion, ARestartedPlatformGoesOnWithWhatWasOpen) {
  for (const std::string victim : {"top", "regional", "wholesale", "edge"}) {
    Sandbox sandbox;
    three_tiers(sandbox);
    const auto hold = sandbox.instantiate("top", sandbox.web_shop());
    ASSERT_TRUE(hold && hold->state() == v1::Hold::COMMITTED) << victim << error_of(hold);
    sandbox.kill(victim);
    sandbox.sim().advance(std::chrono::seconds(3));
    sandbox.restart(victim);
    ASSERT_TRUE(sandbox.run_until([&] { return sandbox.is_up(victim); }));
    sandbox.sim().advance(std::chrono::seconds(30));
    EXPECT_FALSE(sandbox.leftovers().empty()) << victim;
    ASSERT_TRUE(sandbox.release("top", hold->id())) << victim;
    EXPECT_TRUE(sandbox.clean()) << victim << ::testing::PrintToString(sandbox.leftovers());
  }
}

// Shows: R21, R23
TEST(Recursion, AnExpiredCatalogueIsNotUsed) {
  Sandbox sandbox;
  three_tiers(sandbox);
  sandbox.kill("wholesale");
  sandbox.sim().advance(std::chrono::minutes(30));
  const auto hold = sandbox.instantiate("top", sandbox.web_shop());
  ASSERT_FALSE(hold);
  EXPECT_EQ(hold.problem().type(), "placement.no-offer");
  EXPECT_THAT(describe(hold.problem()), HasSubstr("web"));
}

}  // namespace
}  // namespace terrace
