#include <gmock/gmock.h>
#include <netinet/in.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "linux/features.h"
#include "linux/link_watch.h"
#include "linux/nft.h"
#include "linux/probe.h"
#include "linux/sysctl.h"
#include "linux/tc.h"
#include "tests/unit/linux_test_support.h"

namespace terrace::kernel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;
using Verdict = ProbeAnswer::Verdict;

ProbeAnswer ping(const NetNs& ns, const std::string& to, std::uint32_t size = 0) {
  return must(probe(ns, IcmpProbe{.destination = to, .packet_size = size, .within = seconds(2)}));
}

class NetNsTest : public KernelTest {};

TEST_F(NetNsTest, IsKeptByAFileUntilRemoved) {
  const auto before = must(NetNs::current()).inode();
  const NetNs made = make("a");
  EXPECT_NE(made.inode(), before);
  EXPECT_EQ(must(NetNs::current()).inode(), before) << "the caller's thread has moved";
  EXPECT_EQ(must(NetNs::open(path("a"))).inode(), made.inode());

  const auto again = NetNs::create(path("a"));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.problem().code(), Problem::ALREADY_EXISTS);
  EXPECT_THAT(describe(again.problem()), HasSubstr(path("a")));
  EXPECT_EQ(must(NetNs::open(path("a"))).inode(), made.inode());

  ASSERT_DONE(NetNs::remove(path("a")));
  ASSERT_DONE(NetNs::remove(path("a")));
  const auto gone = NetNs::open(path("a"));
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.problem().code(), Problem::NOT_FOUND);
}

TEST_F(NetNsTest, ListShowsOnlyNamespaces) {
  const NetNs one = make("one");
  const NetNs two = make("two");
  std::ofstream(path("note.log")) << "not a namespace";
  EXPECT_THAT(must(NetNs::list(path(""))), ElementsAre("one", "two"));
  EXPECT_TRUE(must(NetNs::list(path("missing"))).empty());
  EXPECT_EQ(NetNs::remove(path("note.log")).problem().code(), Problem::FAILED_PRECONDITION);
  EXPECT_EQ(NetNs::open(path("note.log")).problem().code(), Problem::INVALID_ARGUMENT);
}

TEST_F(NetNsTest, RunInIsInsideAndHandsResultsOn) {
  const NetNs ns = make("a");
  const auto inside =
      run_in(ns, []() -> Result<std::uint64_t> { return must(NetNs::current()).inode(); });
  EXPECT_EQ(must(Result<std::uint64_t>(inside)), ns.inode());
  const Status failed =
      run_in(ns, []() -> Status { return problem(Problem::ABORTED, "test", "as asked"); });
  EXPECT_EQ(failed.problem().code(), Problem::ABORTED);
}

class LinksTest : public KernelTest {};

TEST_F(LinksTest, VethEndsAreWhereAndHowAskedFor) {
  const NetNs hub = make("hub");
  const NetNs far = make("far");
  auto here = must(Netlink::open(hub));
  auto there = must(Netlink::open(far));
  ASSERT_DONE(here.add_veth({.name = "a0", .mac = "02:00:00:00:00:01", .mtu = 1400, .ns = &far},
                            {.name = "a1", .mac = "02:00:00:00:00:02", .mtu = 1300}));
  const Link a0 = must(there.link("a0"));
  const Link a1 = must(here.link("a1"));
  EXPECT_EQ(a0.kind, "veth");
  EXPECT_EQ(a0.mac, "02:00:00:00:00:01");
  EXPECT_EQ(a0.mtu, 1400U);
  EXPECT_EQ(a1.mac, "02:00:00:00:00:02");
  EXPECT_EQ(a1.mtu, 1300U);
  EXPECT_EQ(a0.peer_index, a1.index);
  EXPECT_TRUE(a0.peer_netnsid.has_value());
  EXPECT_FALSE(a0.up);

  ASSERT_DONE(here.set_up("a1"));
  EXPECT_FALSE(must(here.link("a1")).running) << "the other end is down";
  auto watch = must(LinkWatch::open(hub));
  EXPECT_THAT(watch.wait_running({"a1", "lo"}, milliseconds(1)).problem().what(),
              testing::EndsWith(": a1"));
  ASSERT_DONE(there.set_up("a0"));
  ASSERT_DONE(watch.wait_running({"a1"}, seconds(5)));
  EXPECT_TRUE(must(here.link("a1")).running);
  ASSERT_DONE(here.set_down("a1"));
  ASSERT_DONE(here.rename_link("a1", "b1"));
  ASSERT_DONE(here.set_mac("b1", "02:00:00:00:00:03"));
  ASSERT_DONE(here.set_mtu("b1", 1280));
  EXPECT_EQ(must(here.link("b1")).mac, "02:00:00:00:00:03");
  EXPECT_EQ(must(here.link("b1")).mtu, 1280U);
  EXPECT_FALSE(must(here.link("b1")).up);

  ASSERT_DONE(here.move_link("b1", far, "c1"));
  EXPECT_EQ(here.link("b1").problem().code(), Problem::NOT_FOUND);
  EXPECT_FALSE(must(there.link("c1")).peer_netnsid.has_value()) << "both ends are here now";
  ASSERT_DONE(there.delete_link("a0"));
  ASSERT_DONE(there.delete_link("a0"));
  EXPECT_THAT(link_names(far), ElementsAre("lo"));
}

TEST_F(LinksTest, ErrorsNameTheObjectAndTheReason) {
  const NetNs ns = make("a");
  auto netlink = must(Netlink::open(ns));
  const Status missing = netlink.set_up("nobody");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.problem().code(), Problem::NOT_FOUND);
  EXPECT_THAT(describe(missing.problem()), HasSubstr("link/nobody"));

  ASSERT_DONE(netlink.add_bridge({.name = "br"}));
  EXPECT_EQ(netlink.add_bridge({.name = "br"}).problem().code(), Problem::ALREADY_EXISTS);
  EXPECT_EQ(netlink.add_bridge({.name = "a-name-too-long-for-a-link"}).problem().code(),
            Problem::INVALID_ARGUMENT);
  EXPECT_EQ(netlink.set_mac("br", "02:00:00:00:00").problem().code(), Problem::INVALID_ARGUMENT);
  EXPECT_EQ(netlink.add_address("br", "10.0.0.1").problem().code(), Problem::INVALID_ARGUMENT);
  EXPECT_EQ(netlink.add_address("br", "10.0.0.1/33").problem().code(), Problem::INVALID_ARGUMENT);

  ASSERT_DONE(netlink.add_vxlan({.name = "v1", .id = 5, .local = "127.0.0.1"}));
  const Status twice = netlink.add_vxlan({.name = "v2", .id = 5, .local = "127.0.0.1"});
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.problem().code(), Problem::ALREADY_EXISTS);
  // The kernel's own words, which libnl drops.
  EXPECT_THAT(twice.problem().what(), HasSubstr("VNI"));
}

TEST_F(LinksTest, AddressesRoutesAndRulesAreListedAsTheyWereAdded) {
  const NetNs ns = make("a");
  auto netlink = must(Netlink::open(ns));
  ASSERT_DONE(netlink.add_veth({.name = "e0"}, {.name = "e1"}));
  ASSERT_DONE(netlink.set_up("e0"));
  ASSERT_DONE(netlink.set_up("e1"));
  ASSERT_DONE(netlink.add_address("e0", "10.1.0.1/24"));
  ASSERT_DONE(netlink.add_address("e0", "fd00:1::1/64"));
  const Address v4{"e0", "10.1.0.1/24"};
  const Address v6{"e0", "fd00:1::1/64"};
  EXPECT_THAT(must(netlink.addresses()), IsSupersetOf({v4, v6}));

  const Route via{.destination = "10.9.0.0/16",
                  .gateway = "10.1.0.2",
                  .table = 1000,
                  .metric = 7,
                  .mtu = 1400,
                  .source = "10.1.0.1"};
  ASSERT_DONE(netlink.add_route(via));
  EXPECT_EQ(netlink.add_route(via).problem().code(), Problem::ALREADY_EXISTS);
  ASSERT_DONE(netlink.add_route({.destination = "10.8.0.1/32", .link = "e0"}));
  ASSERT_DONE(netlink.add_route(
      {.destination = "0.0.0.0/0", .gateway = "192.0.2.1", .link = "e0", .onlink = true}));
  ASSERT_DONE(netlink.add_route({.destination = "::/0", .gateway = "fd00:1::2", .metric = 5}));
  ASSERT_DONE(netlink.add_route({.destination = "10.7.0.0/16", .kind = Route::Kind::kBlackhole}));
  Route replaced = via;
  replaced.gateway = "10.1.0.3";
  ASSERT_DONE(netlink.replace_route(replaced));

  const auto find = [&](const std::string& destination) {
    for (const auto& route : must(netlink.routes())) {
      if (route.destination == destination) return route;
    }
    return Route{};
  };
  const Route found = find("10.9.0.0/16");
  EXPECT_EQ(found.gateway, "10.1.0.3");
  EXPECT_EQ(found.link, "e0");
  EXPECT_EQ(found.table, 1000U);
  EXPECT_EQ(found.metric, 7U);
  EXPECT_EQ(found.mtu, 1400U);
  EXPECT_EQ(found.source, "10.1.0.1");
  EXPECT_EQ(find("10.8.0.1/32").link, "e0");
  EXPECT_TRUE(find("0.0.0.0/0").onlink);
  EXPECT_EQ(find("::/0").gateway, "fd00:1::2");
  EXPECT_EQ(find("10.7.0.0/16").kind, Route::Kind::kBlackhole);
  for (const auto& gone : {via, Route{.destination = "0.0.0.0/0"}, Route{.destination = "::/0"}}) {
    Route any = gone;
    any.gateway.clear();
    ASSERT_DONE(netlink.delete_route(any));
    ASSERT_DONE(netlink.delete_route(any));
    EXPECT_EQ(find(gone.destination).destination, "");
  }
  ASSERT_DONE(netlink.delete_route({.destination = "10.1.0.0/24"}));
  EXPECT_EQ(find("10.1.0.0/24").destination, "") << "made by the kernel, deleted by us";

  Rule rule{.priority = 100,
            .fwmark = 3,
            .fwmask = 0xff,
            .from = "10.1.0.0/24",
            .iif = "e0",
            .ip_protocol = IPPROTO_TCP,
            .dport_first = 80,
            .dport_last = 90,
            .table = 1000};
  ASSERT_DONE(netlink.add_rule(rule));
  EXPECT_EQ(netlink.add_rule(rule).problem().code(), Problem::ALREADY_EXISTS);
  Rule rule6{.v6 = true, .priority = 101, .to = "fd00:9::/64", .table = 1001};
  ASSERT_DONE(netlink.add_rule(rule6));
  EXPECT_THAT(must(netlink.rules()), IsSupersetOf({rule, rule6}));
  ASSERT_DONE(netlink.delete_rule(rule));
  ASSERT_DONE(netlink.delete_rule(rule));
  EXPECT_THAT(must(netlink.rules()), Not(Contains(rule)));

  const Neighbour neighbour{"e0", "10.1.0.9", "02:00:00:00:00:09"};
  ASSERT_DONE(netlink.add_neighbour(neighbour));
  EXPECT_THAT(must(netlink.neighbours("e0")), Contains(neighbour));
  ASSERT_DONE(netlink.delete_neighbour(neighbour));
  EXPECT_THAT(must(netlink.neighbours("e0")), Not(Contains(neighbour)));
  ASSERT_DONE(netlink.delete_address("e0", "10.1.0.1/24"));
  ASSERT_DONE(netlink.delete_address("e0", "10.1.0.1/24"));
  EXPECT_THAT(must(netlink.addresses()), Not(Contains(v4)));
}

TEST_F(LinksTest, NamespacesTalkThroughABridge) {
  const NetNs hub = make("hub");
  const NetNs a = make("a");
  const NetNs b = make("b");
  add_bridge(hub, "br");
  plug(hub, "br", a, "pa", "10.0.0.1/24");
  plug(hub, "br", b, "pb", "10.0.0.2/24");
  ASSERT_DONE(must(Netlink::open(a)).add_address("eth0", "fd00::1/64"));
  ASSERT_DONE(must(Netlink::open(b)).add_address("eth0", "fd00::2/64"));
  const auto v4 = ping(a, "10.0.0.2");
  EXPECT_EQ(v4.verdict, Verdict::kAnswered) << v4.detail;
  EXPECT_EQ(v4.source, "10.0.0.1");
  EXPECT_GT(v4.round_trip, Duration::zero());
  const auto v6 = ping(a, "fd00::2");
  EXPECT_EQ(v6.verdict, Verdict::kAnswered) << v6.detail;

  auto there = must(Netlink::open(hub));
  const auto port = must(there.link("pa"));
  EXPECT_EQ(port.master, must(there.link("br")).index);
  EXPECT_GT(port.statistics.rx_packets, 0U);
  EXPECT_GT(port.statistics.tx_bytes, 0U);
  ASSERT_DONE(there.set_master("pa", ""));
  EXPECT_EQ(must(there.link("pa")).master, 0);
  const auto cut = must(probe(a, IcmpProbe{.destination = "10.0.0.2", .within = milliseconds(50)}));
  EXPECT_NE(cut.verdict, Verdict::kAnswered);
}

// The underlay joins two sites; each site's VXLAN device is made there and moved to where it is
// used. The overlay takes packets of exactly the underlay's MTU less the overhead.
TEST_F(LinksTest, VxlanKeepsItsUnderlayAfterTheMove) {
  const NetNs underlay = make("underlay");
  add_bridge(underlay, "br");
  const NetNs site[2] = {make("site0"), make("site1")};
  const NetNs inner[2] = {make("inner0"), make("inner1")};
  const std::string outer_address[2] = {"192.0.2.1", "192.0.2.2"};
  const std::string inner_address[2] = {"10.0.0.1/24", "10.0.0.2/24"};
  for (int i = 0; i < 2; ++i) {
    plug(underlay, "br", site[i], "s" + std::to_string(i), outer_address[i] + "/24");
    auto outside = must(Netlink::open(site[i]));
    auto inside = must(Netlink::open(inner[i]));
    ASSERT_DONE(outside.add_vxlan({.name = "tmp",
                                   .id = 7001,
                                   .local = outer_address[i],
                                   .mtu = 1500 - kVxlanOverheadV4,
                                   .learning = i == 0}));
    ASSERT_DONE(outside.move_link("tmp", inner[i], "vx"));
    ASSERT_DONE(inside.add_forwarding("vx", {.destination = outer_address[1 - i]}));
    ASSERT_DONE(inside.add_forwarding("vx", {.destination = "192.0.2.9"}));
    ASSERT_DONE(inside.add_forwarding("vx", {.destination = "192.0.2.9"}));
    EXPECT_THAT(must(inside.forwarding("vx")),
                UnorderedElementsAre(Forwarding{.destination = outer_address[1 - i]},
                                     Forwarding{.destination = "192.0.2.9"}));
    ASSERT_DONE(inside.delete_forwarding("vx", {.destination = "192.0.2.9"}));
    ASSERT_DONE(inside.delete_forwarding("vx", {.destination = "192.0.2.9"}));
    EXPECT_EQ(must(inside.forwarding("vx")).size(), 1U);
    ASSERT_DONE(inside.add_address("vx", inner_address[i]));
    ASSERT_DONE(inside.set_up("vx"));
    const Link link = must(inside.link("vx"));
    EXPECT_EQ(link.kind, "vxlan");
    ASSERT_TRUE(link.vxlan.has_value());
    EXPECT_EQ(link.vxlan->id, 7001U);
    EXPECT_EQ(link.vxlan->local, outer_address[i]);
    EXPECT_EQ(link.vxlan->port, kVxlanPort);
    EXPECT_EQ(link.vxlan->learning, i == 0);
  }
  const auto small = ping(inner[0], "10.0.0.2");
  EXPECT_EQ(small.verdict, Verdict::kAnswered) << small.detail;
  const auto full = ping(inner[0], "10.0.0.2", 1450);
  EXPECT_EQ(full.verdict, Verdict::kAnswered) << full.detail;
  const auto over = ping(inner[0], "10.0.0.2", 1451);
  EXPECT_EQ(over.verdict, Verdict::kRefused) << over.detail;
  EXPECT_EQ(over.takes_mtu, 1450U);
  // Taken in the site's namespace still, where the device no longer is.
  auto outside = must(Netlink::open(site[0]));
  EXPECT_EQ(
      outside.add_vxlan({.name = "tmp", .id = 7001, .local = outer_address[0]}).problem().code(),
      Problem::ALREADY_EXISTS);
}

TEST_F(LinksTest, WatchSeesPeersVanishWithTheirNamespace) {
  const NetNs hub = make("hub");
  auto netlink = must(Netlink::open(hub));
  auto watch = must(LinkWatch::open(hub));
  std::vector<std::string> names;
  {
    const NetNs ns = make("doomed");
    for (int i = 0; i < 5; ++i) {
      names.push_back("p" + std::to_string(i));
      ASSERT_DONE(
          netlink.add_veth({.name = names.back()}, {.name = "e" + std::to_string(i), .ns = &ns}));
    }
    ASSERT_DONE(watch.wait_present(names, seconds(1)));
    const Status still = watch.wait_gone({"p3", "elsewhere"}, milliseconds(1));
    ASSERT_FALSE(still.ok());
    EXPECT_EQ(still.problem().code(), Problem::DEADLINE_EXCEEDED);
    EXPECT_THAT(still.problem().what(), HasSubstr("p3"));
    EXPECT_THAT(still.problem().what(), Not(HasSubstr("elsewhere")));
    ASSERT_DONE(NetNs::remove(path("doomed")));
  }
  ASSERT_DONE(watch.wait_gone(names, seconds(10)));
  EXPECT_THAT(link_names(hub), ElementsAre("lo"));
  const Status missing = watch.wait_present({"p0"}, milliseconds(1));
  EXPECT_THAT(missing.problem().what(), HasSubstr("p0"));
}

TEST_F(LinksTest, WatchWakesForWhatAnotherThreadDoes) {
  const NetNs hub = make("hub");
  auto watch = must(LinkWatch::open(hub));
  // A port taken out of its bridge is told as "deleted" too, which it is not.
  std::thread other([&] {
    auto netlink = must(Netlink::open(hub));
    EXPECT_TRUE(netlink.add_bridge({.name = "br"}).ok());
    EXPECT_TRUE(netlink.add_veth({.name = "p0"}, {.name = "p1"}).ok());
    EXPECT_TRUE(netlink.set_master("p0", "br").ok());
    EXPECT_TRUE(netlink.set_master("p0", "").ok());
    EXPECT_TRUE(netlink.rename_link("p1", "last").ok());
  });
  const Status seen = watch.wait_present({"last", "br", "p0"}, seconds(10));
  other.join();
  ASSERT_DONE(seen);
  ASSERT_DONE(watch.wait_gone({"p1"}, seconds(1)));
}

TEST_F(LinksTest, NftCountsAndRefusesWithTheLine) {
  const NetNs hub = make("hub");
  const NetNs a = make("a");
  const NetNs b = make("b");
  add_bridge(hub, "br");
  plug(hub, "br", a, "pa", "10.0.0.1/24");
  plug(hub, "br", b, "pb", "10.0.0.2/24");
  const std::string ruleset = R"(
    table inet t {
      counter seen { }
      counter dropped { }
      chain in {
        type filter hook input priority 0;
        icmp type echo-request counter name seen
        udp dport 9 counter name dropped drop
      }
    })";
  ASSERT_DONE(nft_apply(b, ruleset));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ping(a, "10.0.0.2", 100).verdict, Verdict::kAnswered);
  const auto counters = must(nft_counters(b));
  ASSERT_EQ(counters.size(), 2U);
  const auto& seen = counters[0].name == "seen" ? counters[0] : counters[1];
  EXPECT_EQ(seen.family, "inet");
  EXPECT_EQ(seen.table, "t");
  EXPECT_EQ(seen.packets, 3U);
  EXPECT_EQ(seen.bytes, 300U);
  EXPECT_TRUE(must(nft_counters(a)).empty()) << "another namespace's";
  EXPECT_THAT(must(nft_ruleset_json(b)), HasSubstr("\"echo-request\""));

  // The second line is wrong, so the first has no effect either.
  const Status wrong = nft_apply(b, "add table inet other\nadd chain inet nowhere c { bad }\n");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.problem().type(), "nft.refused");
  ASSERT_EQ(wrong.problem().where_size(), 2) << describe(wrong.problem());
  EXPECT_EQ(wrong.problem().where(1).line(), 2U);
  EXPECT_THAT(must(nft_ruleset_json(b)), Not(HasSubstr("other")));
}

TEST_F(LinksTest, NftWorksInManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const NetNs ns = make("n" + std::to_string(i));
      const std::string name = "c" + std::to_string(i);
      for (int round = 0; round < 10; ++round) {
        if (!nft_apply(ns, "add table ip t\nflush ruleset\ntable ip t { counter " + name +
                               " { }; set s { type ipv4_addr; flags interval; elements = { "
                               "10.0.0.0/24, 10.2.0.0/16 }; }; }\n")
                 .ok())
          continue;
        const auto counters = must(nft_counters(ns));
        if (counters.size() == 1 && counters[0].name == name) ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 80);
}

TEST_F(LinksTest, SettingsBelongToTheirNamespace) {
  const NetNs a = make("a");
  const NetNs b = make("b");
  ASSERT_DONE(make_router(a));
  EXPECT_EQ(must(read_sysctl(a, "ipv4/ip_forward")), "1");
  EXPECT_EQ(must(read_sysctl(a, "ipv6/conf/all/forwarding")), "1");
  EXPECT_EQ(must(read_sysctl(a, "ipv4/conf/all/rp_filter")), "0");
  EXPECT_EQ(must(read_sysctl(b, "ipv4/ip_forward")), "0");
  EXPECT_EQ(read_sysctl(a, "../kernel/hostname").problem().code(), Problem::INVALID_ARGUMENT);
  const Status missing = write_sysctls(a, {{"ipv4/conf/nolink/rp_filter", "0"}});
  EXPECT_EQ(missing.problem().code(), Problem::NOT_FOUND);
  EXPECT_THAT(describe(missing.problem()), HasSubstr("nolink"));
}

// A burst of datagrams through a narrow link arrives no faster than the rate: 100 kB at 4 Mbit/s
// with a burst of 10 kB take at least (100 kB - 10 kB) * 8 / 4 Mbit/s = 180 ms.
TEST_F(LinksTest, ShapesKeepTheRate) {
  const NetNs a = make("a");
  const NetNs b = make("b");
  auto netlink = must(Netlink::open(a));
  auto far = must(Netlink::open(b));
  ASSERT_DONE(netlink.add_veth({.name = "e0"}, {.name = "e1", .ns = &b}));
  ASSERT_DONE(netlink.add_address("e0", "10.0.0.1/24"));
  ASSERT_DONE(far.add_address("e1", "10.0.0.2/24"));
  ASSERT_DONE(netlink.set_up("e0"));
  ASSERT_DONE(far.set_up("e1"));
  for (const auto kind : {Shape::Kind::kTokenBucket, Shape::Kind::kHierarchical}) {
    ASSERT_DONE(shape_egress(
        a, "e0",
        {.kind = kind, .rate_bps = 4'000'000, .burst_bytes = 10'000, .latency = seconds(2)}));
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i) {
      const auto sent = must(probe(
          a, IcmpProbe{.destination = "10.0.0.2", .packet_size = 1000, .within = seconds(2)}));
      EXPECT_EQ(sent.verdict, Verdict::kAnswered) << sent.detail;
    }
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_GT(took, milliseconds(170));
    EXPECT_LT(took, milliseconds(1000));
  }
  EXPECT_EQ(shape_egress(a, "e0", {.rate_bps = 8000, .burst_bytes = 100}).problem().code(),
            Problem::INVALID_ARGUMENT);
  ASSERT_DONE(unshape_egress(a, "e0"));
  ASSERT_DONE(unshape_egress(a, "e0"));
}

TEST_F(LinksTest, OneSocketServesManyThreads) {
  const NetNs ns = make("a");
  auto netlink = must(Netlink::open(ns));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 4; ++round) {
        const std::string name = "b" + std::to_string(i);
        EXPECT_TRUE(netlink.add_bridge({.name = name}).ok());
        EXPECT_TRUE(netlink.link(name).ok());
        EXPECT_EQ(netlink.set_up("nobody").problem().code(), Problem::NOT_FOUND);
        EXPECT_TRUE(netlink.delete_link(name).ok());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(link_names(ns), ElementsAre("lo"));
}

TEST_F(LinksTest, FeaturesAreFoundByTrying) {
  const auto found = must(detect_features());
  for (const auto& feature : found) {
    RecordProperty(feature.name, feature.available ? "yes" : feature.detail);
    EXPECT_FALSE(feature.detail.empty());
  }
  EXPECT_TRUE(require_features(found, {"veth", "bridge", "vxlan", "nftables"}).ok());
  const Status none = require_features(found, {"veth", "teleport"});
  EXPECT_EQ(none.problem().code(), Problem::UNIMPLEMENTED);
  EXPECT_THAT(none.problem().what(), HasSubstr("teleport"));
}

}  // namespace
}  // namespace terrace::kernel
