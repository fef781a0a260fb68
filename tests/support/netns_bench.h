// A place for the netns driver to work in a test: a site's namespace with an attachment port and a
// WAN port, a customer behind the attachment, and small HTTP.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/asio_executor.h"
#include "linux/fd.h"
#include "linux/links.h"
#include "linux/netns.h"
#include "southbound/netns/netns_infrastructure.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace terrace {

// The value, or a failed test and the process's end: nothing sensible could follow.
template <class T>
T must(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << describe(result.problem());
    std::abort();
  }
  return *std::move(result);
}
inline void must(Status status) {
  if (status.ok()) return;
  ADD_FAILURE() << describe(status.problem());
  std::abort();
}

// A namespace with a file, gone at the end.
class KeptNetNs {
 public:
  explicit KeptNetNs(std::string path) : path_(std::move(path)) {
    ns_.emplace(must(kernel::NetNs::create(path_)));
  }
  ~KeptNetNs() { EXPECT_TRUE(kernel::NetNs::remove(path_).ok()); }
  KeptNetNs(const KeptNetNs&) = delete;
  KeptNetNs& operator=(const KeptNetNs&) = delete;

  const kernel::NetNs& ns() const { return *ns_; }
  const std::string& path() const { return path_; }

  std::set<std::string> links() const {
    std::set<std::string> names;
    for (const auto& link : must(must(kernel::Netlink::open(*ns_)).links())) {
      names.insert(link.name);
    }
    return names;
  }

 private:
  const std::string path_;
  std::optional<kernel::NetNs> ns_;
};

// A pair between two namespaces, up, with an address on each end ("": none).
inline void join(const kernel::NetNs& one, const std::string& name, const std::string& address,
                 const kernel::NetNs& other, const std::string& other_name,
                 const std::string& other_address, std::uint32_t mtu) {
  auto here = must(kernel::Netlink::open(one));
  auto there = must(kernel::Netlink::open(other));
  must(here.add_veth({.name = name, .mtu = mtu},
                     {.name = other_name, .mtu = mtu, .ns = &other}));
  if (!address.empty()) must(here.add_address(name, address));
  if (!other_address.empty()) must(there.add_address(other_name, other_address));
  must(here.set_up(name));
  must(there.set_up(other_name));
}

// A site with its driver. The interfaces "cust" (attachment point "ap-1") and, where a vtep is
// given, "wan0" (WAN port "wan") must be there before open().
class NetnsBench {
 public:
  explicit NetnsBench(const std::string& directory, std::string vtep = "")
      : directory_(directory), site_(made(directory) + "/site"), vtep_(std::move(vtep)) {}
  ~NetnsBench() { driver_.reset(); }

  NetnsConfig config() const {
    NetnsConfig config;
    config.site = site_.path();
    config.run_dir = run_dir();
    auto& node = config.node.emplace_back();
    node.set_id("node-1");
    node.set_vcpus(16);
    node.set_memory_mib(4096);
    auto& attachment = config.attachment.emplace_back();
    attachment.attachment.set_id("ap-1");
    attachment.interface = "cust";
    if (vtep_.empty()) return config;
    auto& wan = config.wan_port.emplace_back();
    wan.interface = "wan0";
    wan.port.set_id("wan");
    wan.port.set_vtep(vtep_);
    wan.port.set_port(4789);
    return config;
  }

  // A new driver in the place of the one there was.
  void open() {
    driver_.reset();
    driver_ = must(NetnsInfrastructure::open(config(), executor_, Log()));
  }
  void close() { driver_.reset(); }

  Result<driver::v1::AppliedPart> apply(const driver::v1::DesiredPart& part) {
    return ask<Result<driver::v1::AppliedPart>>(
        [&](auto reply) { driver_->apply(part, std::move(reply)); });
  }
  Status remove(const std::string& hold_id) {
    return ask<Status>([&](auto reply) { driver_->remove(hold_id, std::move(reply)); });
  }
  std::vector<v1::Resource> inspect(std::optional<std::string> hold_id = std::nullopt) {
    return must(ask<Result<std::vector<v1::Resource>>>(
        [&](auto reply) { driver_->inspect(hold_id, std::move(reply)); }));
  }
  v1::ProbeResult probe(const driver::v1::ProbeOrder& order) {
    return must(ask<Result<v1::ProbeResult>>(
        [&](auto reply) { driver_->probe(order, std::move(reply)); }));
  }

  // The namespace of a VNF's first instance, by its profile.
  kernel::NetNs vnf(const std::string& profile, std::uint32_t index = 1) {
    for (const auto& resource : inspect()) {
      if (resource.kind() == "netns" && resource.vnf_profile_id() == profile &&
          resource.index() == index) {
        return must(kernel::NetNs::open(resource.where()));
      }
    }
    ADD_FAILURE() << "no namespace of " << profile;
    std::abort();
  }
  std::multiset<std::string> of_kind(const std::string& kind) {
    std::multiset<std::string> where;
    for (const auto& resource : inspect()) {
      if (resource.kind() == kind) where.insert(resource.where() + " " + resource.name());
    }
    return where;
  }

  const KeptNetNs& site() const { return site_; }
  std::string run_dir() const { return directory_ + "/run"; }

  // Nothing of the driver's is left but its empty directories and the attachment's bridge.
  void expect_nothing_left(const std::set<std::string>& site_links) {
    EXPECT_TRUE(inspect().empty());
    EXPECT_EQ(site_.links(), site_links);
    for (const char* below : {"/ns", "/vnf"}) {
      EXPECT_TRUE(std::filesystem::is_empty(run_dir() + below)) << below;
    }
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
      EXPECT_EQ(line.find(run_dir()), std::string::npos) << line;
    }
  }

 private:
  static std::string made(const std::string& directory) {
    std::filesystem::create_directories(directory);
    return directory;
  }

  template <class T>
  T ask(const std::function<void(std::function<void(T)>)>& call) {
    auto told = std::make_shared<Told<T>>();
    run_on(executor_, [&] { call([told](T result) { told->push(std::move(result)); }); });
    auto result = told->next(std::chrono::seconds(60));
    // The driver's own last step for a call follows its reply.
    run_on(executor_, [] {});
    if (result) return *std::move(result);
    ADD_FAILURE() << "no reply";
    std::abort();
  }

  const std::string directory_;
  KeptNetNs site_;
  const std::string vtep_;
  AsioExecutor executor_;
  std::unique_ptr<NetnsInfrastructure> driver_;
};

// A TCP connection from inside a namespace; empty where none comes about in time.
inline kernel::Fd connect_from(const kernel::NetNs& ns, const std::string& address,
                               std::uint16_t port, int timeout_ms = 2000) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  kernel::Fd socket;
  (void)kernel::run_inside(ns, [&] {
    socket = kernel::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  });
  (void)::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
  pollfd ready{socket.get(), POLLOUT, 0};
  int error = 0;
  socklen_t size = sizeof error;
  if (::poll(&ready, 1, timeout_ms) <= 0) return {};
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? std::move(socket) : kernel::Fd();
}

// A server that accepts nothing but has the port: connections to it are established.
inline kernel::Fd listen_in(const kernel::NetNs& ns, std::uint16_t port) {
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_port = htons(port);
  kernel::Fd socket;
  (void)kernel::run_inside(ns, [&] {
    socket = kernel::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  });
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  EXPECT_EQ(::listen(socket.get(), 4), 0);
  return socket;
}

// The whole answer to a GET, head and body; what came until then where the server stops.
inline std::string http_get(const kernel::NetNs& ns, const std::string& address,
                            const std::string& path) {
  const kernel::Fd socket = connect_from(ns, address, 80);
  if (!socket) return {};
  const std::string request = "GET " + path + " HTTP/1.0\r\nHost: test\r\n\r\n";
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
  std::string answer;
  pollfd ready{socket.get(), POLLIN, 0};
  while (::poll(&ready, 1, 10'000) > 0) {
    char data[16384];
    const auto got = ::recv(socket.get(), data, sizeof data, 0);
    if (got <= 0) break;
    answer.append(data, static_cast<std::size_t>(got));
  }
  return answer;
}

inline std::string body_of(const std::string& answer) {
  const auto head = answer.find("\r\n\r\n");
  return head == std::string::npos ? "" : answer.substr(head + 4);
}

}  // namespace terrace
