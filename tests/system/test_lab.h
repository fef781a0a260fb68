// The three-tier lab, brought up for tests: what a person does with it by the commands `terrace`
// and `terrace lab`, what the client's computer does, and whether anything is left.
#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lab/lab.h"
#include "linux/fd.h"
#include "linux/netns.h"
#include "tests/support/run.h"

namespace terrace {

// How long anything may take before it counts as hung.
inline constexpr std::chrono::seconds kHang{120};

class TestLab {
 public:
  // Up, with the descriptors on board at the top. `directory`: of this lab alone. A failure is the
  // running test's, and is_up() false.
  explicit TestLab(const std::string& directory);
  // Down.
  ~TestLab();
  TestLab(const TestLab&) = delete;
  TestLab& operator=(const TestLab&) = delete;

  bool is_up() const { return is_up_; }
  const lab::LabState& state() const { return state_; }
  const lab::RunningPlatform& platform(const std::string& name) const;

  // The command `terrace`, of this lab's platform.
  Ran terrace(const std::string& platform, const std::vector<std::string>& words) const;
  // The same with -o json; null when it failed, which is not yet a failure of the test's.
  nlohmann::json ask(const std::string& platform, const std::vector<std::string>& words) const;

  // Orders the example's service at the top under that name, and terminates it; neither waits. A
  // platform that dies of it is to be expected, so failures are not looked at: settled() does.
  void order(const std::string& name, const std::vector<std::string>& more = {}) const;
  void terminate(const std::string& name) const;
  // The last operation of that type ("INSTANTIATE") on that service, at its end.
  nlohmann::json settled(const std::string& name, const std::string& type) const;
  std::string settled_state(const std::string& name, const std::string& type) const;
  // Of a service that is terminated or rolled back.
  void forget(const std::string& name) const;

  // The daemon is stopped, if it still runs, and started again; with a moment, as one that halts
  // there (tests/support/moments.h).
  void restart(const std::string& platform, const std::string& moment = "");
  void kill(const std::string& platform) const;
  // Waits until it has halted at its moment.
  bool halted(const std::string& platform) const;

  kernel::NetNs place(const std::string& name) const;

  // All there is, but for the pids of daemons: see tests/support/snapshot.sh.
  std::string snapshot() const;
  // That there is again what there was when the lab was new.
  void expect_as_new() const;
  // The ends of the daemons' logs.
  std::string logs() const;

 private:
  void onboard();

  lab::LabOptions options_;
  lab::LabState state_;
  bool is_up_ = false;
  std::string new_;
};

// That nothing is there beyond `before`, nor anything gone. Looks again while there is a
// difference, since the kernel takes a moment to take things away.
void expect_same(const std::string& before, const std::function<std::string()>& look);

// The customer's computer while it uses a service: with the routes that the platform told it.
class Customer {
 public:
  Customer(TestLab& lab, const std::string& name);
  ~Customer();
  Customer(const Customer&) = delete;
  Customer& operator=(const Customer&) = delete;

  const std::string& service_address() const { return address_; }
  const nlohmann::json& instance() const { return instance_; }
  // The whole answer's body; empty when there was none.
  std::string get(const std::string& path) const;
  // The MAC addresses that the computer remembers, by address.
  using Neighbours = std::map<std::string, std::string>;
  Neighbours neighbours() const;
  // How many of the web servers answer to some requests.
  std::size_t servers_answering() const;

 private:
  TestLab& lab_;
  nlohmann::json instance_;
  std::string address_;
  std::vector<std::pair<std::string, std::string>> routes_;
};

// A download that goes on as far as it is read.
class Download {
 public:
  Download(const kernel::NetNs& from, const std::string& address, const std::string& path);
  // Reads that much of the body; false when it ends or fails first.
  bool read(std::size_t bytes);
  // Reads the rest; the whole body.
  std::string finish();

 private:
  bool more(std::size_t most);
  kernel::Fd socket_;
  std::string received_;
};

// Connects over TCP from inside the namespace; 0, or the errno of why not.
int try_connect(const kernel::NetNs& from, const std::string& address, std::uint16_t port,
                kernel::Fd* connected = nullptr);

}  // namespace terrace
