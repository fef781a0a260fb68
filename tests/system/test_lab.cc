#include "tests/system/test_lab.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "lab/ready.h"
#include "linux/deadline.h"
#include "linux/process.h"

namespace terrace {
namespace {

using nlohmann::json;

const std::string kExample = TERRACE_EXAMPLE;
const std::string kTerrace = TERRACE_CLI;

std::string text_of(const Problem& problem) {
  std::string text = describe(problem);
  for (const auto& cause : problem.causes()) text += "\n  " + text_of(cause);
  return text;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) found.push_back(line);
  return found;
}

// A daemon that was started again is the same thing under another pid.
std::string without_daemon_pids(const std::string& snapshot) {
  std::vector<std::string> kept = lines(snapshot);
  for (auto& line : kept)
    if (line.starts_with("process ") && line.find("terraced --config ") != std::string::npos)
      line = "daemon" + line.substr(line.find(" in "));
  std::sort(kept.begin(), kept.end());
  std::string text;
  for (const auto& line : kept) text += line + "\n";
  return text;
}

std::string difference(const std::string& before, const std::string& after) {
  const auto were = lines(before), are = lines(after);
  std::vector<std::string> gone, fresh;
  std::set_difference(were.begin(), were.end(), are.begin(), are.end(), std::back_inserter(gone));
  std::set_difference(are.begin(), are.end(), were.begin(), were.end(), std::back_inserter(fresh));
  std::string text;
  for (const auto& line : gone) text += "gone: " + line + "\n";
  for (const auto& line : fresh) text += "new:  " + line + "\n";
  return text;
}

}  // namespace

// --- up and down ---

TestLab::TestLab(const std::string& directory) {
  options_.run_directory = directory;
  options_.terraced = TERRACE_DAEMON;
  options_.patience = kHang;
  auto raised = lab::up(options_, kExample + "/lab.yaml", std::clog);
  if (!raised.ok()) {
    ADD_FAILURE() << text_of(raised.problem());
    return;
  }
  state_ = std::move(raised->state);
  is_up_ = true;
  onboard();
  new_ = snapshot();
}

TestLab::~TestLab() {
  const auto gone = lab::down(options_, "three-tier");
  EXPECT_TRUE(gone.ok()) << text_of(gone.problem());
  EXPECT_FALSE(std::filesystem::exists(options_.run_directory));
}

void TestLab::onboard() {
  std::vector<std::string> words{"vnfd", "onboard"};
  for (const char* name : {"firewall", "nat", "loadbalancer", "web"})
    words.push_back(kExample + "/descriptors/" + name + ".vnfd.yaml");
  const Ran vnfds = terrace("top", words);
  EXPECT_EQ(vnfds.status, 0) << vnfds.err;
  const Ran nsd = terrace("top", {"nsd", "onboard", kExample + "/descriptors/web-shop.nsd.yaml"});
  EXPECT_EQ(nsd.status, 0) << nsd.err;
}

const lab::RunningPlatform& TestLab::platform(const std::string& name) const {
  return *std::find_if(state_.platforms.begin(), state_.platforms.end(),
                       [&](const auto& one) { return one.name == name; });
}

// --- daemons ---

void TestLab::restart(const std::string& name, const std::string& moment) {
  lab::LabOptions options = options_;
  if (!moment.empty()) {
    options.terraced = TERRACE_HALTING_DAEMON;
    options.environment = {"TERRACE_MOMENT=" + moment};
  }
  auto restarted = lab::restart(options, state_, name);
  if (restarted.ok()) state_ = *std::move(restarted);
  else ADD_FAILURE() << "restart of " << name << ": " << text_of(restarted.problem());
}

void TestLab::kill(const std::string& name) const {
  const auto& process = platform(name).process;
  const Status sent = kernel::send_signal(process, SIGKILL);
  EXPECT_TRUE(sent.ok()) << text_of(sent.problem());
  const Status ended = kernel::wait_exit(process, kHang);
  EXPECT_TRUE(ended.ok()) << text_of(ended.problem());
}

// It is our child. SIGCHLD is blocked in all our threads, so that none is missed.
bool TestLab::halted(const std::string& name) const {
  const pid_t pid = platform(name).process.pid;
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  for (const kernel::Deadline deadline(kHang); !deadline.passed();) {
    siginfo_t info{};
    const int what = WSTOPPED | WEXITED | WNOHANG | WNOWAIT;
    if (::waitid(P_PID, static_cast<id_t>(pid), &info, what) != 0) return false;
    if (info.si_pid == pid) return info.si_code == CLD_STOPPED;
    const auto left = deadline.poll_ms();
    const timespec limit{left / 1000, (left % 1000) * 1'000'000L};
    ::sigtimedwait(&children, nullptr, &limit);
  }
  return false;
}

std::string TestLab::logs() const {
  std::string text;
  for (const auto& one : state_.platforms)
    text += "--- " + one.name + lab::tail(one.log, 25) + "\n";
  return text;
}

// --- the command ---

Ran TestLab::terrace(const std::string& name, const std::vector<std::string>& words) const {
  std::vector<std::string> argv{kTerrace, "-p", platform(name).address, "--timeout",
                                std::to_string(kHang.count())};
  argv.insert(argv.end(), words.begin(), words.end());
  return run(argv);
}

json TestLab::ask(const std::string& name, const std::vector<std::string>& words) const {
  std::vector<std::string> all{"-o", "json"};
  all.insert(all.end(), words.begin(), words.end());
  return json::parse(terrace(name, all).out, nullptr, false);
}

void TestLab::order(const std::string& name, const std::vector<std::string>& more) const {
  const Ran created = terrace("top", {"ns", "create", name, "--nsd", "web-shop"});
  EXPECT_EQ(created.status, 0) << created.err;
  std::vector<std::string> words{"ns",      "instantiate", name,
                                 "--order", kExample + "/order.yaml", "--no-wait"};
  words.insert(words.end(), more.begin(), more.end());
  terrace("top", words);
}

void TestLab::terminate(const std::string& name) const {
  terrace("top", {"ns", "terminate", name, "--no-wait"});
}

json TestLab::settled(const std::string& name, const std::string& type) const {
  const json instance = ask("top", {"ns", "show", name});
  const json all = ask("top", {"op", "list"});
  if (!instance.is_object() || !all.is_object()) return nullptr;
  json last;
  for (const auto& one : all.value("operation", json::array())) {
    const bool mine = one.value("nsInstanceId", "") == instance.value("id", "-") &&
                      one.value("lcmOperationType", "") == type;
    if (mine && (last.is_null() || one.value("startTime", "") > last.value("startTime", "")))
      last = one;
  }
  return last.is_null() ? last : ask("top", {"op", "watch", last.at("id")});
}

std::string TestLab::settled_state(const std::string& name, const std::string& type) const {
  const json operation = settled(name, type);
  return operation.is_object() ? operation.value("operationState", "none") : "none";
}

void TestLab::forget(const std::string& name) const {
  const Ran gone = terrace("top", {"ns", "delete", name});
  EXPECT_EQ(gone.status, 0) << gone.err;
}

kernel::NetNs TestLab::place(const std::string& name) const {
  const auto path = lab::find_namespace(state_, name);
  EXPECT_TRUE(path.ok()) << text_of(path.problem());
  auto ns = kernel::NetNs::open(*path);
  EXPECT_TRUE(ns.ok()) << text_of(ns.problem());
  return *std::move(ns);
}

// --- what there is ---

std::string TestLab::snapshot() const {
  const Ran seen =
      run({"bash", TERRACE_SNAPSHOT, "--lab", state_.directory, "--terrace", kTerrace});
  EXPECT_EQ(seen.status, 0) << seen.err;
  return without_daemon_pids(seen.out);
}

void TestLab::expect_as_new() const {
  expect_same(new_, [this] { return snapshot(); });
}

void expect_same(const std::string& before, const std::function<std::string()>& look) {
  std::string found;
  const kernel::Deadline deadline(std::chrono::seconds(30));
  do {
    found = difference(before, look());
    if (found.empty()) return;
  } while (!deadline.passed());
  ADD_FAILURE() << "this is not as it was before:\n" << found;
}

}  // namespace terrace
