// What the tests of the kernel's room share: namespaces in a directory that must be empty, and the
// machine unchanged, when a test ends.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "linux/link_watch.h"
#include "linux/links.h"
#include "linux/netns.h"

namespace terrace::kernel {

#define ASSERT_DONE(expression)                                                  \
  do {                                                                           \
    const auto& done_ = (expression);                                            \
    ASSERT_TRUE(done_.ok()) << #expression << ": " << describe(done_.problem()); \
  } while (false)

// The value, or a failed test and the process's end: nothing sensible could follow.
template <class T>
T must(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << describe(result.problem());
    std::abort();
  }
  return *std::move(result);
}

class KernelTest : public testing::Test {
 protected:
  void SetUp() override {
    if (auto probe = NetNs::scratch(); !probe) {
      GTEST_SKIP() << "NOT TESTED: " << describe(probe.problem());
    }
    char name[] = "/tmp/terrace-linux-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    host_links_ = link_names(must(NetNs::current()));
  }

  // Nothing is left: no namespace, no file, and the host's own links are what they were.
  void TearDown() override {
    if (directory_.empty()) return;
    for (const auto& name : must(NetNs::list(directory_))) {
      EXPECT_TRUE(NetNs::remove(path(name)).ok());
    }
    EXPECT_TRUE(must(NetNs::list(directory_)).empty());
    std::error_code error;
    for (const auto& file : std::filesystem::directory_iterator(directory_)) {
      EXPECT_EQ(file.path().extension(), ".log") << "left behind: " << file.path();
      std::filesystem::remove(file.path(), error);
    }
    EXPECT_TRUE(std::filesystem::remove(directory_, error)) << error.message();
    EXPECT_EQ(link_names(must(NetNs::current())), host_links_);
  }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  NetNs make(const std::string& name) const { return must(NetNs::create(path(name))); }

  static std::vector<std::string> link_names(const NetNs& ns) {
    auto netlink = must(Netlink::open(ns));
    std::vector<std::string> names;
    for (const auto& link : must(netlink.links())) names.push_back(link.name);
    return names;
  }

  // A veth from `bridge` in `hub` (made there) to "eth0" with an address in `ns`, all up.
  static void plug(const NetNs& hub, const std::string& bridge, const NetNs& ns,
                   const std::string& port, const std::string& address, std::uint32_t mtu = 1500) {
    auto there = must(Netlink::open(hub));
    auto here = must(Netlink::open(ns));
    ASSERT_DONE(
        there.add_veth({.name = port, .mtu = mtu}, {.name = "eth0", .mtu = mtu, .ns = &ns}));
    ASSERT_DONE(there.set_master(port, bridge));
    ASSERT_DONE(there.set_up(port));
    ASSERT_DONE(here.add_address("eth0", address));
    ASSERT_DONE(here.set_up("eth0"));
    ASSERT_DONE(must(LinkWatch::open(hub)).wait_running({port, bridge}, std::chrono::seconds(5)));
  }

  static void add_bridge(const NetNs& hub, const std::string& name) {
    auto netlink = must(Netlink::open(hub));
    ASSERT_DONE(netlink.add_bridge({.name = name}));
    ASSERT_DONE(netlink.set_up(name));
  }

 private:
  std::string directory_;
  std::vector<std::string> host_links_;
};

}  // namespace terrace::kernel
