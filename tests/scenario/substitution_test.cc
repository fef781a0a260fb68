// A platform has no idea how many tiers lie below.

#include <gtest/gtest.h>

#include <map>

#include "tests/scenario/trees.h"

namespace terrace {
namespace {

// Every id, in the order met, becomes its number: what is left is all that differs but for ids.
class WithoutIds {
 public:
  std::string of(const std::string& text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t length = id_at(text, i);
      if (length == 0) {
        plain += text[i++];
        continue;
      }
      const std::string id = text.substr(i, length);
      plain += "#" + std::to_string(known_.emplace(id, known_.size()).first->second);
      i += length;
    }
    return plain;
  }

 private:
  // UUIDs, and digests of 64 or 32 hexadecimal digits, which are made of ids.
  static std::size_t id_at(const std::string& text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() &&
           (std::isxdigit(static_cast<unsigned char>(text[end])) != 0 || text[end] == '-'))
      ++end;
    const std::size_t length = end - at;
    const bool digest = length == 64 || length == 32;
    return digest || (length == 36 && is_uuid(text.substr(at, 36))) ? length : 0;
  }
  std::map<std::string, std::size_t> known_;
};

struct Said {
  std::vector<std::string> requests;
  std::vector<std::string> answers;
};

// A life of one order, and what went between top and regional for it.
Said life(Sandbox& sandbox) {
  sandbox.up();
  auto& channel = sandbox.channel("top", "regional");
  channel.record();
  const auto hold =
      sandbox.instantiate("top", sandbox.web_shop(), "00000000-0000-4000-8000-000000000001");
  EXPECT_TRUE(hold && hold->state() == v1::Hold::COMMITTED) << error_of(hold);
  EXPECT_TRUE(sandbox.release("top", "00000000-0000-4000-8000-000000000001"));
  Said said;
  WithoutIds requests;
  WithoutIds answers;
  for (const auto& exchange : channel.exchanges()) {
    said.requests.push_back(exchange->method + "\n" +
                            requests.of(exchange->request->DebugString()));
    if (exchange->method != "PlaceHold" || exchange->answer == nullptr) continue;
    auto answer = static_cast<const v1::Hold&>(*exchange->answer);
    // Where it was put is told, and what is at work there at which instant is the owner's matter.
    answer.clear_task();
    answer.clear_created();
    answer.clear_expires();
    answer.clear_not_after();
    for (auto& vnf : *answer.mutable_proof()->mutable_vnf()) vnf.clear_location();
    for (auto& sap : *answer.mutable_proof()->mutable_sap()) sap.clear_location();
    // The digest of the request holds its ids; that of the plan, where it was put.
    answer.clear_request_digest();
    answer.clear_plan_digest();
    said.answers.push_back(answers.of(answer.DebugString()));
  }
  return said;
}

// Shows: R1, R24
TEST(Substitution, TheEdgePlatformMayBeALeafOfTheRegionalPlatformsOwn) {
  // The edge costs 10 and bears 10 percent at the regional platform either way.
  Sandbox with_edge(1);
  with_edge.leaf("wholesale", {"web"});
  with_edge.leaf("edge", {"firewall", "nat", "loadbalancer"}, {"ap-client"});
  with_edge.platform("regional", {"edge"});
  with_edge.platform("top", {"regional", "wholesale"});
  const Said platform = life(with_edge);

  Sandbox with_leaf(1);
  with_leaf.leaf("wholesale", {"web"});
  with_leaf.leaf("regional", {"firewall", "nat", "loadbalancer"}, {"ap-client"}, "11");
  with_leaf.platform("top", {"regional", "wholesale"});
  const Said leaf = life(with_leaf);

  ASSERT_GT(platform.requests.size(), 2u);
  EXPECT_EQ(platform.requests, leaf.requests);
  ASSERT_EQ(platform.answers.size(), 1u);
  EXPECT_EQ(platform.answers, leaf.answers);
}

// Shows: R1, R24
TEST(Substitution, TheEdgeMayBeALeafOrAnyNumberOfTiers) {
  std::vector<Said> said;
  for (int tiers = 0; tiers < 4; ++tiers) {
    Sandbox sandbox(1);
    std::string edge = "edge-0";
    sandbox.leaf("wholesale", {"web"});
    sandbox.platform("regional", {"edge-" + std::to_string(tiers)}, {"nat", "loadbalancer"});
    sandbox.leaf(edge, {"firewall"}, {"ap-client"});
    for (int tier = 1; tier <= tiers; ++tier) {
      const std::string above = "edge-" + std::to_string(tier);
      sandbox.platform(above, {edge}, {}, {}, "0");
      edge = above;
    }
    sandbox.platform("top", {"regional", "wholesale"});
    said.push_back(life(sandbox));
    EXPECT_EQ(said.back().requests, said.front().requests) << tiers;
    EXPECT_EQ(said.back().answers, said.front().answers) << tiers;
  }
}

}  // namespace
}  // namespace terrace
