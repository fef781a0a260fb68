// What every driver promises (southbound/leaf/infrastructure.h), as tests. A driver's own test
// gives a factory and instantiates the suite:
//
//   INSTANTIATE_TEST_SUITE_P(Netns, InfrastructureContract, ::testing::Values(...));
//
// The inventory under test has at least one node with room for ten functions, and the functions
// router, firewall, nat, web (answers on TCP 80) and loadbalancer.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "southbound/leaf/infrastructure.h"
#include "tests/support/infrastructure_parts.h"

namespace terrace {

class InfrastructureUnderTest {
 public:
  virtual ~InfrastructureUnderTest() = default;
  virtual Infrastructure& infrastructure() = 0;
  // Runs `work` on the driver's strand, and returns once it has run.
  virtual void on_strand(std::function<void()> work) = 0;
  // Lets the strand run until the predicate holds, which is called on the strand; false when it
  // did not in good time.
  virtual bool run_until(std::function<bool()> predicate) = 0;
};

struct InfrastructureFactory {
  std::string name;
  std::function<std::unique_ptr<InfrastructureUnderTest>()> make;
};

inline void PrintTo(const InfrastructureFactory& factory, std::ostream* out) {
  *out << factory.name;
}

class InfrastructureContract : public ::testing::TestWithParam<InfrastructureFactory> {
 protected:
  static constexpr char kFirst[] = "6a1f6c0e-0000-4000-8000-000000000001";
  static constexpr char kSecond[] = "6a1f6c0e-0000-4000-8000-000000000002";

  void SetUp() override {
    under_test_ = GetParam().make();
    ASSERT_NE(under_test_, nullptr);
    under_test_->on_strand([this] { inventory_ = driver().inventory(); });
    ASSERT_GT(inventory_.node_size(), 0);
    node_ = inventory_.node(0).id();
  }

  void TearDown() override {
    if (!under_test_) return;
    for (const char* id : {kFirst, kSecond}) EXPECT_TRUE(remove(id).ok());
  }

  Infrastructure& driver() { return under_test_->infrastructure(); }

  // Calls on the strand, and waits for the reply.
  template <class T>
  Result<T> ask(std::function<void(Reply<T>)> call) {
    auto answer = std::make_shared<std::optional<Result<T>>>();
    under_test_->on_strand([&] {
      call([answer](Result<T> result) { answer->emplace(std::move(result)); });
      EXPECT_FALSE(answer->has_value()) << "replied inside the call";
    });
    if (!under_test_->run_until([answer] { return answer->has_value(); })) {
      ADD_FAILURE() << "no reply";
      return problem(Problem::DEADLINE_EXCEEDED, "test.no-reply", "no reply");
    }
    return **answer;
  }

  Result<driver::v1::AppliedPart> apply(const driver::v1::DesiredPart& part) {
    return ask<driver::v1::AppliedPart>(
        [&](auto reply) { driver().apply(part, std::move(reply)); });
  }
  Status remove(const std::string& id) {
    const auto removed = ask<bool>([&](auto reply) {
      driver().remove(id, [reply](Status status) {
        if (status) {
          reply(true);
        } else {
          reply(std::move(status).problem());
        }
      });
    });
    if (!removed) return removed.problem();
    return {};
  }
  std::vector<v1::Resource> inspect(std::optional<std::string> id) {
    auto found = ask<std::vector<v1::Resource>>(
        [&](auto reply) { driver().inspect(id, std::move(reply)); });
    EXPECT_TRUE(found.ok());
    return found ? *found : std::vector<v1::Resource>{};
  }
  // The verdict, once functions had the time to start that `apply` promises they have had.
  v1::ProbeResult::Verdict verdict(const driver::v1::ProbeOrder& order) {
    auto result = ask<v1::ProbeResult>([&](auto reply) { driver().probe(order, reply); });
    if (!result) {
      ADD_FAILURE() << describe(result.problem());
      return v1::ProbeResult::VERDICT_UNSPECIFIED;
    }
    detail_ = result->detail();
    return result->verdict();
  }

  void make(const driver::v1::DesiredPart& part) {
    const auto applied = apply(part);
    ASSERT_TRUE(applied.ok()) << describe(applied.problem());
  }

  std::unique_ptr<InfrastructureUnderTest> under_test_;
  driver::v1::Inventory inventory_;
  std::string node_;
  std::string detail_;
};

inline std::set<std::string> holds_of(const std::vector<v1::Resource>& resources) {
  std::set<std::string> holds;
  for (const auto& resource : resources) holds.insert(resource.hold_id());
  return holds;
}

TEST_P(InfrastructureContract, InventoryNamesFunctionsWithTheirBehaviour) {
  std::map<std::string, driver::v1::Function::Behaviour> behaviour;
  for (const auto& function : inventory_.function()) {
    behaviour[function.name()] = function.behaviour();
    EXPECT_GT(function.image_size(), 0) << function.name();
  }
  EXPECT_EQ(behaviour["router"], driver::v1::Function::TRANSPARENT);
  EXPECT_EQ(behaviour["firewall"], driver::v1::Function::TRANSPARENT);
  EXPECT_EQ(behaviour["nat"], driver::v1::Function::TRANSLATING);
  EXPECT_EQ(behaviour["web"], driver::v1::Function::TERMINATING);
  EXPECT_EQ(behaviour["loadbalancer"], driver::v1::Function::TERMINATING);
}

// Shows: R15
TEST_P(InfrastructureContract, ApplyReportsWhatWasReallyMade) {
  const auto part = chain_part(kFirst, node_);
  const auto applied = apply(part);
  ASSERT_TRUE(applied.ok()) << describe(applied.problem());
  EXPECT_EQ(applied->hold_id(), kFirst);
  EXPECT_EQ(applied->digest(), part.digest());
  std::set<std::string> wanted;
  std::set<std::string> made;
  const auto line = [](const auto& vnf, const auto& cp) {
    return vnf.vnf_profile_id() + "/" + std::to_string(vnf.index()) + "/" + cp.cpd_id() + " " +
           cp.address(0) + " " + cp.mac() + " " + std::to_string(cp.mtu());
  };
  for (const auto& vnf : part.vnf()) {
    for (const auto& cp : vnf.cp()) wanted.insert(line(vnf, cp));
  }
  for (const auto& cp : applied->cp()) {
    ASSERT_EQ(cp.address_size(), 1);
    made.insert(line(cp, cp));
  }
  EXPECT_EQ(made, wanted);
}

// Shows: R27
TEST_P(InfrastructureContract, ApplyingTwiceIsApplyingOnce) {
  const auto part = chain_part(kFirst, node_);
  make(part);
  const auto once = inspect(kFirst).size();
  make(part);
  EXPECT_EQ(inspect(kFirst).size(), once);
  EXPECT_EQ(verdict(chain_probe(kFirst, "10.10.3.30", "tcp", 80)), v1::ProbeResult::ANSWERED)
      << detail_;
}

// Shows: R27
TEST_P(InfrastructureContract, ApplyingAnotherShapeReplacesTheFirst) {
  make(chain_part(kFirst, node_));
  PartBuilder smaller(kFirst, node_);
  smaller.link("client", "10.10.1.0/24", "10.10.1.250/24");
  auto& web = smaller.vnf("web", "web");
  smaller.cp(web, "in", "client", "10.10.1.77/24");
  make(smaller.build());
  EXPECT_EQ(verdict(chain_probe(kFirst, "10.10.1.77", "tcp", 80)), v1::ProbeResult::ANSWERED)
      << detail_;
  EXPECT_EQ(verdict(chain_probe(kFirst, "10.10.1.10")), v1::ProbeResult::SILENT) << detail_;
  for (const auto& resource : inspect(kFirst)) EXPECT_NE(resource.vnf_profile_id(), "fw");
}

// Shows: R27
TEST_P(InfrastructureContract, InspectWithoutIdListsAllThatItOwns) {
  make(chain_part(kFirst, node_));
  make(chain_part(kSecond, node_));
  EXPECT_EQ(holds_of(inspect(kFirst)), std::set<std::string>{kFirst});
  EXPECT_THAT(holds_of(inspect(std::nullopt)), ::testing::IsSupersetOf({kFirst, kSecond}));
  EXPECT_TRUE(inspect("6a1f6c0e-0000-4000-8000-0000000000ff").empty());
}

TEST_P(InfrastructureContract, RemovedIsGoneAndRemovingAgainIsHarmless) {
  make(chain_part(kFirst, node_));
  EXPECT_FALSE(inspect(kFirst).empty());
  ASSERT_TRUE(remove(kFirst).ok());
  EXPECT_TRUE(inspect(kFirst).empty());
  EXPECT_TRUE(remove(kFirst).ok());
  EXPECT_TRUE(remove("6a1f6c0e-0000-4000-8000-0000000000ff").ok());
  // And it can be made again.
  make(chain_part(kFirst, node_));
}

// Shows: R20
TEST_P(InfrastructureContract, ProbeFollowsThePathToItsEndAndBack) {
  make(chain_part(kFirst, node_));
  EXPECT_EQ(verdict(chain_probe(kFirst, "10.10.1.10")), v1::ProbeResult::ANSWERED) << detail_;
  EXPECT_EQ(verdict(chain_probe(kFirst, "10.10.3.30")), v1::ProbeResult::ANSWERED) << detail_;
  EXPECT_EQ(verdict(chain_probe(kFirst, "10.10.3.30", "tcp", 80)), v1::ProbeResult::ANSWERED)
      << detail_;
}

// Shows: R20
TEST_P(InfrastructureContract, NobodyThereIsSilentAndNothingListeningIsRefused) {
  make(chain_part(kFirst, node_));
  EXPECT_EQ(verdict(chain_probe(kFirst, "10.10.1.99")), v1::ProbeResult::SILENT) << detail_;
  EXPECT_EQ(verdict(chain_probe(kFirst, "10.10.3.30", "tcp", 81)), v1::ProbeResult::REFUSED)
      << detail_;
}

// Shows: R20
TEST_P(InfrastructureContract, FullSizePacketsFitAndLargerOnesAreRefused) {
  make(chain_part(kFirst, node_));
  auto order = chain_probe(kFirst, "10.10.3.30");
  order.set_packet_size(1400);
  EXPECT_EQ(verdict(order), v1::ProbeResult::ANSWERED) << detail_;
  order.set_packet_size(1401);
  EXPECT_EQ(verdict(order), v1::ProbeResult::REFUSED) << detail_;
}

// Shows: R17
TEST_P(InfrastructureContract, WithoutAReturnRouteNothingComesBack) {
  auto part = chain_part(kFirst, node_);
  for (auto& vnf : *part.mutable_vnf()) {
    if (vnf.vnf_profile_id() == "nat") vnf.clear_route();
  }
  part.clear_digest();
  part.set_digest(sha256_hex(part.SerializeAsString()));
  make(part);
  EXPECT_NE(verdict(chain_probe(kFirst, "10.10.3.30", "tcp", 80)), v1::ProbeResult::ANSWERED);
}

// Shows: R19
TEST_P(InfrastructureContract, ALoadBalancerAnswersAtItsOwnAddress) {
  PartBuilder builder(kFirst, node_);
  builder.link("client", "10.10.1.0/24", "10.10.1.250/24");
  builder.link("servers", "10.10.4.0/24");
  auto& balancer = builder.vnf("lb", "loadbalancer");
  builder.cp(balancer, "in", "client", "10.10.1.20/24");
  builder.cp(balancer, "out", "servers", "10.10.4.20/24");
  balancer.set_ingress_cpd_id("in");
  balancer.set_egress_cpd_id("out");
  for (const std::uint32_t index : {1U, 2U}) {
    const std::string address = "10.10.4.3" + std::to_string(index);
    balancer.add_backend(address);
    auto& web = builder.vnf("web", "web", index);
    builder.cp(web, "in", "servers", address + "/24");
    web.set_ingress_cpd_id("in");
  }
  make(builder.build());
  EXPECT_EQ(verdict(chain_probe(kFirst, "10.10.1.20", "tcp", 80)), v1::ProbeResult::ANSWERED)
      << detail_;
}

// Shows: R14
TEST_P(InfrastructureContract, EqualAddressesOfTwoHoldsDoNotMeet) {
  make(chain_part(kFirst, node_));
  make(chain_part(kSecond, node_));
  for (const char* id : {kFirst, kSecond}) {
    EXPECT_EQ(verdict(chain_probe(id, "10.10.3.30", "tcp", 80)), v1::ProbeResult::ANSWERED)
        << detail_;
  }
  ASSERT_TRUE(remove(kFirst).ok());
  EXPECT_EQ(verdict(chain_probe(kSecond, "10.10.3.30", "tcp", 80)), v1::ProbeResult::ANSWERED)
      << detail_;
}

TEST_P(InfrastructureContract, WhatItCannotMakeIsRefused) {
  auto part = chain_part(kFirst, node_);
  part.mutable_vnf(0)->set_function("time-machine");
  part.clear_digest();
  part.set_digest(sha256_hex(part.SerializeAsString()));
  EXPECT_FALSE(apply(part).ok());
}

TEST_P(InfrastructureContract, NothingIsProbedFromWhatIsNotThere) {
  const auto result = ask<v1::ProbeResult>(
      [&](auto reply) { driver().probe(chain_probe(kFirst, "10.10.1.10"), reply); });
  EXPECT_FALSE(result.ok());
}

inline std::string contract_name(const ::testing::TestParamInfo<InfrastructureFactory>& info) {
  return info.param.name;
}

}  // namespace terrace
