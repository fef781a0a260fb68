// Orders, from files and options.
#include <gtest/gtest.h>

#include "cli/order.h"

namespace terrace::cli {
namespace {

TEST(CliOrder, TheExampleIsAnOrder) {
  OrderOptions options;
  options.file = std::string(EXAMPLES_DIR) + "/three-tier/order.yaml";
  const auto order = make_order(options);
  ASSERT_TRUE(order.ok()) << describe(order.problem());
  EXPECT_EQ(order->nsd, "web-shop");
  EXPECT_EQ(order->body.ns_instantiation_level_id(), "two");
  ASSERT_EQ(order->body.sap_data_size(), 1);
  EXPECT_EQ(order->body.sap_data(0).sap_protocol_data().ip_address(0), "10.10.1.100");
  EXPECT_EQ(order->body.sap_data(0).sap_protocol_data().subnet(0), "10.10.1.0/24");
}

TEST(CliOrder, AFileSaysAllThatAnOrderCan) {
  const auto order = read_order(R"(
nsd: n
name: shop
flavour: f
level: l
saps:
  - {sap: s, attachment: a, name: x, description: y, address: [10.0.0.1/24, "fd00::1"],
     mac: "02:00:00:00:00:01", subnet: 10.0.0.0/24, prefix: [192.0.2.0/24]}
parameters: {fw: {allow: tcp/80}}
locations: {fw: {zone: z, zone-group: g, pop: p, node: n, country: FR}}
affinity:
  - {functions: [fw, nat], rule: anti-affinity, scope: platform}
service-parameters: {k: v}
)",
                                "order.yaml");
  ASSERT_TRUE(order.ok()) << describe(order.problem());
  const auto& body = order->body;
  EXPECT_EQ(order->name, "shop");
  EXPECT_EQ(body.sap_data(0).customer_prefix(0), "192.0.2.0/24");
  EXPECT_EQ(body.sap_data(0).sap_protocol_data().ip_address(1), "fd00::1");
  EXPECT_EQ(body.sap_data(0).sap_protocol_data().mac_address(), "02:00:00:00:00:01");
  EXPECT_EQ(body.additional_params_for_vnf(0).additional_params(0).value(), "tcp/80");
  EXPECT_EQ(body.location_constraints(0).location().country_code(), "FR");
  const auto& rule = body.additional_affinity_or_anti_affinity_rule(0);
  EXPECT_EQ(rule.scope(), v1::AffinityOrAntiAffinityRule::PLATFORM);
  EXPECT_EQ(rule.affinity_or_anti_affinity(), v1::AffinityOrAntiAffinityRule::ANTI_AFFINITY);
  EXPECT_EQ(body.additional_params_for_ns(0).key(), "k");
}

TEST(CliOrder, EveryMistakeHasItsLine) {
  const auto order =
      read_order("nsd: n\nlevl: two\nsaps:\n  - {sap: s, address: [nonsense]}\n", "order.yaml");
  ASSERT_FALSE(order.ok());
  ASSERT_EQ(order.problem().causes_size(), 2);
  EXPECT_EQ(order.problem().causes(0).where(0).line(), 2u);
  EXPECT_EQ(order.problem().causes(1).where(0).line(), 4u);
  EXPECT_EQ(order.problem().causes(1).where(0).file(), "order.yaml");
}

TEST(CliOrder, OptionsReplaceWhatTheFileSays) {
  OrderOptions options;
  options.file = std::string(EXAMPLES_DIR) + "/three-tier/order.yaml";
  options.level = "one";
  options.param = {"firewall.allow=icmp"};
  options.sap = {"client=elsewhere:10.9.9.9/24,fd00::9/64"};
  options.location = {"web=hall"};
  const auto order = make_order(options);
  ASSERT_TRUE(order.ok()) << describe(order.problem());
  EXPECT_EQ(order->body.ns_instantiation_level_id(), "one");
  ASSERT_EQ(order->body.sap_data_size(), 1);
  EXPECT_EQ(order->body.sap_data(0).attachment_point_id(), "elsewhere");
  EXPECT_EQ(order->body.sap_data(0).sap_protocol_data().subnet(1), "fd00::/64");
  EXPECT_EQ(order->body.additional_params_for_vnf(0).additional_params(0).value(), "icmp");
  EXPECT_EQ(order->body.location_constraints(0).location().zone(), "hall");
}

TEST(CliOrder, OptionsOfAnotherFormAreRefusedByName) {
  const auto type_of = [](const OrderOptions& options) {
    const auto order = make_order(options);
    return order.ok() ? std::string() : order.problem().where(0).path();
  };
  for (const char* const sap : {"client", "=a", "client=a:nonsense"})
    EXPECT_EQ(type_of({.sap = {sap}}), "--sap") << sap;
  for (const char* const param : {"allow=x", "fw.=x", ".k=x", "fw.k"})
    EXPECT_EQ(type_of({.param = {param}}), "--param") << param;
  for (const char* const location : {"fw", "=z", "fw="})
    EXPECT_EQ(type_of({.location = {location}}), "--location") << location;
}

TEST(CliOrder, AttachmentPointsGoByNameOrId) {
  v1::Catalogue catalogue;
  const auto add = [&](const char* id, const char* name) {
    auto& point = *catalogue.add_attachment_point();
    point.set_id(id);
    point.set_name(name);
  };
  add("id-1", "street");
  add("id-2", "twice");
  add("id-3", "twice");
  const auto resolved = [&](const char* wanted) -> Result<std::string> {
    v1::InstantiateNsRequest body;
    body.add_sap_data()->set_attachment_point_id(wanted);
    if (Status named = name_attachments(body, catalogue); !named) return named.problem();
    return body.sap_data(0).attachment_point_id();
  };
  EXPECT_EQ(*resolved("street"), "id-1");
  EXPECT_EQ(*resolved("id-3"), "id-3");
  EXPECT_EQ(*resolved(""), "");
  EXPECT_EQ(resolved("nowhere").problem().type(), "order.unknown-attachment");
  EXPECT_EQ(resolved("twice").problem().type(), "order.ambiguous-attachment");
}

}  // namespace
}  // namespace terrace::cli
