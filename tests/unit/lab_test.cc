// What a lab's file says, and what follows from it. (tests/system/lab_test.sh makes it real.)
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "daemon/config.h"
#include "lab/layout.h"
#include "lab/ready.h"
#include "lab/state.h"
#include "lab/topology.h"

namespace terrace::lab {
namespace {

Topology example() {
  auto topology = read_topology(std::string(EXAMPLES_DIR) + "/three-tier/lab.yaml");
  EXPECT_TRUE(topology.ok()) << terrace::describe(topology.problem());
  return *std::move(topology);
}

TEST(LabTopology, TheExampleHasFourPlatforms) {
  const Topology topology = example();
  ASSERT_EQ(topology.platforms.size(), 4u);
  EXPECT_EQ(topology.platform("edge")->infrastructure->site, "street");
  ASSERT_EQ(topology.above(*topology.platform("edge")).size(), 1u);
  EXPECT_EQ(topology.above(*topology.platform("edge"))[0]->name, "regional");
}

TEST(LabTopology, EveryMistakeIsReportedWithItsLine) {
  const auto topology = parse_topology(R"(lab: x
wan: {name: w, subnet: 10.0.0.0/24}
sites:
  - {name: s, address: 11.0.0.1}
platforms:
  - name: top
    provider: X
    bellow: []
    below: [{platform: nobody}]
customers:
  - {name: top, site: s, attachment: a}
)",
                                       "lab.yaml");
  ASSERT_FALSE(topology.ok());
  std::set<std::uint32_t> lines;
  for (const auto& cause : topology.problem().causes()) {
    EXPECT_EQ(cause.where(0).file(), "lab.yaml");
    lines.insert(cause.where(0).line());
  }
  // The address, the unknown key, the platform that is not there, the name that is taken.
  EXPECT_EQ(lines.count(4), 1u);
  EXPECT_EQ(lines.count(8), 1u);
  EXPECT_EQ(lines.count(11), 1u);
  EXPECT_GE(topology.problem().causes_size(), 4);
}

TEST(LabTopology, APlatformBelowItselfIsRefused) {
  const auto topology = parse_topology(R"(lab: x
platforms:
  - {name: a, provider: A, below: [{platform: b}]}
  - {name: b, provider: B, below: [{platform: a}]}
)",
                                       "lab.yaml");
  ASSERT_FALSE(topology.ok());
  EXPECT_EQ(topology.problem().causes(0).type(), "lab.loop");
}

TEST(LabLayout, OnlyNeighboursShareASubnet) {
  const Topology topology = example();
  const Layout layout(topology, "/run/x");
  std::set<std::string> subnets, links;
  for (const auto& relation : layout.relations()) {
    subnets.insert(relation.parent_address);
    subnets.insert(relation.child_address);
    links.insert(relation.parent_link);
    links.insert(relation.child_link);
  }
  EXPECT_EQ(layout.relations().size(), 3u);
  EXPECT_EQ(subnets.size(), 6u);
  EXPECT_EQ(links.size(), 6u);
}

// What we write is what the daemon reads: no second idea of its configuration.
TEST(LabDaemonConfig, IsOneThatTheDaemonTakes) {
  const Topology topology = example();
  const Layout layout(topology, "/run/x");
  for (const auto& platform : topology.platforms) {
    const auto config = parse_config(daemon_config(layout, platform), platform.name);
    ASSERT_TRUE(config.ok()) << terrace::describe(config.problem()) << "\n"
                             << daemon_config(layout, platform);
    EXPECT_EQ(config->platform_id, layout.platform_id(platform.name));
    EXPECT_EQ(config->children.size(), platform.below.size());
    EXPECT_EQ(config->infrastructure.has_value(), platform.infrastructure.has_value());
    if (platform.infrastructure) {
      EXPECT_EQ(config->infrastructure->inventory.wan_port_size(), 1);
      EXPECT_EQ(config->infrastructure->function.size(), platform.infrastructure->functions.size());
    }
  }
}

TEST(LabReady, AnEmptyCatalogueLacksAndAFullOneDoesNot) {
  const Topology topology = example();
  const Layout layout(topology, "/run/x");
  const Expected expected = expected_of(layout, *topology.platform("regional"));
  EXPECT_EQ(expected.functions.at("firewall"), 1);
  EXPECT_EQ(expected.functions.count("web"), 0u);
  v1::Catalogue catalogue;
  EXPECT_NE(missing(expected, catalogue), "");
  for (const char* const function : {"firewall", "nat", "loadbalancer"})
    catalogue.add_offer()->mutable_function()->set_capability(function);
  EXPECT_NE(missing(expected, catalogue), "");
  catalogue.add_attachment_point()->set_id(layout.attachment_id(topology.customers[0]));
  for (const char* const site : {"street", "metro"})
    catalogue.add_interconnect()->set_id(layout.interconnect_id(site));
  EXPECT_EQ(missing(expected, catalogue), "");
}

TEST(LabState, IsReadAsItWasWritten) {
  const Topology topology = example();
  const Layout layout(topology, ::testing::TempDir());
  LabState state = describe(layout, "/x/lab.yaml");
  state.platforms[1].process = {12, 34};
  ASSERT_TRUE(save(state).ok());
  const auto read = load(layout.directory());
  ASSERT_TRUE(read.ok()) << terrace::describe(read.problem());
  EXPECT_EQ(to_json(*read), to_json(state));
  EXPECT_EQ(read->platforms[1].process, state.platforms[1].process);
  std::ofstream(layout.directory() + "/state.json") << "{}";
  EXPECT_EQ(load(layout.directory()).problem().type(), "lab.bad-state");
  EXPECT_EQ(load("/nonexistent").problem().type(), "lab.not-up");
}

}  // namespace
}  // namespace terrace::lab
