#include "daemon/config.h"

#include <string>

#include <gtest/gtest.h>

namespace terrace {
namespace {

// Every key once.
constexpr const char* kWhole = R"(platform: regional-m
provider: Regio Networks
listen: [unix:/run/terrace/m.sock, "127.0.0.1:7001"]
state: /var/lib/terrace/m
log: {level: debug, format: json, file: /var/log/terrace-m.log}
addresses:
  prefixes: [10.10.0.0/16, "fd00:10::/48"]
  link-prefix-length-v4: 24
  link-prefix-length-v6: 64
  mtu: 1450
children:
  - {name: edge, address: "unix:/run/terrace/e.sock", margin: "12.5"}
  - {name: wholesale, address: "10.0.0.9:7000"}
margin: "5"
max-depth: 8
limits: {message-bytes: 8388608, descriptor-bytes: 1048576, hold-seconds: 30, commit-seconds: 90,
         memory-seconds: 1200}
infrastructure:
  kind: emulated
  nodes:
    - {id: n1, vcpus: 8, memory-mib: 16384, instances: 10,
       location: {nfvi-pop: lyon, zone: south, zone-group: fr, country-code: FR}}
  attachment-points:
    - {id: ap-1, name: client-lyon, location: {nfvi-pop: lyon}}
  interconnects:
    - {id: ic-1, underlay: metro, vtep: 192.0.2.1, port: 4790, mtu: 1600,
       segment-ids: [{first: 7000, last: 7999}], location: {nfvi-pop: lyon}}
  functions:
    - {name: firewall, capability: packet-filter, monthly: "10.50", one-off: "1", currency: EUR,
       availability: "0.999", lead-time-seconds: 60}
  emulated: {apply-ms: 20, remove-ms: 10, probe-ms: 5, assume-far-ends: true, seed: 7}
)";

std::string without(const std::string& line_start) {
  const std::string whole = kWhole;
  const auto from = whole.find(line_start);
  return whole.substr(0, from) + whole.substr(whole.find('\n', from) + 1);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(Config, ReadsEveryKey) {
  const auto config = parse_config(kWhole, "terraced.yaml");
  ASSERT_TRUE(config.ok()) << describe(config.problem()) << describe(config.problem().causes(0));
  EXPECT_EQ(config->platform_id, "regional-m");
  EXPECT_EQ(config->listen.size(), 2u);
  EXPECT_EQ(config->log.level, LogOptions::Level::kDebug);
  EXPECT_EQ(config->log.format, LogOptions::Format::kJson);
  EXPECT_EQ(config->addresses.prefixes.size(), 2u);
  EXPECT_EQ(config->addresses.mtu, 1450u);
  ASSERT_EQ(config->children.size(), 2u);
  EXPECT_EQ(config->children[0].margin->text(), "12.50");
  EXPECT_FALSE(config->children[1].margin);
  EXPECT_EQ(config->margin.text(), "5");
  EXPECT_EQ(config->max_depth, 8u);
  EXPECT_EQ(config->max_message_bytes, 8u << 20);
  EXPECT_EQ(config->commit_deadline, std::chrono::seconds(90));
  EXPECT_EQ(config->hold_life, std::chrono::seconds(30));
  ASSERT_TRUE(config->infrastructure);
  const auto& own = *config->infrastructure;
  EXPECT_EQ(own.inventory.node(0).location().nfvi_pop(), "lyon");
  EXPECT_EQ(own.inventory.wan_port(0).segment_ids(0).wan_segment_id_upper_range(), 7999u);
  EXPECT_EQ(own.function[0].price.monthly().amount(), "10.50");
  EXPECT_EQ(own.function[0].capability, "packet-filter");
  EXPECT_EQ(own.apply_delay.most, std::chrono::milliseconds(20));
  EXPECT_TRUE(own.assume_far_ends);
}

// Each is refused, at this line.
struct Wrong {
  const char* name;
  std::string text;
  unsigned line;
};

class ConfigRefuses : public testing::TestWithParam<Wrong> {};

TEST_P(ConfigRefuses, WithTheLine) {
  const auto config = parse_config(GetParam().text, "terraced.yaml");
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.problem().type(), "config.invalid");
  ASSERT_GE(config.problem().causes_size(), 1);
  const auto& cause = config.problem().causes(0);
  ASSERT_EQ(cause.where_size(), 1) << describe(cause);
  EXPECT_EQ(cause.where(0).file(), "terraced.yaml");
  EXPECT_EQ(cause.where(0).line(), GetParam().line) << describe(cause);
}

INSTANTIATE_TEST_SUITE_P(
    Config, ConfigRefuses,
    testing::Values(Wrong{"UnknownKey", std::string(kWhole) + "colour: blue\n", 32},
                    Wrong{"NoPlatform", without("platform:"), 1},
                    Wrong{"BadPrefix", replaced(kWhole, "10.10.0.0/16", "10.10.0.1/16"), 7},
                    Wrong{"BadLevel", replaced(kWhole, "level: debug", "level: loud"), 5},
                    Wrong{"BadMargin", replaced(kWhole, "\"12.5\"", "lots"), 12},
                    Wrong{"NegativeMargin", replaced(kWhole, "\"12.5\"", "\"-1\""), 12},
                    Wrong{"SameChildTwice", replaced(kWhole, "name: wholesale", "name: edge"), 13},
                    Wrong{"BadKind", replaced(kWhole, "kind: emulated", "kind: magic"), 19},
                    Wrong{"NoCurrency", replaced(kWhole, " currency: EUR,", ""), 29},
                    Wrong{"BadVtep", replaced(kWhole, "192.0.2.1", "192.0.2.256"), 26},
                    Wrong{"BackwardRange", replaced(kWhole, "last: 7999", "last: 6999"), 27}),
    [](const auto& each) { return each.param.name; });

TEST(Config, NothingToOfferIsRefused) {
  const auto config = parse_config(
      "platform: p\nprovider: P\nlisten: unix:/s\nstate: /d\naddresses: {prefixes: 10.0.0.0/8}\n",
      "terraced.yaml");
  ASSERT_FALSE(config.ok());
  EXPECT_NE(describe(config.problem().causes(0)).find("nothing to offer"), std::string::npos);
}

TEST(Config, AFileThatIsNotThereIsAProblem) {
  const auto config = read_config("/nonexistent/terraced.yaml");
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.problem().type(), "config.unreadable");
}

TEST(Config, ExplainsWhatItWouldDo) {
  const auto config = parse_config(kWhole, "terraced.yaml");
  ASSERT_TRUE(config.ok());
  const std::string text = explain(*config);
  for (const char* part : {"regional-m", "unix:/run/terrace/m.sock", "edge", "12.50 %", "5 %",
                           "emulated", "packet-filter at 10.50 EUR"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
}

std::string on_linux() {
  std::string text =
      replaced(kWhole, "kind: emulated",
               "kind: netns\n  netns: {site: /run/netns/lyon, run-dir: /run/terrace/m,"
               " haproxy: /opt/haproxy}");
  text = replaced(text, "{id: ap-1,", "{id: ap-1, interface: cust0,");
  text = replaced(text, "{id: ic-1,", "{id: ic-1, interface: wan0,");
  const auto emulated = text.find("  emulated:");
  return text.substr(0, emulated) + text.substr(text.find('\n', emulated) + 1);
}

TEST(Config, ReadsWhatIsRealOnLinux) {
  const auto config = parse_config(on_linux(), "terraced.yaml");
  ASSERT_TRUE(config.ok()) << describe(config.problem()) << describe(config.problem().causes(0));
  const auto& own = *config->infrastructure;
  EXPECT_EQ(own.site, "/run/netns/lyon");
  EXPECT_EQ(own.run_dir, "/run/terrace/m");
  EXPECT_EQ(own.program.haproxy, "/opt/haproxy");
  EXPECT_EQ(own.program.nginx, "/usr/sbin/nginx");
  EXPECT_EQ(own.attachment_interface.at("ap-1"), "cust0");
  EXPECT_EQ(own.wan_interface.at("ic-1"), "wan0");
}

TEST(Config, OnLinuxAttachmentsHaveInterfacesAndElsewhereNot) {
  EXPECT_FALSE(parse_config(replaced(on_linux(), " interface: cust0,", ""), "f").ok());
  EXPECT_FALSE(
      parse_config(replaced(kWhole, "{id: ap-1,", "{id: ap-1, interface: cust0,"), "f").ok());
}

}  // namespace
}  // namespace terrace
