#include "linux/sockets.h"

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <netinet/ip.h>
#include <poll.h>

#include <cerrno>
#include <cstring>

#include "linux/error.h"

namespace terrace::kernel {

Result<Endpoint> Endpoint::parse(const std::string& text, std::uint16_t port) {
  Endpoint endpoint;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&endpoint.storage_);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&endpoint.storage_);
  if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    return endpoint;
  }
  endpoint.storage_ = {};
  if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    return endpoint;
  }
  return invalid_value("an IP address", text);
}

std::string address_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return text;
}

std::string local_address(const Fd& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) < 0) return {};
  return address_of(address);
}

std::optional<QueuedError> read_error_queue(const Fd& socket) {
  char data[256];
  alignas(cmsghdr) char control[512];
  iovec vector{data, sizeof data};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(socket.get(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
  QueuedError queued;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    const bool v4 = part->cmsg_level == SOL_IP && part->cmsg_type == IP_RECVERR;
    const bool v6 = part->cmsg_level == SOL_IPV6 && part->cmsg_type == IPV6_RECVERR;
    if (!v4 && !v6) continue;
    struct {
      sock_extended_err error;
      sockaddr_storage offender;
    } told{};
    std::memcpy(&told.error, CMSG_DATA(part), sizeof told.error);
    std::memcpy(&told.offender, CMSG_DATA(part) + sizeof told.error,
                std::min(sizeof told.offender, part->cmsg_len - CMSG_LEN(sizeof told.error)));
    queued.error = static_cast<int>(told.error.ee_errno);
    queued.from_network =
        told.error.ee_origin == SO_EE_ORIGIN_ICMP || told.error.ee_origin == SO_EE_ORIGIN_ICMP6;
    if (queued.from_network) queued.offender = address_of(told.offender);
    if (queued.error == EMSGSIZE) queued.mtu = told.error.ee_info;
  }
  return queued;
}

Result<Fd> open_socket(const Endpoint& to, int type, int protocol, const std::string& source) {
  Fd socket(::socket(to.family(), type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!socket) return errno_problem(errno, "open a socket", "probe");
  const int on = 1;
  const int level = to.v6() ? int{SOL_IPV6} : int{SOL_IP};
  const int option = to.v6() ? IPV6_RECVERR : IP_RECVERR;
  if (::setsockopt(socket.get(), level, option, &on, sizeof on) < 0) {
    return errno_problem(errno, "ask for a socket's errors", "probe");
  }
  if (source.empty()) return socket;
  const auto from = Endpoint::parse(source, 0);
  if (!from) return from.problem();
  if (from->family() != to.family()) return invalid_value("of the destination's family", source);
  if (::bind(socket.get(), from->get(), from->size()) < 0) {
    return errno_problem(errno, "send from an address", "address/" + source);
  }
  return socket;
}

void forbid_fragments(const Fd& socket, bool v6, PathMtu by) {
  if (v6) {
    const int how = by == PathMtu::kFresh ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_DO;
    const int on = 1;
    (void)::setsockopt(socket.get(), SOL_IPV6, IPV6_MTU_DISCOVER, &how, sizeof how);
    (void)::setsockopt(socket.get(), SOL_IPV6, IPV6_DONTFRAG, &on, sizeof on);
    return;
  }
  const int how = by == PathMtu::kFresh ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DO;
  (void)::setsockopt(socket.get(), SOL_IP, IP_MTU_DISCOVER, &how, sizeof how);
}

std::uint32_t path_mtu(const Fd& socket, bool v6) {
  int mtu = 0;
  socklen_t size = sizeof mtu;
  const int level = v6 ? int{SOL_IPV6} : int{SOL_IP};
  const int option = v6 ? IPV6_MTU : IP_MTU;
  if (::getsockopt(socket.get(), level, option, &mtu, &size) < 0 || mtu < 0) return 0;
  return static_cast<std::uint32_t>(mtu);
}

int pending_error(const Fd& socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) < 0) return errno;
  return error;
}

bool wait_for(const Fd& socket, short events, const Deadline& deadline) {
  for (;;) {
    pollfd wake{socket.get(), events, 0};
    const int ready = ::poll(&wake, 1, deadline.poll_ms());
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

}  // namespace terrace::kernel
