// Lifecycle operations over a tree of platforms: when they end, and what they leave.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/scenario/onboarding.h"
#include "tests/support/sandbox.h"

namespace terrace {
namespace {

constexpr char kOperation[] = "5f0f7d8e-6a5c-4b0e-9d3e-0c1f2a3b4c5d";

v1::CreateNsRequest create_request(Sandbox& sandbox) {
  v1::CreateNsRequest request;
  request.set_ns_instance_id("shop");
  request.set_nsd_id(sandbox.web_shop().nsd().id());
  return request;
}

v1::NsLcmOpOcc::OperationState state_of(Sandbox& sandbox, const std::string& at) {
  v1::GetNsLcmOpOccRequest request;
  request.set_operation_id(kOperation);
  const auto operation = ask<v1::NsLcmOpOcc>(sandbox, [&](auto reply) {
    sandbox.stack(at).api().get_ns_lcm_op_occ({}, request, std::move(reply));
  });
  return operation ? operation->operation_state() : v1::NsLcmOpOcc::OPERATION_STATE_UNSPECIFIED;
}

bool has_hold(Sandbox& sandbox, const std::string& at, v1::Hold::State state) {
  const auto records = sandbox.stack(at).book().records();
  return std::any_of(records.begin(), records.end(),
                     [&](const auto* record) { return record->hold().state() == state; });
}

// Shows: R11, R26
TEST(Operations, ARollbackEndsWhenEveryReleaseIsConfirmedEvenAfterARestart) {
  SandboxOptions options;
  options.commit_deadline = std::chrono::seconds(20);
  Sandbox sandbox(1, options);
  sandbox.leaf("edge", {"firewall", "nat", "loadbalancer"}, {"ap-client"});
  sandbox.leaf("wholesale", {"web"});
  sandbox.platform("top", {"edge", "wholesale"});
  sandbox.up();
  onboard(sandbox, "top");
  ASSERT_TRUE(ask<v1::NsInstance>(sandbox, [&](auto reply) {
    sandbox.stack("top").api().create_ns({}, create_request(sandbox), std::move(reply));
  }));
  v1::InstantiateRequest request;
  request.set_ns_instance_id("shop");
  request.set_operation_id(kOperation);
  *request.mutable_body() = sandbox.web_shop().params();
  ASSERT_TRUE(ask<v1::NsLcmOpOcc>(sandbox, [&](auto reply) {
    sandbox.stack("top").api().instantiate_ns({}, request, std::move(reply));
  }));
  ASSERT_TRUE(sandbox.run_until([&] { return has_hold(sandbox, "top", v1::Hold::COMMITTING); }));
  sandbox.kill("wholesale");
  ASSERT_TRUE(sandbox.run_until([&] { return has_hold(sandbox, "top", v1::Hold::RELEASING); }));
  sandbox.kill("top");
  sandbox.restart("top");
  sandbox.sim().advance(std::chrono::seconds(30));
  const auto meanwhile = state_of(sandbox, "top");
  EXPECT_TRUE(meanwhile == v1::NsLcmOpOcc::PROCESSING || meanwhile == v1::NsLcmOpOcc::ROLLING_BACK)
      << v1::NsLcmOpOcc::OperationState_Name(meanwhile);
  sandbox.restart("wholesale");
  ASSERT_TRUE(sandbox.run_until([&] { return !has_hold(sandbox, "top", v1::Hold::RELEASING); }));
  sandbox.sim().advance(std::chrono::seconds(1));
  EXPECT_EQ(state_of(sandbox, "top"), v1::NsLcmOpOcc::ROLLED_BACK);
  EXPECT_TRUE(sandbox.clean()) << ::testing::PrintToString(sandbox.leftovers());
}

TEST(Operations, AnInstanceDeletedBeforeItsCreationIsAnsweredStaysDeleted) {
  Sandbox sandbox;
  sandbox.leaf("all", {"firewall", "nat", "loadbalancer", "web"}, {"ap-client"});
  sandbox.up();
  onboard(sandbox, "all");
  auto& api = sandbox.stack("all").api();
  std::optional<Result<v1::NsInstance>> created;
  api.create_ns({}, create_request(sandbox),
                [&](Result<v1::NsInstance> instance) { created = std::move(instance); });
  v1::DeleteNsRequest request;
  request.set_ns_instance_id("shop");
  ASSERT_TRUE(ask<google::protobuf::Empty>(
      sandbox, [&](auto reply) { api.delete_ns({}, request, std::move(reply)); }));
  ASSERT_TRUE(created && *created);
  EXPECT_EQ((*created)->id(), "shop");
  v1::GetNsRequest get;
  get.set_ns_instance_id("shop");
  const auto found =
      ask<v1::NsInstance>(sandbox, [&](auto reply) { api.get_ns({}, get, std::move(reply)); });
  EXPECT_FALSE(found);
}

}  // namespace
}  // namespace terrace
