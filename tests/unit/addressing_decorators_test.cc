// Admission and ProofCheck around a platform that answers what it is told to.
#include <gtest/gtest.h>

#include <optional>

#include "recursion/address_chooser.h"
#include "recursion/admission.h"
#include "recursion/proof_check.h"
#include "tests/support/sim_executor.h"
#include "tests/unit/addressing_fixture.h"

namespace terrace::test {
namespace {

// Answers every hold with `hold`, and remembers what it was asked.
class Answering final : public Platform {
 public:
  explicit Answering(Executor& executor) : executor_(executor) {}

  std::unique_ptr<Subscription> publish(CatalogueSink) override { return nullptr; }
  void hold(const Call&, const v1::PlaceHoldRequest&, Reply<v1::Hold> reply) override {
    ++holds;
    executor_.post([reply, answer = answer] { reply(answer); });
  }
  void commit(const Call&, const v1::CommitHoldRequest&, Reply<v1::Hold> reply) override {
    ++commits;
    executor_.post([reply, answer = answer] { reply(answer); });
  }
  void release(const Call& call, const v1::ReleaseHoldRequest& request,
               Reply<v1::Hold> reply) override {
    released.push_back(request);
    release_epoch = call.context.epoch();
    executor_.post([reply, answer = answer] { reply(answer); });
  }
  void probe(const Call&, const v1::ProbeRequest&, Reply<v1::ProbeResult> reply) override {
    executor_.post([reply] { reply(v1::ProbeResult()); });
  }
  std::unique_ptr<Subscription> observe(const Call&, ObserveSink) override {
    ++observers;
    return std::make_unique<Subscription>();
  }

  v1::Hold answer;
  int holds = 0;
  int commits = 0;
  int observers = 0;
  std::vector<v1::ReleaseHoldRequest> released;
  std::uint64_t release_epoch = 0;

 private:
  Executor& executor_;
};

class DecoratorsTest : public testing::Test {
 protected:
  Result<v1::Hold> hold(Platform& platform) {
    std::optional<Result<v1::Hold>> answer;
    platform.hold(call_, request_, [&](Result<v1::Hold> result) { answer = std::move(result); });
    EXPECT_FALSE(answer.has_value()) << "replied inside the call";
    executor_.run_ready();
    return answer.value();
  }

  void SetUp() override {
    call_.context.set_epoch(7);
    request_.set_hold_id("hold-1");
    *request_.mutable_fragment() = order_to_e();
    request_.mutable_fragment()->mutable_nsd()->mutable_sapd()->RemoveLast();
    v1::Envelope& envelope = *request_.mutable_envelope();
    envelope = envelope_to_m();
    envelope.mutable_link()->RemoveLast();
    auto& answer = next_.answer;
    answer.set_id("hold-1");
    answer.set_state(v1::Hold::HELD);
    *answer.mutable_proof() = choose_addresses(envelope, request_.fragment()).value();
    answer.mutable_proof()->mutable_vnf(0)->set_vnf_instance_id("fw-1");
    auto& sap = *answer.mutable_proof()->add_sap();
    sap.set_sapd_id("client");
    sap.set_link_id("vl-client");
    sap.set_attachment_point_id("ap-1");
  }

  void reach_outside() {
    next_.answer.mutable_proof()->mutable_vnf(0)->mutable_cp(0)->set_address(0, "10.10.1.100/24");
  }

  SimExecutor executor_;
  Answering next_{executor_};
  Admission admission_{next_, executor_, PlatformId("m"), 3};
  ProofCheck check_{next_, executor_, "e"};
  Call call_;
  v1::PlaceHoldRequest request_;
};

// Shows: R10
TEST_F(DecoratorsTest, AnOrderThatComesBackIsRefusedBeforeAnyWork) {
  for (const char* id : {"t", "m", "x"}) call_.context.add_platform_path(id);
  const auto answer = hold(admission_);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.problem().code(), Problem::FAILED_PRECONDITION);
  EXPECT_EQ(answer.problem().type(), "path.loop");
  EXPECT_EQ(next_.holds, 0);
}

// Shows: R10
TEST_F(DecoratorsTest, DepthIsLimited) {
  for (const char* id : {"a", "b", "c"}) call_.context.add_platform_path(id);
  EXPECT_TRUE(hold(admission_).ok());
  call_.context.add_platform_path("d");
  const auto answer = hold(admission_);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.problem().type(), "path.depth");
  EXPECT_EQ(answer.problem().constraint().limit(), "3");
  EXPECT_EQ(answer.problem().constraint().actual(), "4");
  EXPECT_EQ(next_.holds, 1);
}

// Shows: R13
TEST_F(DecoratorsTest, WhatIsNotUnderstoodIsRefusedWhereItIs) {
  auto& nsd = *request_.mutable_fragment()->mutable_nsd();
  nsd.GetReflection()->MutableUnknownFields(&nsd)->AddVarint(900, 1);
  auto answer = hold(admission_);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.problem().type(), "request.unknown-field");
  EXPECT_EQ(answer.problem().where(0).path(), "fragment.nsd.#900");
  nsd.DiscardUnknownFields();
  auto& rule = *request_.mutable_fragment()
                    ->mutable_params()
                    ->add_additional_affinity_or_anti_affinity_rule();
  rule.set_scope(static_cast<v1::AffinityOrAntiAffinityRule::Scope>(41));
  answer = hold(admission_);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.problem().type(), "request.unknown-value");
  EXPECT_EQ(answer.problem().where(0).path(),
            "fragment.params.additional_affinity_or_anti_affinity_rule[0].scope");
  EXPECT_EQ(next_.holds, 0);
}

TEST_F(DecoratorsTest, IdsAndTenantsArePlain) {
  for (const std::string& id : {std::string(), std::string("a/b"), std::string(129, 'a')}) {
    request_.set_hold_id(id);
    const auto answer = hold(admission_);
    ASSERT_FALSE(answer.ok()) << id;
    EXPECT_EQ(answer.problem().type(), "request.malformed");
    EXPECT_EQ(answer.problem().where(0).path(), "hold_id");
  }
  request_.set_hold_id("hold-1");
  call_.context.set_tenant("a tenant");
  EXPECT_EQ(hold(admission_).problem().where(0).path(), "tenant");
  int told = 0;
  auto observed = admission_.observe(call_, [&](const Result<v1::WatchEvent>& event) {
    EXPECT_FALSE(event.ok());
    ++told;
  });
  executor_.run_ready();
  EXPECT_EQ(told, 1);
  EXPECT_EQ(next_.observers, 0);
}

// What was admitted once can always be ended.
// Shows: R7, R10
TEST_F(DecoratorsTest, AReleaseIsAdmittedWhateverItsPath) {
  for (const char* id : {"a", "b", "m", "d", "e"}) call_.context.add_platform_path(id);
  v1::ReleaseHoldRequest request;
  request.set_hold_id("hold-1");
  bool answered = false;
  admission_.release(call_, request,
                     [&](const Result<v1::Hold>& result) { answered = result.ok(); });
  executor_.run_ready();
  EXPECT_TRUE(answered);
}

// Shows: R15
TEST_F(DecoratorsTest, AProofWithinItsEnvelopeGoesThrough) {
  const auto answer = hold(check_);
  ASSERT_TRUE(answer.ok()) << describe(answer.problem());
  EXPECT_EQ(answer->SerializeAsString(), next_.answer.SerializeAsString());
  EXPECT_TRUE(next_.released.empty());
}

// Shows: R13, R15
TEST_F(DecoratorsTest, AProofOutsideIsRefusedAndReleased) {
  reach_outside();
  const auto answer = hold(check_);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.problem().code(), Problem::FAILED_PRECONDITION);
  EXPECT_EQ(answer.problem().type(), "proof.outside-envelope");
  EXPECT_EQ(answer.problem().constraint().name(), "assignable-range");
  EXPECT_EQ(answer.problem().constraint().actual(), "10.10.1.100/24");
  EXPECT_EQ(answer.problem().where(0).path(), "vnf[0].cp[0].address[0]");
  EXPECT_EQ(answer.problem().where(1).resource(), "platform/e");
  ASSERT_EQ(next_.released.size(), 1U);
  EXPECT_EQ(next_.released[0].hold_id(), "hold-1");
  EXPECT_EQ(next_.released[0].mode(), v1::ReleaseHoldRequest::UNDO);
  EXPECT_EQ(next_.release_epoch, 7U);
}

// Shows: R6, R15
TEST_F(DecoratorsTest, ADryAnswerOutsideIsRefusedWithNothingToRelease) {
  reach_outside();
  request_.set_dry(true);
  EXPECT_FALSE(hold(check_).ok());
  EXPECT_TRUE(next_.released.empty());
}

// Shows: R14
TEST_F(DecoratorsTest, WithoutAnEnvelopeTheEchoedOneCounts) {
  *next_.answer.mutable_envelope() = request_.envelope();
  request_.clear_envelope();
  EXPECT_TRUE(hold(check_).ok());
  reach_outside();
  EXPECT_EQ(hold(check_).problem().constraint().name(), "assignable-range");
  next_.answer.clear_envelope();
  EXPECT_EQ(hold(check_).problem().constraint().name(), "envelope");
}

// Shows: R13
TEST_F(DecoratorsTest, AnIllFormedEnvelopeIsNotSent) {
  request_.mutable_envelope()->set_realm("mine");
  const auto answer = hold(check_);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.problem().type(), "envelope.malformed");
  EXPECT_EQ(next_.holds, 0);
}

// An ended hold is answered as it ended: there is nothing to check.
// Shows: R6
TEST_F(DecoratorsTest, AnEndedHoldGoesThrough) {
  next_.answer.clear_proof();
  next_.answer.set_state(v1::Hold::RELEASED);
  EXPECT_TRUE(hold(check_).ok());
}

}  // namespace
}  // namespace terrace::test
