// Four daemons, three tiers, real packets: one order from its beginning to its end, whatever is
// killed, cut or pulled meanwhile.
//
// All tests share one lab, which each leaves as it found it; one that fails takes it down, and the
// next brings up another.
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>

#include "base/digest.h"
#include "linux/links.h"
#include "linux/process.h"
#include "tests/system/test_lab.h"
#include "tests/system/world.h"

namespace terrace {
namespace {

constexpr char kLabs[] = "/run/labs";

class SystemTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!shared()) shared() = std::make_unique<TestLab>(kLabs);
    if (!shared()->is_up()) {
      shared().reset();
      FAIL() << "no lab";
    }
  }

  void TearDown() override {
    if (!HasFailure() || !shared()) return;
    std::clog << shared()->logs();
    shared().reset();
  }

  static void TearDownTestSuite() { shared().reset(); }

  TestLab& lab() { return *shared(); }

  // Terminated to the end, and nothing left.
  void end(const std::string& name) {
    lab().terminate(name);
    EXPECT_EQ(lab().settled_state(name, "TERMINATE"), "COMPLETED");
    lab().forget(name);
    lab().expect_as_new();
  }

 private:
  static std::unique_ptr<TestLab>& shared() {
    static std::unique_ptr<TestLab> lab;
    return lab;
  }
};

TEST_F(SystemTest, AnOrderAtTheTopCarriesTrafficThroughAllTiers) {
  lab().order("shop");
  ASSERT_EQ(lab().settled_state("shop", "INSTANTIATE"), "COMPLETED");
  {
    const Customer customer(lab(), "shop");
    EXPECT_EQ(customer.servers_answering(), 2u);
    EXPECT_NE(customer.get("/").find("Hello from Terrace"), std::string::npos);
  }
  end("shop");
}

// The client's computer remembers for a minute who had an address before.
TEST_F(SystemTest, TheNextServiceIsReachedAtOnceByThoseWhoKnewTheLast) {
  for (int round = 0; round < 2; ++round) {
    lab().order("shop");
    ASSERT_EQ(lab().settled_state("shop", "INSTANTIATE"), "COMPLETED");
    {
      const Customer customer(lab(), "shop");
      Customer::Neighbours known = customer.neighbours();
      EXPECT_NE(customer.get("/"), "");
      // Whoever was remembered has told its new address before anybody asked.
      if (round > 0) {
        EXPECT_EQ(customer.neighbours(), known);
      }
    }
    lab().terminate("shop");
    ASSERT_EQ(lab().settled_state("shop", "TERMINATE"), "COMPLETED");
    lab().forget("shop");
  }
  lab().expect_as_new();
}

TEST_F(SystemTest, TheTopHasNoWayToTheEdgesApi) {
  const std::string listen = lab().platform("edge").listen.at(0);
  const std::string address = listen.substr(0, listen.find(':'));
  const auto port = static_cast<std::uint16_t>(std::stoi(listen.substr(listen.find(':') + 1)));
  EXPECT_EQ(try_connect(lab().place("regional"), address, port), 0);
  EXPECT_EQ(try_connect(lab().place("top"), address, port), ENETUNREACH);
  EXPECT_EQ(try_connect(lab().place("wholesale"), address, port), ENETUNREACH);
}

// --- killed at a moment ---

struct Kill {
  const char* platform;
  // As in tests/support/moments.h.
  const char* moment;
};

void PrintTo(const Kill& kill, std::ostream* out) { *out << kill.platform << " " << kill.moment; }

std::string platform_of(const testing::TestParamInfo<Kill>& kill) { return kill.param.platform; }

class KilledTest : public SystemTest, public testing::WithParamInterface<Kill> {};

// R5 to R9, R11, R26: an order whose daemon dies goes on where it stopped.
class KilledInAnOrderTest : public KilledTest {};

TEST_P(KilledInAnOrderTest, TheOrderEndsAndNothingIsLeft) {
  const Kill& kill = GetParam();
  lab().restart(kill.platform, kill.moment);
  lab().order("shop");
  ASSERT_TRUE(lab().halted(kill.platform)) << "the moment never came";
  lab().kill(kill.platform);
  lab().restart(kill.platform);
  const std::string state = lab().settled_state("shop", "INSTANTIATE");
  if (state == "COMPLETED") {
    {
      const Customer customer(lab(), "shop");
      EXPECT_EQ(customer.servers_answering(), 2u);
    }
    return end("shop");
  }
  EXPECT_EQ(state, "ROLLED_BACK");
  lab().forget("shop");
  lab().expect_as_new();
}

INSTANTIATE_TEST_SUITE_P(
    AHoldIsRecorded, KilledInAnOrderTest,
    testing::Values(Kill{"top", "after hold HELD"}, Kill{"regional", "after hold HELD"},
                    Kill{"edge", "after hold HELD"},
                    Kill{"wholesale", "after hold HELD"}),
    platform_of);

// One part is committed and its parent has not acted on it yet; a leaf has made what was ordered
// and has not recorded it.
INSTANTIATE_TEST_SUITE_P(
    BetweenCommits, KilledInAnOrderTest,
    testing::Values(Kill{"top", "heard COMMITTED"}, Kill{"regional", "heard COMMITTED"},
                    Kill{"edge", "before hold COMMITTED"},
                    Kill{"wholesale", "before hold COMMITTED"}),
    platform_of);

class KilledInATerminationTest : public KilledTest {};

TEST_P(KilledInATerminationTest, TheTerminationEndsAndNothingIsLeft) {
  const Kill& kill = GetParam();
  lab().order("shop");
  ASSERT_EQ(lab().settled_state("shop", "INSTANTIATE"), "COMPLETED");
  lab().restart(kill.platform, kill.moment);
  lab().terminate("shop");
  ASSERT_TRUE(lab().halted(kill.platform)) << "the moment never came";
  lab().kill(kill.platform);
  lab().restart(kill.platform);
  EXPECT_EQ(lab().settled_state("shop", "TERMINATE"), "COMPLETED");
  lab().forget("shop");
  lab().expect_as_new();
}

INSTANTIATE_TEST_SUITE_P(
    Released, KilledInATerminationTest,
    testing::Values(Kill{"top", "heard RELEASED"}, Kill{"regional", "heard RELEASED"},
                    Kill{"edge", "after hold RELEASING"},
                    Kill{"wholesale", "before hold RELEASED"}),
    platform_of);

// --- killed under load ---

// Random bytes in the place of what the servers have for download; their digest.
std::string fill_downloads(const TestLab& lab, std::size_t size) {
  std::mt19937_64 random(20240607);
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i + 8 <= size; i += 8) {
    const std::uint64_t word = random();
    std::copy_n(reinterpret_cast<const char*>(&word), 8, bytes.begin() + static_cast<long>(i));
  }
  int servers = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           lab.state().directory + "/platforms/wholesale/netns")) {
    if (entry.path().filename() != "download") continue;
    std::ofstream(entry.path(), std::ios::in | std::ios::binary) << bytes;
    ++servers;
  }
  EXPECT_EQ(servers, 2);
  return sha256_hex(bytes);
}

// The data plane outlives the control plane. What is still to come when a daemon dies is more than
// all buffers on the way can hold, so that it passes while the daemon is dead, and after.
TEST_F(SystemTest, ADownloadGoesOnWhileEachDaemonIsKilledAndRestarted) {
  constexpr std::size_t kMib = 1024 * 1024, kSize = 64 * kMib, kStep = 4 * kMib;
  lab().order("shop", {"--param", "web.download-mib=64"});
  ASSERT_EQ(lab().settled_state("shop", "INSTANTIATE"), "COMPLETED");
  {
    const Customer customer(lab(), "shop");
    const std::string digest = fill_downloads(lab(), kSize);
    Download download(lab().place("client"), customer.service_address(), "/download");
    for (const char* name : {"top", "regional", "edge", "wholesale"}) {
      EXPECT_TRUE(download.read(kStep));
      lab().kill(name);
      EXPECT_TRUE(download.read(kStep)) << name << " is dead";
      lab().restart(name);
      EXPECT_TRUE(download.read(kStep)) << name << " is back";
    }
    const std::string body = download.finish();
    EXPECT_EQ(body.size(), kSize);
    EXPECT_EQ(sha256_hex(body), digest);
    EXPECT_EQ(customer.servers_answering(), 2u);
  }
  end("shop");
}

// --- a cable ---

// A site's port at the WAN: the tunnels end as before, and carry nothing.
class Cable {
 public:
  Cable(const TestLab& lab, const std::string& port) : wan_(lab.place("wan")), port_(port) {
    set([&](kernel::Netlink& netlink) { return netlink.set_down(port_); });
  }
  ~Cable() {
    set([&](kernel::Netlink& netlink) { return netlink.set_up(port_); });
  }
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

 private:
  void set(const std::function<Status(kernel::Netlink&)>& change) {
    auto netlink = kernel::Netlink::open(wan_);
    ASSERT_TRUE(netlink.ok());
    EXPECT_TRUE(change(*netlink).ok());
  }
  const kernel::NetNs wan_;
  const std::string port_;
};

// R20: what is committed everywhere is not COMPLETED before packets get through.
TEST_F(SystemTest, ACableCutAfterCommitFailsTheProbeAndAllIsUndone) {
  const std::string hall = "site2";
  // Both parts of the order are committed; the top has not begun to probe.
  lab().restart("top", "heard COMMITTED 2");
  lab().order("shop");
  ASSERT_TRUE(lab().halted("top"));
  {
    const Cable cut(lab(), hall);
    ASSERT_TRUE(kernel::send_signal(lab().platform("top").process, SIGCONT).ok());
    const auto operation = lab().settled("shop", "INSTANTIATE");
    ASSERT_TRUE(operation.is_object());
    EXPECT_EQ(operation.value("operationState", ""), "ROLLED_BACK");
    EXPECT_EQ(operation["error"].value("type", ""), "probe.silent") << operation["error"];
    lab().forget("shop");
  }
  lab().restart("top");
  lab().expect_as_new();
  lab().order("shop");
  EXPECT_EQ(lab().settled_state("shop", "INSTANTIATE"), "COMPLETED");
  end("shop");
}

// --- side by side ---

// The same file, twice: the same names, addresses and ids, and nothing in common.
TEST_F(SystemTest, TwoLabsDoNotDisturbEachOther) {
  lab().order("shop");
  ASSERT_EQ(lab().settled_state("shop", "INSTANTIATE"), "COMPLETED");
  auto customer = std::make_unique<Customer>(lab(), "shop");
  const std::string before = lab().snapshot();
  {
    TestLab other("/run/other-labs");
    ASSERT_TRUE(other.is_up());
    other.order("shop");
    ASSERT_EQ(other.settled_state("shop", "INSTANTIATE"), "COMPLETED");
    {
      const Customer others(other, "shop");
      EXPECT_EQ(others.service_address(), customer->service_address());
      EXPECT_EQ(others.servers_answering(), 2u);
      EXPECT_EQ(customer->servers_answering(), 2u);
    }
    other.terminate("shop");
    EXPECT_EQ(other.settled_state("shop", "TERMINATE"), "COMPLETED");
    other.forget("shop");
    other.expect_as_new();
  }
  expect_same(before, [this] { return lab().snapshot(); });
  EXPECT_EQ(customer->servers_answering(), 2u);
  customer.reset();
  end("shop");
}

}  // namespace
}  // namespace terrace

int main(int argc, char** argv) {
  return terrace::in_own_world([&] {
    // For TestLab::halted(), before there are threads.
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, nullptr);
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
  });
}
