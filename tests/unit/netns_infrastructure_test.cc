// The netns driver on a real kernel, with real packets, in namespaces of the test's own, without a
// PATH.
#include "southbound/netns/netns_infrastructure.h"

#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>
#include <future>
#include <iostream>

#include "linux/features.h"
#include "linux/nft.h"
#include "linux/probe.h"
#include "linux/process.h"
#include "tests/support/infrastructure_parts.h"
#include "tests/support/netns_bench.h"

namespace terrace {
namespace {

using kernel::ProbeAnswer;
using ::testing::HasSubstr;

constexpr char kHold[] = "6a1f6c0e-0000-4000-8000-000000000001";
constexpr char kOther[] = "6a1f6c0e-0000-4000-8000-000000000002";

void parameter(driver::v1::DesiredVnf& vnf, const std::string& key, const std::string& value) {
  auto& made = *vnf.add_parameter();
  made.set_key(key);
  made.set_value(value);
}

// Customer 10.10.1.0/24 -> firewall -> NAT -> load balancer 10.10.3.30 -> two web servers.
driver::v1::DesiredPart shop(const std::string& download_rate = "") {
  PartBuilder builder(kHold, "node-1");
  builder.link("client", "10.10.1.0/24", "10.10.1.250/24").add_attachment_id("ap-1");
  builder.link("a", "10.10.2.0/24");
  builder.link("b", "10.10.3.0/24");
  builder.link("c", "10.10.4.0/24");
  auto& firewall = builder.vnf("fw", "firewall");
  builder.cp(firewall, "in", "client", "10.10.1.10/24");
  builder.cp(firewall, "out", "a", "10.10.2.10/24");
  builder.route(firewall, "10.10.3.0/24", "10.10.2.20");
  parameter(firewall, "allow", "tcp, icmp");
  parameter(firewall, "deny", "tcp/8080");
  auto& nat = builder.vnf("nat", "nat");
  builder.cp(nat, "in", "a", "10.10.2.20/24");
  builder.cp(nat, "out", "b", "10.10.3.20/24");
  builder.route(nat, "10.10.1.0/24", "10.10.2.10");
  auto& balancer = builder.vnf("lb", "loadbalancer");
  builder.cp(balancer, "in", "b", "10.10.3.30/24");
  builder.cp(balancer, "out", "c", "10.10.4.30/24");
  for (const char* profile : {"fw", "nat", "lb"}) {
    for (auto& vnf : *builder.part().mutable_vnf()) {
      if (vnf.vnf_profile_id() != profile) continue;
      vnf.set_ingress_cpd_id("in");
      vnf.set_egress_cpd_id("out");
      for (const char* backend : {"10.10.4.41", "10.10.4.42"}) {
        if (vnf.function() == "loadbalancer") vnf.add_backend(backend);
      }
    }
  }
  for (const std::uint32_t index : {1U, 2U}) {
    auto& web = builder.vnf("web", "web", index);
    builder.cp(web, "in", "c", "10.10.4.4" + std::to_string(index) + "/24");
    web.set_ingress_cpd_id("in");
    parameter(web, "download-mib", "4");
    if (!download_rate.empty()) parameter(web, "download-rate", download_rate);
  }
  return builder.build();
}

std::uint64_t counter(const kernel::NetNs& ns, const std::string& name) {
  for (const auto& one : must(kernel::nft_counters(ns))) {
    if (one.name == name) return one.packets;
  }
  ADD_FAILURE() << "no counter " << name;
  return 0;
}

class Netns : public ::testing::Test {
 protected:
  Netns() : customer_(directory_.path() / "customer"), bench_(directory_.path() / "a") {
    join(customer_.ns(), "c0", "10.10.1.100/24", bench_.site().ns(), "cust", "", 1400);
    must(must(kernel::Netlink::open(customer_.ns()))
             .add_route({.destination = "10.10.3.0/24", .gateway = "10.10.1.10"}));
    bench_.open();
    site_links_ = bench_.site().links();
  }
  void TearDown() override {
    for (const char* id : {kHold, kOther}) EXPECT_TRUE(bench_.remove(id).ok());
    bench_.expect_nothing_left(site_links_);
  }

  void make(const driver::v1::DesiredPart& part) {
    const auto applied = bench_.apply(part);
    ASSERT_TRUE(applied.ok()) << describe(applied.problem());
  }
  // Which of the two servers answer.
  std::set<std::string> servers() {
    std::set<std::string> seen;
    for (int i = 0; i < 6; ++i) {
      const std::string page = body_of(http_get(customer_.ns(), "10.10.3.30", "/"));
      const auto at = page.find("index ");
      seen.insert(at == std::string::npos ? "none: " + page : page.substr(at, 7));
    }
    return seen;
  }
  ProbeAnswer ping(const std::string& address, std::uint32_t size = 0) {
    return must(kernel::probe(customer_.ns(),
                              kernel::IcmpProbe{.destination = address, .packet_size = size}));
  }

  TempDir directory_;
  KeptNetNs customer_;
  NetnsBench bench_;
  std::set<std::string> site_links_;
};

const std::set<std::string> kBoth = {"index 1", "index 2"};

TEST_F(Netns, ACustomerReachesBothServersThroughTheWholeChain) {
  make(shop());
  EXPECT_EQ(servers(), kBoth);
  EXPECT_EQ(ping("10.10.3.30").verdict, ProbeAnswer::Verdict::kAnswered);
  EXPECT_EQ(ping("10.10.3.30", 1400).verdict, ProbeAnswer::Verdict::kAnswered);
  EXPECT_EQ(ping("10.10.3.30", 1401).verdict, ProbeAnswer::Verdict::kRefused);
  // The traffic went where it should: in by one link, out by the other, translated.
  EXPECT_GT(counter(bench_.vnf("fw"), "eth0_in"), 0U);
  EXPECT_GT(counter(bench_.vnf("fw"), "eth1_out"), 0U);
  EXPECT_GT(counter(bench_.vnf("nat"), "translated"), 0U);
  EXPECT_EQ(counter(bench_.vnf("fw"), "dropped"), 0U);
}

TEST_F(Netns, ADeniedPortIsDroppedThoughSomebodyListensAndIsCounted) {
  make(shop());
  const auto listener = listen_in(bench_.vnf("lb"), 8080);
  const auto other = listen_in(bench_.vnf("lb"), 8081);
  EXPECT_TRUE(connect_from(bench_.vnf("nat"), "10.10.3.30", 8080));
  EXPECT_TRUE(connect_from(customer_.ns(), "10.10.3.30", 8081));
  EXPECT_FALSE(connect_from(customer_.ns(), "10.10.3.30", 8080, 500));
  EXPECT_GT(counter(bench_.vnf("fw"), "deny_tcp_8080"), 0U);
  EXPECT_GT(counter(bench_.vnf("fw"), "dropped"), 0U);
}

// Shows: R27
TEST_F(Netns, ApplyingAgainDisturbsNoDownload) {
  const auto part = shop("2m");
  make(part);
  const auto before = bench_.of_kind("process");
  auto download = std::async(std::launch::async, [&] {
    return body_of(http_get(customer_.ns(), "10.10.3.30", "/download")).size();
  });
  int rounds = 0;
  for (; download.wait_for(std::chrono::seconds(0)) != std::future_status::ready; ++rounds) {
    make(part);
  }
  EXPECT_GE(rounds, 3);
  EXPECT_EQ(download.get(), 4U << 20);
  EXPECT_EQ(bench_.of_kind("process"), before);
}

// Shows: R27
TEST_F(Netns, OtherBackendsAreTakenInWithoutANewLoadBalancer) {
  auto part = shop();
  make(part);
  const auto master = bench_.of_kind("process");
  for (auto& vnf : *part.mutable_vnf()) {
    if (vnf.function() != "loadbalancer") continue;
    vnf.clear_backend();
    vnf.add_backend("10.10.4.42");
  }
  make(part);
  EXPECT_EQ(servers(), std::set<std::string>{"index 2"});
  std::multiset<std::string> still;
  const auto now = bench_.of_kind("process");
  std::set_intersection(master.begin(), master.end(), now.begin(), now.end(),
                        std::inserter(still, still.end()));
  // All but the one worker that was replaced.
  EXPECT_GE(still.size() + 1, master.size());
}

// Shows: R27
TEST_F(Netns, WhatIsBrokenIsMadeWholeAgain) {
  const auto part = shop();
  make(part);
  // A server's master dies, its worker stays; a firewall loses its rules, a NAT a link.
  for (const auto& resource : bench_.inspect()) {
    if (resource.kind() != "process" || resource.vnf_profile_id() != "web") continue;
    must(kernel::send_signal(must(kernel::identify(std::stoi(resource.where()))), SIGKILL));
    break;
  }
  must(kernel::nft_apply(bench_.vnf("fw"), "flush ruleset"));
  must(must(kernel::Netlink::open(bench_.vnf("nat"))).delete_link("eth1"));
  EXPECT_FALSE(connect_from(customer_.ns(), "10.10.3.30", 80, 300));
  make(part);
  EXPECT_EQ(servers(), kBoth);
  EXPECT_FALSE(connect_from(customer_.ns(), "10.10.3.30", 8080, 300));
  EXPECT_GT(counter(bench_.vnf("fw"), "deny_tcp_8080"), 0U);
}

// Shows: R26, R27
TEST_F(Netns, AnotherDriverOverTheSameDirectoryFindsItAndTakesItDown) {
  const auto part = shop();
  make(part);
  const auto before = bench_.of_kind("process");
  bench_.close();
  EXPECT_EQ(servers(), kBoth);
  bench_.open();
  EXPECT_EQ(bench_.of_kind("process"), before);
  make(part);
  EXPECT_EQ(bench_.of_kind("process"), before);
  std::vector<std::uint64_t> inodes;
  for (const auto& resource : bench_.inspect()) {
    if (resource.kind() != "netns") continue;
    inodes.push_back(must(kernel::NetNs::open(resource.where())).inode());
  }
  EXPECT_EQ(inodes.size(), 6U);
  ASSERT_TRUE(bench_.remove(kHold).ok());
  for (const auto inode : inodes) EXPECT_TRUE(must(kernel::processes_in(inode)).empty());
  bench_.expect_nothing_left(site_links_);
}

TEST_F(Netns, OneDirectoryHasOneDriver) {
  AsioExecutor executor;
  const auto second = NetnsInfrastructure::open(bench_.config(), executor, Log());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.problem().type(), "netns.run-dir-taken");
}

// Shows: R27
TEST_F(Netns, WhatNobodyKnowsIsListedAndCanBeTakenDown) {
  (void)must(kernel::NetNs::create(bench_.run_dir() + "/ns/planted"));
  std::filesystem::create_directories(bench_.run_dir() + "/vnf/aaaaaaaa/web-1");
  std::set<std::string> holds;
  for (const auto& resource : bench_.inspect()) holds.insert(resource.hold_id());
  EXPECT_EQ(holds, (std::set<std::string>{"stray:planted", "stray:aaaaaaaa"}));
  for (const auto& hold : holds) EXPECT_TRUE(bench_.remove(hold).ok());
  EXPECT_TRUE(bench_.inspect().empty());
}

TEST_F(Netns, WhatCannotBeMadeLeavesNothing) {
  auto part = shop();
  for (auto& vnf : *part.mutable_vnf()) {
    if (vnf.function() == "firewall") vnf.mutable_parameter(0)->set_value("tcp/80; drop");
  }
  const auto applied = bench_.apply(part);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.problem().type(), "function.bad-parameter");
  EXPECT_TRUE(bench_.inspect().empty());
}

TEST_F(Netns, AMissingProgramIsToldWithItsPackage) {
  auto config = bench_.config();
  config.run_dir += "-2";
  config.program.haproxy = "/nowhere/haproxy";
  AsioExecutor executor;
  const auto opened = NetnsInfrastructure::open(config, executor, Log());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.problem().type(), "netns.no-program");
  ASSERT_GT(opened.problem().possible_size(), 0);
  EXPECT_THAT(opened.problem().possible(0), HasSubstr("Install the package haproxy"));
}

TEST_F(Netns, BothFamiliesOnOneLink) {
  PartBuilder builder(kHold, "node-1");
  auto& link = builder.link("client", "10.10.1.0/24", "10.10.1.250/24");
  link.add_prefix("fd00:1::/64");
  link.add_probe_address("fd00:1::fa/64");
  auto& web = builder.vnf("web", "web");
  builder.cp(web, "in", "client", "10.10.1.30/24");
  web.mutable_cp(0)->add_address("fd00:1::30/64");
  make(builder.build());
  for (const char* address : {"10.10.1.30", "fd00:1::30"}) {
    auto order = chain_probe(kHold, address, "tcp", 80);
    order.clear_next_hop();
    EXPECT_EQ(bench_.probe(order).verdict(), v1::ProbeResult::ANSWERED) << address;
    order.set_protocol("icmp");
    order.set_packet_size(1400);
    EXPECT_EQ(bench_.probe(order).verdict(), v1::ProbeResult::ANSWERED) << address;
  }
}

TEST_F(Netns, ALinkKeepsToItsBitRate) {
  PartBuilder builder(kHold, "node-1");
  auto& link = builder.link("client", "10.10.1.0/24");
  link.add_attachment_id("ap-1");
  link.set_bitrate(8'000'000);
  auto& web = builder.vnf("web", "web");
  builder.cp(web, "in", "client", "10.10.1.30/24");
  parameter(web, "download-mib", "1");
  make(builder.build());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(body_of(http_get(customer_.ns(), "10.10.1.30", "/download")).size(), 1U << 20);
  // 1.05 s by the rate alone.
  EXPECT_GT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(900));
}

// The site may be the operator's own host: a customer on its port must not reach it.
TEST_F(Netns, TheSiteItselfDoesNotAnswerACustomer) {
  must(must(kernel::Netlink::open(bench_.site().ns())).add_address("lo", "10.10.1.77/32"));
  EXPECT_EQ(ping("10.10.1.77").verdict, ProbeAnswer::Verdict::kSilent);
}

// Two sites, 192.0.2.1 and .2 on one underlay.
class NetnsSites : public ::testing::Test {
 protected:
  NetnsSites()
      : customer_(directory_.path() / "customer"),
        near_(directory_.path() / "near", "192.0.2.1"),
        far_(directory_.path() / "far", "192.0.2.2"),
        elsewhere_(directory_.path() / "elsewhere") {
    join(near_.site().ns(), "wan0", "192.0.2.1/24", far_.site().ns(), "wan0", "192.0.2.2/24", 1500);
    join(customer_.ns(), "c0", "10.10.1.100/24", near_.site().ns(), "cust", "", 1400);
    join(elsewhere_.ns(), "c0", "", far_.site().ns(), "cust", "", 1400);
    must(must(kernel::Netlink::open(customer_.ns()))
             .add_route({.destination = "10.10.2.0/24", .gateway = "10.10.1.10"}));
    near_.open();
    far_.open();
  }
  void TearDown() override {
    for (auto* bench : {&near_, &far_}) {
      for (const char* id : {kHold, kOther}) EXPECT_TRUE(bench->remove(id).ok());
      bench->expect_nothing_left({"lo", "wan0", "cust", "att-ap-1"});
    }
  }

  using Peers = std::vector<std::pair<std::string, std::uint32_t>>;
  static driver::v1::DesiredPart edge() {
    PartBuilder builder(kHold, "node-1");
    builder.link("client", "10.10.1.0/24", "10.10.1.250/24").add_attachment_id("ap-1");
    auto& cut = builder.link("cut", "10.10.2.0/24", "10.10.2.250/24");
    builder.stitch(cut, "wan", "metro", 7001, Peers{{"192.0.2.2", 4789}});
    auto& firewall = builder.vnf("fw", "firewall");
    builder.cp(firewall, "in", "client", "10.10.1.10/24");
    builder.cp(firewall, "out", "cut", "10.10.2.10/24");
    return builder.build();
  }
  static driver::v1::DesiredPart core(const std::string& hold, const std::string& address) {
    PartBuilder builder(hold, "node-1");
    auto& cut = builder.link("cut", "10.10.2.0/24", "10.10.2.250/24");
    builder.stitch(cut, "wan", "metro", 7001, Peers{{"192.0.2.1", 4789}});
    auto& web = builder.vnf("web", "web");
    builder.cp(web, "in", "cut", address + "/24");
    web.mutable_cp(0)->set_mac("02:54:00:00:01:" + address.substr(address.size() - 2));
    builder.route(web, "10.10.1.0/24", "10.10.2.10");
    return builder.build();
  }
  bool serves(const std::string& address) {
    return body_of(http_get(customer_.ns(), address, "/")).find("profile web") != std::string::npos;
  }

  TempDir directory_;
  KeptNetNs customer_;
  NetnsBench near_;
  NetnsBench far_;
  KeptNetNs elsewhere_;
};

// Shows: R16
TEST_F(NetnsSites, ALinkGoesOnFromOneSiteToTheOther) {
  // Twice: what was taken down is gone, so that the segment's id is free again at once.
  for (int round = 0; round < 2; ++round) {
    auto made = near_.apply(edge());
    ASSERT_TRUE(made.ok()) << describe(made.problem());
    made = far_.apply(core(kHold, "10.10.2.30"));
    ASSERT_TRUE(made.ok()) << describe(made.problem());
    EXPECT_TRUE(serves("10.10.2.30"));
    EXPECT_EQ(must(kernel::probe(customer_.ns(), kernel::IcmpProbe{.destination = "10.10.2.30",
                                                                   .packet_size = 1400}))
                  .verdict,
              ProbeAnswer::Verdict::kAnswered);
    auto order = chain_probe(kHold, "10.10.2.30", "tcp", 80);
    order.set_link_id("cut");
    order.clear_next_hop();
    EXPECT_EQ(near_.probe(order).verdict(), v1::ProbeResult::ANSWERED);
    EXPECT_TRUE(near_.remove(kHold).ok());
    EXPECT_TRUE(far_.remove(kHold).ok());
  }
}

// Shows: R10: two holds bring ends of one link to one site.
TEST_F(NetnsSites, TwoHoldsOnOneLinkAreJoinedAndEitherMayGoFirst) {
  ASSERT_TRUE(near_.apply(edge()).ok());
  ASSERT_TRUE(far_.apply(core(kHold, "10.10.2.30")).ok());
  const auto second = far_.apply(core(kOther, "10.10.2.31"));
  ASSERT_TRUE(second.ok()) << describe(second.problem());
  EXPECT_TRUE(serves("10.10.2.30"));
  EXPECT_TRUE(serves("10.10.2.31"));
  auto order = chain_probe(kOther, "10.10.2.30", "tcp", 80);
  order.set_link_id("cut");
  order.clear_next_hop();
  EXPECT_EQ(far_.probe(order).verdict(), v1::ProbeResult::ANSWERED);
  ASSERT_TRUE(far_.remove(kHold).ok());
  EXPECT_FALSE(serves("10.10.2.30"));
  EXPECT_TRUE(serves("10.10.2.31"));
}

}  // namespace
}  // namespace terrace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (const auto features = terrace::kernel::detect_features(); !features) {
    std::cout << "NOT TESTED: " << terrace::describe(features.problem()) << "\n";
    return 77;
  }
  ::setenv("PATH", "", 1);
  return RUN_ALL_TESTS();
}
