#include "linux/probe.h"

#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <system_error>
#include <vector>

#include "linux/error.h"
#include "linux/sockets.h"

namespace terrace::kernel {

namespace {

using Bytes = std::vector<unsigned char>;
using Verdict = ProbeAnswer::Verdict;
using Monotonic = std::chrono::steady_clock;

constexpr std::uint32_t kTransportHeader = 8;  // of ICMP echo and of UDP alike
constexpr std::uint32_t kCookie = 8;

std::string words(int error) {
  return std::generic_category().message(error);
}

ProbeAnswer refusal(const Fd& socket, std::string detail, std::uint32_t mtu = 0) {
  return {.verdict = Verdict::kRefused,
          .detail = std::move(detail),
          .takes_mtu = mtu,
          .source = local_address(socket)};
}

ProbeAnswer silence(const Fd& socket, std::string awaited) {
  return {
      .verdict = Verdict::kSilent, .detail = std::move(awaited), .source = local_address(socket)};
}

ProbeAnswer answer(const Fd& socket, Monotonic::time_point sent) {
  return {.verdict = Verdict::kAnswered,
          .round_trip = Monotonic::now() - sent,
          .source = local_address(socket)};
}

ProbeAnswer too_big(const Fd& socket, const std::string& who, std::uint32_t mtu) {
  return refusal(socket, "too big: " + who + " takes " + std::to_string(mtu), mtu);
}

// What an error of send, connect or the socket itself means for the test.
ProbeAnswer refused_by_error(const Fd& socket, const Endpoint& to, int error) {
  const auto queued = read_error_queue(socket);
  if (queued && queued->error != 0) {
    const std::string who = queued->from_network ? queued->offender : "the own link";
    if (queued->error == EMSGSIZE) return too_big(socket, who, queued->mtu);
    return refusal(socket, words(queued->error) + ", says " + who);
  }
  if (error == EMSGSIZE) return too_big(socket, "the own link", path_mtu(socket, to.v6()));
  if (error == EPERM) return refusal(socket, "the own packet filter forbids it");
  if (error == ENETUNREACH) return refusal(socket, "no route: " + words(error));
  return refusal(socket, words(error));
}

// Sends one datagram on a connected socket, and reads until `is_answer` takes one, the network
// refuses, or time is over.
ProbeAnswer exchange(const Fd& socket, const Endpoint& to, const Bytes& request,
                     const Deadline& deadline, const std::string& awaited,
                     const std::function<bool(const unsigned char*, std::size_t)>& is_answer) {
  const auto sent = Monotonic::now();
  if (::send(socket.get(), request.data(), request.size(), 0) < 0) {
    return refused_by_error(socket, to, errno);
  }
  Bytes received(65536);
  while (wait_for(socket, POLLIN, deadline)) {
    const auto size = ::recv(socket.get(), received.data(), received.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size < 0) return refused_by_error(socket, to, errno);
    if (is_answer(received.data(), static_cast<std::size_t>(size))) return answer(socket, sent);
  }
  return silence(socket, "no " + awaited + " in time");
}

std::uint16_t internet_checksum(const Bytes& data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < data.size(); i += 2) {
    const unsigned low = i + 1 < data.size() ? data[i + 1] : 0;
    sum += static_cast<unsigned>(data[i] << 8) | low;
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// Both families share the layout: type, code, checksum, identifier, sequence. The cookie tells this
// test's answers from those of others that run at the same time.
Bytes echo_request(bool v6, std::size_t payload) {
  Bytes packet(kTransportHeader + payload);
  packet[0] = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
  const auto thread = static_cast<std::uint16_t>(::gettid());
  std::memcpy(&packet[4], &thread, sizeof thread);
  packet[7] = 1;
  const std::int64_t cookie = Monotonic::now().time_since_epoch().count();
  std::memcpy(&packet[kTransportHeader], &cookie, kCookie);
  if (v6) return packet;  // the kernel fills in ICMPv6's checksum
  const std::uint16_t sum = htons(internet_checksum(packet));
  std::memcpy(&packet[2], &sum, sizeof sum);
  return packet;
}

bool is_echo_reply(const Bytes& request, bool v6, const unsigned char* data, std::size_t size) {
  const std::size_t skip = v6 || size == 0 ? 0 : static_cast<std::size_t>(data[0] & 0x0f) * 4;
  if (size < skip + request.size()) return false;
  data += skip;
  const unsigned char wanted = v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;
  return data[0] == wanted && std::memcmp(data + 4, &request[4], request.size() - 4) == 0;
}

// A connected socket or, where the host itself sees no way, the refusal.
struct Connected {
  Fd socket;
  std::optional<ProbeAnswer> refused;
};

Result<Connected> connect_datagram(const Endpoint& to, int type, int protocol,
                                   const std::string& source, bool dont_fragment) {
  auto socket = open_socket(to, type, protocol, source);
  if (!socket) return std::move(socket).problem();
  if (dont_fragment) forbid_fragments(*socket, to.v6(), PathMtu::kFresh);
  Connected connected{*std::move(socket), {}};
  if (::connect(connected.socket.get(), to.get(), to.size()) < 0) {
    connected.refused = refused_by_error(connected.socket, to, errno);
  }
  return connected;
}

// The payload a layer-3 packet of this size leaves, at least `least`.
Result<std::size_t> payload_of(std::uint32_t packet_size, const Endpoint& to, std::size_t least) {
  const std::size_t headers = to.ip_header() + kTransportHeader;
  if (packet_size == 0) return least;
  if (packet_size < headers + least || packet_size > 65535) {
    return invalid_value("a packet size from " + std::to_string(headers + least) + " to 65535",
                         std::to_string(packet_size));
  }
  return packet_size - headers;
}

}  // namespace

Result<ProbeAnswer> probe(const NetNs& ns, const IcmpProbe& test) {
  const auto to = Endpoint::parse(test.destination, 0);
  if (!to) return to.problem();
  const auto payload = payload_of(test.packet_size, *to, kCookie);
  if (!payload) return payload.problem();
  const Deadline deadline(test.within);
  return run_in(ns, [&]() -> Result<ProbeAnswer> {
    const int protocol = to->v6() ? int{IPPROTO_ICMPV6} : int{IPPROTO_ICMP};
    const auto connected =
        connect_datagram(*to, SOCK_RAW, protocol, test.source, test.dont_fragment);
    if (!connected) return connected.problem();
    if (connected->refused) return *connected->refused;
    const Bytes request = echo_request(to->v6(), *payload);
    return exchange(connected->socket, *to, request, deadline, "echo reply",
                    [&](const unsigned char* data, std::size_t size) {
                      return is_echo_reply(request, to->v6(), data, size);
                    });
  });
}

Result<ProbeAnswer> probe(const NetNs& ns, const UdpProbe& test) {
  const auto to = Endpoint::parse(test.destination, test.port);
  if (!to) return to.problem();
  const auto size = payload_of(test.packet_size, *to, test.payload.size());
  if (!size) return size.problem();
  Bytes request(test.payload.begin(), test.payload.end());
  request.resize(*size);
  const Deadline deadline(test.within);
  return run_in(ns, [&]() -> Result<ProbeAnswer> {
    const auto connected = connect_datagram(*to, SOCK_DGRAM, 0, test.source, test.packet_size != 0);
    if (!connected) return connected.problem();
    if (connected->refused) return *connected->refused;
    return exchange(connected->socket, *to, request, deadline, "datagram",
                    [&](const unsigned char* data, std::size_t length) {
                      return !test.expect_echo || (length == request.size() &&
                                                   std::memcmp(data, request.data(), length) == 0);
                    });
  });
}

}  // namespace terrace::kernel
