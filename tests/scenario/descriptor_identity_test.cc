// Descriptors are known by their bytes.

#include <gtest/gtest.h>
#include <fstream>
#include <sstream>

#include "base/digest.h"
#include "tests/scenario/trees.h"

namespace terrace {
namespace {

// Shows: R4
TEST(Descriptors, TheSameIdWithOtherBytesIsRefusedAndTheBytesAreKept) {
  Sandbox sandbox;
  sandbox.leaf("all", {"web"});
  sandbox.up();
  auto& api = sandbox.stack("all").api();
  const auto onboard = [&](const std::string& content) {
    std::optional<Result<v1::VnfPkgInfo>> answer;
    v1::OnboardVnfPackageRequest request;
    request.set_content(content);
    request.set_file_name("web.vnfd.yaml");
    api.onboard_vnf_package({}, request,
                            [&](Result<v1::VnfPkgInfo> info) { answer = std::move(info); });
    EXPECT_TRUE(sandbox.run_until([&] { return answer.has_value(); }));
    return *answer;
  };
  std::ifstream file(TERRACE_EXAMPLES "/three-tier/descriptors/web.vnfd.yaml");
  std::stringstream text;
  text << file.rdbuf();
  const auto first = onboard(text.str());
  ASSERT_TRUE(first) << describe(first.problem());
  const auto again = onboard(text.str());
  ASSERT_TRUE(again) << describe(again.problem());
  EXPECT_EQ(again->id(), first->id());
  // One comment more: the same meaning, another descriptor.
  const auto other = onboard(text.str() + "# more\n");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.problem().code(), Problem::ALREADY_EXISTS) << describe(other.problem());

  std::optional<Result<v1::GetVnfPackageResponse>> kept;
  v1::GetVnfPackageRequest request;
  request.set_id(first->id());
  api.get_vnf_package({}, request,
                      [&](Result<v1::GetVnfPackageResponse> answer) { kept = std::move(answer); });
  ASSERT_TRUE(sandbox.run_until([&] { return kept.has_value(); }));
  ASSERT_TRUE(kept->ok()) << describe(kept->problem());
  EXPECT_EQ((*kept)->content(), text.str());
}

}  // namespace
}  // namespace terrace
