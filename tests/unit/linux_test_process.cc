#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "linux/process.h"
#include "tests/unit/linux_test_support.h"

namespace terrace::kernel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class ProcessTest : public KernelTest {
 protected:
  static std::string self() { return std::filesystem::read_symlink("/proc/self/exe"); }
  std::string text_of(const std::string& name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Until the number of processes in the namespace is in this range. They tell nobody when they
  // fork, so there is no event to wait for.
  static bool count_becomes(const NetNs& ns, std::size_t least, std::size_t most) {
    const auto limit = std::chrono::steady_clock::now() + seconds(20);
    while (std::chrono::steady_clock::now() < limit) {
      const std::size_t count = must(processes_in(ns.inode())).size();
      if (count >= least && count <= most) return true;
      std::this_thread::yield();
    }
    return false;
  }
};

TEST_F(ProcessTest, StartsDetachedInsideWithWhatItWasGivenOnly) {
  const NetNs ns = make("a");
  const auto process = must(spawn(
      ns,
      {.argv =
           {"sh", "-c",
            "readlink /proc/self/ns/net; pwd; echo \"v=$V h=$HOME\"; ls /proc/$$/fd | tr '\\n' ' ';"
            "echo; cut -d' ' -f6 /proc/$$/stat; echo $$; exec grep SigBlk /proc/self/status"},
       .env = {"V=1", "PATH=/usr/bin:/bin"},
       .cwd = "/usr",
       .output_path = path("out.log")}));
  ASSERT_DONE(wait_exit(process, seconds(10)));
  EXPECT_FALSE(alive(process));
  EXPECT_FALSE(identify(process.pid).ok()) << "reaped";
  const std::string pid = std::to_string(process.pid);
  const std::string expected = "net:[" + std::to_string(ns.inode()) + "]\n/usr\nv=1 h=\n0 1 2 \n" +
                               pid + "\n" + pid + "\nSigBlk:\t0000000000000000\n";
  EXPECT_EQ(text_of("out.log"), expected);
}

TEST_F(ProcessTest, WhatCannotBeStartedSaysWhy) {
  const NetNs ns = make("a");
  const auto missing = spawn(ns, {.argv = {"/no/such/program"}});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.problem().code(), Problem::NOT_FOUND);
  EXPECT_THAT(missing.problem().what(), HasSubstr("/no/such/program"));
  EXPECT_EQ(spawn(ns, {.argv = {"/etc/passwd"}}).problem().code(), Problem::PERMISSION_DENIED);
  const auto nowhere = spawn(ns, {.argv = {"/bin/true"}, .cwd = "/no/such/directory"});
  EXPECT_THAT(describe(nowhere.problem()), HasSubstr("/no/such/directory"));
  const auto unwritable = spawn(ns, {.argv = {"/bin/true"}, .output_path = "/no/such/log"});
  EXPECT_THAT(describe(unwritable.problem()), HasSubstr("/no/such/log"));
}

TEST_F(ProcessTest, IdentityIsPidAndStartTime) {
  const NetNs ns = make("a");
  const auto process = must(spawn(ns, {.argv = {self(), "daemonise"}}));
  EXPECT_TRUE(alive(process));
  EXPECT_EQ(must(identify(process.pid)), process);
  const ProcessId former{process.pid, process.start_time - 1};
  EXPECT_FALSE(alive(former));
  ASSERT_DONE(send_signal(former, SIGKILL));
  EXPECT_TRUE(alive(process)) << "a signal for a process that had the pid before";
  EXPECT_EQ(wait_exit(process, milliseconds(1)).problem().code(), Problem::DEADLINE_EXCEEDED);
  ASSERT_DONE(send_signal(process, SIGTERM));
  ASSERT_DONE(wait_exit(process, seconds(10)));
  ASSERT_DONE(kill_all_in(ns.inode(), seconds(10)));
}

TEST_F(ProcessTest, AllOfANamespaceDieDaemonsIncluded) {
  const NetNs ns = make("a");
  const NetNs other = make("b");
  const auto process = must(spawn(ns, {.argv = {self(), "daemonise"}}));
  const auto bystander = must(spawn(other, {.argv = {self(), "daemonise"}}));
  // The parent and the daemon; the one between them has left, and is a zombie of the first.
  ASSERT_TRUE(count_becomes(ns, 2, 2));
  ASSERT_DONE(kill_all_in(ns.inode(), seconds(10)));
  EXPECT_THAT(must(processes_in(ns.inode())), IsEmpty());
  EXPECT_FALSE(alive(process));
  EXPECT_TRUE(alive(bystander));
  ASSERT_DONE(kill_all_in(ns.inode(), seconds(10)));

  EXPECT_THAT(must(processes_in(must(NetNs::current()).inode())), Contains(::getpid()));
  EXPECT_EQ(kill_all_in(must(NetNs::current()).inode(), seconds(1)).problem().code(),
            Problem::FAILED_PRECONDITION);
  ASSERT_DONE(kill_all_in(other.inode(), seconds(10)));
  EXPECT_FALSE(alive(bystander));
}

TEST_F(ProcessTest, WhatIsForkedMeanwhileDiesToo) {
  const NetNs ns = make("a");
  const auto forker = must(spawn(ns, {.argv = {"/bin/sh", "-c", "while :; do sleep 60 & done"},
                                      .env = {"PATH=/usr/bin:/bin"},
                                      .output_path = path("forks.log")}));
  ASSERT_TRUE(count_becomes(ns, 5, 100000));
  ASSERT_DONE(kill_all_in(ns.inode(), seconds(20)));
  EXPECT_THAT(must(processes_in(ns.inode())), IsEmpty());
  EXPECT_FALSE(alive(forker));
}

TEST_F(ProcessTest, WaitsForAServerOrItsEnd) {
  const NetNs ns = make("a");
  const auto server = must(spawn(ns, {.argv = {self(), "serve-tcp", "8080"}}));
  ASSERT_DONE(wait_listening(ns, "127.0.0.1", 8080, server, seconds(10)));
  ASSERT_DONE(wait_listening(ns, "::1", 8080, server, seconds(10)));
  EXPECT_EQ(wait_listening(ns, "127.0.0.1", 8081, server, milliseconds(30)).problem().code(),
            Problem::DEADLINE_EXCEEDED);

  // The port is taken, so the second ends by itself.
  const auto second = must(spawn(ns, {.argv = {self(), "serve-tcp", "8080"}}));
  const Status ended = wait_listening(ns, "127.0.0.1", 8081, second, seconds(10));
  EXPECT_EQ(ended.problem().type(), "linux.process-ended");
  ASSERT_DONE(kill_all_in(ns.inode(), seconds(10)));
  EXPECT_EQ(wait_listening(ns, "127.0.0.1", 8080, server, seconds(1)).problem().code(),
            Problem::ABORTED);
}

}  // namespace
}  // namespace terrace::kernel
