// The customer's side: routes, requests, a download.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <set>

#include "linux/links.h"
#include "tests/system/test_lab.h"

namespace terrace {
namespace {

constexpr std::uint16_t kHttp = 80;

std::string request_for(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n";
}

bool send_all(const kernel::Fd& socket, const std::string& text) {
  return ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(text.size());
}

}  // namespace

int try_connect(const kernel::NetNs& from, const std::string& address, std::uint16_t port,
                kernel::Fd* connected) {
  int error = 0;
  const Status inside = kernel::run_inside(from, [&] {
    kernel::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // Small, so that what is not read yet waits at the server and not here.
    const int buffer = 256 * 1024;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    const timeval hang{kHang.count(), 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &hang, sizeof hang);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &hang, sizeof hang);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
    error = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ? 0
                                                                                            : errno;
    if (connected != nullptr) *connected = std::move(socket);
  });
  return inside.ok() ? error : ENXIO;
}

// --- a customer ---

Customer::Customer(TestLab& lab, const std::string& name)
    : lab_(lab), instance_(lab.ask("top", {"ns", "show", name})) {
  if (!instance_.is_object()) {
    ADD_FAILURE() << "the instance " << name << " cannot be read";
    return;
  }
  for (const auto& vnf : instance_["proof"]["vnf"])
    for (const auto& cp : vnf["cp"])
      if (vnf["vnfProfileId"] == "loadbalancer" && cp["cpdId"] == "left")
        address_ = cp["address"].at(0).get<std::string>();
  address_ = address_.substr(0, address_.find('/'));
  for (const auto& sap : instance_["customerRoute"])
    for (const auto& route : sap["route"])
      routes_.emplace_back(route["prefix"], route["nextHop"].at(0));
  auto netlink = kernel::Netlink::open(lab_.place("client"));
  EXPECT_TRUE(netlink.ok());
  EXPECT_FALSE(routes_.empty());
  if (!netlink.ok()) return;
  for (const auto& [prefix, hop] : routes_)
    EXPECT_TRUE(netlink->replace_route({.destination = prefix, .gateway = hop}).ok());
}

Customer::~Customer() {
  auto netlink = kernel::Netlink::open(lab_.place("client"));
  if (!netlink.ok()) return;
  for (const auto& [prefix, hop] : routes_)
    EXPECT_TRUE(netlink->delete_route({.destination = prefix, .gateway = hop}).ok());
}

std::string Customer::get(const std::string& path) const {
  return Download(lab_.place("client"), address_, path).finish();
}

Customer::Neighbours Customer::neighbours() const {
  Neighbours known;
  auto netlink = kernel::Netlink::open(lab_.place("client"));
  if (!netlink.ok()) return known;
  const auto all = netlink->neighbours("eth0");
  EXPECT_TRUE(all.ok());
  if (!all.ok()) return known;
  for (const auto& one : *all) known[one.address] = one.mac;
  return known;
}

std::size_t Customer::servers_answering() const {
  std::set<std::string> answered;
  for (const auto& vnf : instance_["proof"]["vnf"]) {
    if (vnf["vnfProfileId"] != "web") continue;
    const std::string id = vnf["vnfInstanceId"];
    // Each request goes to the next server.
    for (int i = 0; i < 4 && !answered.contains(id); ++i)
      if (get("/").find(id) != std::string::npos) answered.insert(id);
  }
  return answered.size();
}

// --- a download ---

Download::Download(const kernel::NetNs& from, const std::string& address,
                   const std::string& path) {
  const std::string end_of_head = "\r\n\r\n";
  const int error = try_connect(from, address, kHttp, &socket_);
  bool good = error == 0 && send_all(socket_, request_for(path));
  while (good && received_.find(end_of_head) == std::string::npos) good = more(4096);
  if (good && received_.starts_with("HTTP/1.1 200 "))
    received_.erase(0, received_.find(end_of_head) + end_of_head.size());
  else
    socket_.reset();
}

bool Download::more(std::size_t most) {
  std::array<char, 65536> bytes;
  const ssize_t count = ::recv(socket_.get(), bytes.data(), std::min(most, bytes.size()), 0);
  if (count <= 0) return false;
  received_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

bool Download::read(std::size_t bytes) {
  const std::size_t until = received_.size() + bytes;
  while (socket_ && received_.size() < until)
    if (!more(until - received_.size())) return false;
  return static_cast<bool>(socket_);
}

std::string Download::finish() {
  if (!socket_) return "";
  while (more(65536)) continue;
  return std::move(received_);
}

}  // namespace terrace
