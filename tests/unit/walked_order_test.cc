// The order that the protocol's page walks through, with its values.
#include <gtest/gtest.h>

#include "recursion/path_probes.h"
#include "tests/support/service_builder.h"

namespace terrace {
namespace {

using driver::v1::Function;
using testing::ServiceBuilder;
using testing::World;

using Texts = std::vector<std::string>;

v1::Fragment walked_order() {
  ServiceBuilder service;
  service.sap("client", "vl-client");
  service.function("fw", 1, {{"in", "vl-client"}, {"out", "vl-a"}});
  service.function("nat", 1, {{"in", "vl-a"}, {"out", "vl-b"}});
  service.function("lb", 1, {{"in", "vl-b"}, {"out", "vl-c"}});
  service.function("web", 1, {{"in", "vl-c"}});
  auto& path = service.path("web-path");
  ServiceBuilder::pass_sap(path, "client");
  for (const char* profile : {"fw", "nat", "lb"}) ServiceBuilder::pass(path, profile, "in", "out");
  ServiceBuilder::pass(path, "web", "in", "");
  path.mutable_nfp_rule()->set_protocol("tcp");
  path.mutable_nfp_rule()->mutable_destination_ports()->set_lower(80);
  path.mutable_nfp_rule()->mutable_destination_ports()->set_upper(80);
  service.data("client").mutable_sap_protocol_data()->add_ip_address("10.10.1.100");
  return *normalise(service.order());
}

World walked_world() {
  World world;
  world.prefix = {{"vl-client", {"10.10.1.0/24"}},
                  {"vl-a", {"10.10.64.0/24"}},
                  {"vl-b", {"10.10.65.0/24"}},
                  {"vl-c", {"10.10.4.0/24"}}};
  world.address = {{{"fw", 1, "in"}, {"10.10.1.10/24"}},    {{"fw", 1, "out"}, {"10.10.64.10/24"}},
                   {{"nat", 1, "in"}, {"10.10.64.130/24"}}, {{"nat", 1, "out"}, {"10.10.65.10/24"}},
                   {{"lb", 1, "in"}, {"10.10.65.20/24"}},   {{"lb", 1, "out"}, {"10.10.4.10/24"}},
                   {{"web", 1, "in"}, {"10.10.4.130/24"}}};
  world.facts["fw"].behaviour = Function::TRANSPARENT;
  world.facts["nat"].behaviour = Function::TRANSLATING;
  for (const char* profile : {"lb", "web"}) {
    world.facts[profile].behaviour = Function::TERMINATING;
    world.facts[profile].service.set_protocol("tcp");
    world.facts[profile].service.set_port(80);
  }
  return world;
}

v1::Proof proved(const v1::Fragment& part, const World& world) {
  v1::Proof proof = testing::leaf_proof(part, world);
  for (auto& said : announce(*leaf_paths(part, proof, world.facts))) {
    *proof.add_announcement() = std::move(said);
  }
  return proof;
}

std::string text(const v1::SapBinding& binding) {
  std::string result = binding.sapd_id() + ":";
  for (const auto& route : binding.route()) {
    result += " " + route.prefix() + " via";
    for (const auto& hop : route.next_hop()) result += " " + hop;
  }
  for (const auto& backend : binding.backend()) result += " backend " + backend;
  return result;
}

Texts texts(const v1::Bindings& bindings) {
  Texts result;
  for (const auto& binding : bindings.sap()) result.push_back(text(binding));
  return result;
}

Texts saps_of(const v1::Fragment& fragment) {
  Texts result;
  for (const auto& sapd : fragment.nsd().sapd()) result.push_back(sapd.id());
  return result;
}

// T: {fw, nat, lb} to M, {web} to W. M: {nat, lb} to ML, {fw} to E.
class WalkedOrder : public ::testing::Test {
 protected:
  void SetUp() override {
    Assignment top;
    top.slot = {{{"fw", 1}, 0}, {{"nat", 1}, 0}, {{"lb", 1}, 0}, {{"web", 1}, 1}};
    top.sap = {{"client", 0}};
    at_t = *divide(whole, top);
    Assignment middle;
    middle.slot = {{{"nat", 1}, 0}, {{"lb", 1}, 0}, {{"fw", 1}, 1}};
    middle.sap = {{"client", 1}};
    m = *normalise(at_t.part[0]);
    at_m = *divide(m, middle);
    ml = proved(at_m.part[0], world);
    e = proved(at_m.part[1], world);
    w = proved(at_t.part[1], world);
    m_paths = *part_paths(m, at_m, {ml, e});
    m_proof = testing::joined(m, {ml, e}, m_paths);
    t_paths = *part_paths(whole, at_t, {m_proof, w});
    t_proof = testing::joined(whole, {m_proof, w}, t_paths);
    t_bound = part_bindings(t_paths, 2, root_bindings(whole));
    m_bound = part_bindings(m_paths, 2, t_bound[0]);
  }

  const v1::Fragment whole = walked_order();
  const World world = walked_world();
  Division at_t, at_m;
  v1::Fragment m;
  v1::Proof ml, e, w, m_proof, t_proof;
  Paths m_paths, t_paths;
  std::vector<v1::Bindings> t_bound, m_bound;
};

// Shows: R2
TEST_F(WalkedOrder, PartsEndInTheSapsOfTheWalk) {
  EXPECT_EQ(saps_of(at_t.part[0]), (Texts{"client", "cut:vl-c"}));
  EXPECT_EQ(saps_of(at_t.part[1]), (Texts{"cut:vl-c"}));
  EXPECT_EQ(saps_of(at_m.part[1]), (Texts{"client", "cut:vl-a"}));
  EXPECT_EQ(saps_of(at_m.part[0]), (Texts{"cut:vl-a", "cut:vl-c"}));
  ASSERT_EQ(at_t.cut.size(), 1U);
  EXPECT_EQ(at_t.cut[0].link_id, "vl-c");
  ASSERT_EQ(at_m.cut.size(), 1U);
  EXPECT_EQ(at_m.cut[0].link_id, "vl-a");
  EXPECT_FALSE(at_m.cut[0].continues);
}

// Shows: R17, R19
TEST_F(WalkedOrder, BindingsAreThoseOfTheWalk) {
  // Of the top: W learns nothing but its own link, M the web server as backend.
  EXPECT_EQ(texts(t_bound[1]), (Texts{"cut:vl-c:"}));
  EXPECT_EQ(texts(t_bound[0]), (Texts{"client:", "cut:vl-c: backend 10.10.4.130"}));
  // Of the middle.
  EXPECT_EQ(texts(m_bound[1]),
            (Texts{"client:", "cut:vl-a: 10.10.65.0/24 via 10.10.64.130 backend 10.10.64.130"}));
  EXPECT_EQ(texts(m_bound[0]),
            (Texts{"cut:vl-a: 10.10.1.0/24 via 10.10.64.10", "cut:vl-c: backend 10.10.4.130"}));
}

// Shows: R17
TEST_F(WalkedOrder, TheCustomerRoutesToTheLoadBalancersLink) {
  const auto routes = customer_routes(whole, t_proof);
  ASSERT_EQ(routes.size(), 1U);
  EXPECT_EQ(text(routes[0]), "client: 10.10.65.0/24 via 10.10.1.10");
}

// Shows: R17
TEST_F(WalkedOrder, NobodyAboveLearnsOfTheTranslation) {
  for (const auto& said : m_proof.announcement()) {
    if (said.sapd_id() == "client") {
      EXPECT_EQ(said.passes_on_size(), 0);
      EXPECT_EQ(said.next_hop(0), "10.10.1.10");
      EXPECT_EQ(said.target(0).address(), "10.10.65.20");
    } else {
      EXPECT_EQ(said.sapd_id(), "cut:vl-c");
      EXPECT_EQ(said.passes_on_size(), 0);
      EXPECT_EQ(said.next_hop(0), "10.10.4.10");
      EXPECT_EQ(said.originates(0), "10.10.4.0/24");
    }
  }
}

// Shows: R17, R18
TEST_F(WalkedOrder, InstancesGetWhatTheirPartWasTold) {
  const auto paths = leaf_paths(at_m.part[0], ml, world.facts);
  const auto routes = *instance_routes(*paths, m_bound[0]);
  for (const auto& [node, told] : routes) {
    const bool is_nat = ml.vnf(static_cast<int>(node)).vnf_profile_id() == "nat";
    ASSERT_EQ(told.route.size(), is_nat ? 1U : 0U);
    if (is_nat) {
      EXPECT_EQ(told.route[0].prefix(), "10.10.1.0/24");
      EXPECT_EQ(told.backend, (Texts{"10.10.65.20"}));
    } else {
      EXPECT_EQ(told.backend, (Texts{"10.10.4.130"}));
    }
  }
}

// Shows: R20
TEST_F(WalkedOrder, EachTierProbesWhatItCut) {
  const auto texts_of = [](const std::vector<PathProbe>& probes) {
    Texts result;
    for (const auto& probe : probes) {
      result.push_back(std::to_string(probe.part) + " " + probe.str() + " size " +
                       std::to_string(probe.packet_size));
    }
    return result;
  };
  EXPECT_EQ(texts_of(across_probes(m, at_m, {ml, e}, m_paths)),
            (Texts{"1 path web-path from client to 10.10.65.20 tcp/80 size 1500"}));
  EXPECT_EQ(texts_of(across_probes(whole, at_t, {m_proof, w}, t_paths)),
            (Texts{"0 path web-path from cut:vl-c to 10.10.4.130 tcp/80 size 1500"}));
  EXPECT_TRUE(inside_probes(at_m.part[1], e, *leaf_paths(at_m.part[1], e, world.facts)).empty());
  EXPECT_TRUE(inside_probes(at_m.part[0], ml, *leaf_paths(at_m.part[0], ml, world.facts)).empty());
  // All in one leaf: both sections are its own.
  const v1::Proof all = proved(whole, world);
  const auto paths = *leaf_paths(whole, all, world.facts);
  EXPECT_EQ(texts_of(inside_probes(whole, all, paths)),
            (Texts{"0 path web-path from client to 10.10.65.20 tcp/80 size 1500",
                   "0 path web-path from vl-c to 10.10.4.130 tcp/80 size 1500"}));
}

// Shows: R20
TEST_F(WalkedOrder, ProbesFindTheirFirstHop) {
  const auto paths = *leaf_paths(at_m.part[1], e, world.facts);
  EXPECT_EQ(*probe_next_hop(paths, m_bound[1], "web-path", "client", "", "10.10.65.20"),
            "10.10.1.10");
  EXPECT_EQ(
      probe_next_hop(paths, m_bound[1], "web-path", "client", "", "10.99.0.1").problem().type(),
      "routes.unreachable");
  const auto lb = *leaf_paths(at_m.part[0], ml, world.facts);
  EXPECT_EQ(*probe_next_hop(lb, m_bound[0], "web-path", "cut:vl-c", "", "10.10.4.130"), "");
}

}  // namespace
}  // namespace terrace
