#include <gmock/gmock.h>

#include "linux/nft.h"
#include "linux/probe.h"
#include "linux/process.h"
#include "linux/sysctl.h"
#include "tests/unit/linux_test_support.h"

namespace terrace::kernel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using Verdict = ProbeAnswer::Verdict;

// a (10.0.1.1) -- 1500 -- router -- 1400 -- b (10.0.2.1), and the same in IPv6.
class ProbeTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    a_.emplace(make("a"));
    b_.emplace(make("b"));
    router_.emplace(make("router"));
    ASSERT_DONE(make_router(*router_));
    attach(*a_, "1", 1500);
    attach(*b_, "2", 1400);
    server_ = must(spawn(*b_, {.argv = {self(), "serve-tcp", "80"}}));
    ASSERT_DONE(wait_listening(*b_, "127.0.0.1", 80, server_, seconds(10)));
  }
  void TearDown() override {
    if (b_) {
      EXPECT_TRUE(kill_all_in(b_->inode(), seconds(10)).ok());
    }
    KernelTest::TearDown();
  }
  static std::string self() { return std::filesystem::read_symlink("/proc/self/exe"); }

  void attach(const NetNs& ns, const std::string& net, std::uint32_t mtu) {
    auto hub = must(Netlink::open(*router_));
    auto host = must(Netlink::open(ns));
    const std::string port = "p" + net;
    ASSERT_DONE(hub.add_veth({.name = port, .mtu = mtu}, {.name = "e0", .mtu = mtu, .ns = &ns}));
    ASSERT_DONE(hub.add_address(port, "10.0." + net + ".254/24"));
    ASSERT_DONE(hub.add_address(port, "fd00:" + net + "::fe/64"));
    ASSERT_DONE(hub.set_up(port));
    ASSERT_DONE(host.add_address("e0", "10.0." + net + ".1/24"));
    ASSERT_DONE(host.add_address("e0", "fd00:" + net + "::1/64"));
    ASSERT_DONE(host.set_up("e0"));
    ASSERT_DONE(host.add_route({.destination = "0.0.0.0/0", .gateway = "10.0." + net + ".254"}));
    ASSERT_DONE(host.add_route({.destination = "::/0", .gateway = "fd00:" + net + "::fe"}));
  }

  ProbeAnswer ping(const std::string& to, std::uint32_t size) const {
    return must(
        probe(*a_, IcmpProbe{.destination = to, .packet_size = size, .within = seconds(2)}));
  }
  ProbeAnswer tcp(const std::string& to, std::uint16_t port, std::uint32_t size,
                  Duration within = seconds(2)) const {
    return must(probe(
        *a_, TcpProbe{.destination = to, .port = port, .packet_size = size, .within = within}));
  }

  std::optional<NetNs> a_, b_, router_;
  ProcessId server_;
};

TEST_F(ProbeTest, PingOfExactlyThePathsSizePassesAndOneMoreIsRefused) {
  for (const std::string to : {"10.0.2.1", "fd00:2::1"}) {
    const auto full = ping(to, 1400);
    EXPECT_EQ(full.verdict, Verdict::kAnswered) << to << ": " << full.detail;
    const auto over = ping(to, 1401);
    EXPECT_EQ(over.verdict, Verdict::kRefused) << to << ": " << over.detail;
    EXPECT_EQ(over.takes_mtu, 1400U) << to;
    const bool v4 = to.find(':') == std::string::npos;
    EXPECT_THAT(over.detail, HasSubstr(v4 ? "10.0.1.254" : "fd00:1::fe"));
    // The path's size is known now, and still the test asks the network.
    EXPECT_EQ(ping(to, 1400).verdict, Verdict::kAnswered) << to;
    const auto beyond_link = ping(to, 1501);
    EXPECT_EQ(beyond_link.verdict, Verdict::kRefused) << to;
    EXPECT_GT(beyond_link.takes_mtu, 0U) << beyond_link.detail;
  }
}

TEST_F(ProbeTest, VerdictsTellRefusalFromSilence) {
  auto hub = must(Netlink::open(*router_));
  ASSERT_DONE(hub.add_route({.destination = "10.0.9.0/24", .kind = Route::Kind::kUnreachable}));
  const auto unreachable = ping("10.0.9.1", 0);
  EXPECT_EQ(unreachable.verdict, Verdict::kRefused);
  EXPECT_THAT(unreachable.detail, HasSubstr("10.0.1.254"));

  ASSERT_DONE(nft_apply(*b_,
                        "table inet t { chain in { type filter hook input priority 0; "
                        "icmp type echo-request drop; tcp dport 81 drop; }; }"));
  const auto dropped =
      must(probe(*a_, IcmpProbe{.destination = "10.0.2.1", .within = milliseconds(50)}));
  EXPECT_EQ(dropped.verdict, Verdict::kSilent);
  EXPECT_EQ(tcp("10.0.2.1", 81, 0, milliseconds(50)).verdict, Verdict::kSilent);
  const auto closed = tcp("10.0.2.1", 82, 0);
  EXPECT_EQ(closed.verdict, Verdict::kRefused);
  EXPECT_THAT(closed.detail, HasSubstr("refused"));
  EXPECT_EQ(tcp("10.0.9.1", 80, 0).verdict, Verdict::kRefused);

  ASSERT_DONE(must(Netlink::open(*a_)).delete_route({.destination = "0.0.0.0/0"}));
  const auto no_route = ping("10.0.2.1", 0);
  EXPECT_EQ(no_route.verdict, Verdict::kRefused);
  EXPECT_THAT(no_route.detail, HasSubstr("no route"));
}

TEST_F(ProbeTest, ComesFromTheSourceAskedFor) {
  auto netlink = must(Netlink::open(*a_));
  ASSERT_DONE(netlink.add_address("e0", "10.0.1.77/24"));
  const auto from = must(probe(*a_, IcmpProbe{.destination = "10.0.2.1", .source = "10.0.1.77"}));
  EXPECT_EQ(from.verdict, Verdict::kAnswered) << from.detail;
  EXPECT_EQ(from.source, "10.0.1.77");
  const auto tcp_from =
      must(probe(*a_, TcpProbe{.destination = "10.0.2.1", .port = 80, .source = "10.0.1.77"}));
  EXPECT_EQ(tcp_from.verdict, Verdict::kAnswered) << tcp_from.detail;
  EXPECT_EQ(tcp_from.source, "10.0.1.77");
  const auto foreign = probe(*a_, IcmpProbe{.destination = "10.0.2.1", .source = "10.9.9.9"});
  ASSERT_FALSE(foreign.ok());
  EXPECT_EQ(foreign.problem().code(), Problem::NOT_FOUND);
  EXPECT_FALSE(probe(*a_, IcmpProbe{.destination = "fd00:2::1", .source = "10.0.1.77"}).ok());
  EXPECT_FALSE(probe(*a_, IcmpProbe{.destination = "example.org"}).ok());
}

TEST_F(ProbeTest, TcpCarriesFullSegmentsOrSaysWhatPasses) {
  for (const std::string to : {"10.0.2.1", "fd00:2::1"}) {
    const auto small = tcp(to, 80, 0);
    EXPECT_EQ(small.verdict, Verdict::kAnswered) << to << ": " << small.detail;
    const auto full = tcp(to, 80, 1400);
    EXPECT_EQ(full.verdict, Verdict::kAnswered) << to << ": " << full.detail;
    // The server's link, and so the segments it announces, is smaller.
    const auto over = tcp(to, 80, 1401);
    EXPECT_EQ(over.verdict, Verdict::kRefused) << to << ": " << over.detail;
    EXPECT_EQ(over.takes_mtu, 1400U) << to;
    const auto link = tcp(to, 80, 1501);
    EXPECT_EQ(link.verdict, Verdict::kRefused) << to << ": " << link.detail;
  }
}

// Both ends' links take 1500 while the middle takes 1400: only the path shows it.
TEST_F(ProbeTest, TcpFindsTheNarrowHop) {
  const NetNs second = make("second");
  auto hub = must(Netlink::open(*router_));
  auto next = must(Netlink::open(second));
  ASSERT_DONE(make_router(second));
  ASSERT_DONE(
      hub.add_veth({.name = "m0", .mtu = 1400}, {.name = "m1", .mtu = 1400, .ns = &second}));
  ASSERT_DONE(hub.add_address("m0", "10.0.3.1/24"));
  ASSERT_DONE(hub.set_up("m0"));
  ASSERT_DONE(next.add_address("m1", "10.0.3.2/24"));
  ASSERT_DONE(next.set_up("m1"));
  const NetNs c = make("c");
  auto host = must(Netlink::open(c));
  ASSERT_DONE(next.add_veth({.name = "c0"}, {.name = "e0", .ns = &c}));
  ASSERT_DONE(next.add_address("c0", "10.0.4.254/24"));
  ASSERT_DONE(next.set_up("c0"));
  ASSERT_DONE(host.add_address("e0", "10.0.4.1/24"));
  ASSERT_DONE(host.set_up("e0"));
  ASSERT_DONE(host.add_route({.destination = "0.0.0.0/0", .gateway = "10.0.4.254"}));
  ASSERT_DONE(hub.add_route({.destination = "10.0.4.0/24", .gateway = "10.0.3.2"}));
  ASSERT_DONE(next.add_route({.destination = "10.0.1.0/24", .gateway = "10.0.3.1"}));
  const auto server = must(spawn(c, {.argv = {self(), "serve-tcp", "80"}}));
  ASSERT_DONE(wait_listening(c, "127.0.0.1", 80, server, seconds(10)));

  const auto over = tcp("10.0.4.1", 80, 1500);
  EXPECT_EQ(over.verdict, Verdict::kRefused) << over.detail;
  EXPECT_EQ(over.takes_mtu, 1400U) << over.detail;
  const auto fits = tcp("10.0.4.1", 80, 1400);
  EXPECT_EQ(fits.verdict, Verdict::kAnswered) << fits.detail;

  // A hop that swallows large packets without a word.
  ASSERT_DONE(nft_apply(second,
                        "table inet t { chain f { type filter hook forward priority 0; "
                        "ip length > 1000 drop; }; }"));
  EXPECT_EQ(tcp("10.0.4.1", 80, 0).verdict, Verdict::kAnswered);
  const auto swallowed = tcp("10.0.4.1", 80, 1400, milliseconds(300));
  EXPECT_EQ(swallowed.verdict, Verdict::kSilent) << swallowed.detail;
  ASSERT_DONE(kill_all_in(c.inode(), seconds(10)));
}

TEST_F(ProbeTest, UdpEchoesAreCompared) {
  const auto ask = [&](std::uint16_t port, std::uint32_t size) {
    return must(probe(
        *a_,
        UdpProbe{
            .destination = "10.0.2.1", .port = port, .packet_size = size, .within = seconds(2)}));
  };
  const auto nobody = ask(7, 0);
  EXPECT_EQ(nobody.verdict, Verdict::kRefused) << nobody.detail;
  EXPECT_THAT(nobody.detail, HasSubstr("10.0.2.1"));
  (void)must(spawn(*b_, {.argv = {self(), "serve-udp", "7"}}));
  // Its socket is there when it stops refusing; UDP has no other sign.
  ProbeAnswer echo;
  for (int tries = 0; tries < 1000 && echo.verdict != Verdict::kAnswered; ++tries) {
    echo = ask(7, 0);
  }
  EXPECT_EQ(echo.verdict, Verdict::kAnswered) << echo.detail;
  EXPECT_EQ(ask(7, 1400).verdict, Verdict::kAnswered);
  const auto over = ask(7, 1401);
  EXPECT_EQ(over.verdict, Verdict::kRefused);
  EXPECT_EQ(over.takes_mtu, 1400U);
}

}  // namespace
}  // namespace terrace::kernel
