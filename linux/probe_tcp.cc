#include <arpa/inet.h>
#include <linux/net_tstamp.h>
#include <linux/tcp.h>
#include <poll.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include "linux/error.h"
#include "linux/probe.h"
#include "linux/sockets.h"

namespace terrace::kernel {

namespace {

using Verdict = ProbeAnswer::Verdict;
using Monotonic = std::chrono::steady_clock;

constexpr std::uint32_t kTcpHeader = 20;
constexpr std::uint32_t kTimestampOption = 12;
constexpr std::uint32_t kLeastPacket = 576;
// TCP_CLOSE of netinet/tcp.h, whose tcp_info is older than the kernel's.
constexpr unsigned kTcpClosed = 7;

// One test on one connection, inside the namespace.
class TcpTest {
 public:
  TcpTest(const TcpProbe& test, const Endpoint& to, Fd socket)
      : test_(test), to_(to), socket_(std::move(socket)), deadline_(test.within) {}

  ProbeAnswer run() {
    if (test_.packet_size != 0) prepare_full_size();
    const auto sent = Monotonic::now();
    if (auto failed = connect()) return *std::move(failed);
    const Duration round_trip = Monotonic::now() - sent;
    if (test_.packet_size != 0) {
      if (auto failed = send_full_size()) return *std::move(failed);
    }
    return {
        .verdict = Verdict::kAnswered, .round_trip = round_trip, .source = local_address(socket_)};
  }

 private:
  ProbeAnswer verdict(Verdict what, std::string detail, std::uint32_t mtu = 0) const {
    return {.verdict = what,
            .detail = std::move(detail),
            .takes_mtu = mtu,
            .source = local_address(socket_)};
  }
  ProbeAnswer refused(int error) const {
    if (error == ETIMEDOUT) return verdict(Verdict::kSilent, "no answer in time");
    if (error == EMSGSIZE) return too_small();
    return verdict(Verdict::kRefused, std::generic_category().message(error));
  }
  ProbeAnswer too_small() const {
    const auto mtu = path_mtu(socket_, to_.v6());
    return verdict(Verdict::kRefused, "too big: the path takes " + std::to_string(mtu), mtu);
  }
  tcp_info info() const {
    tcp_info info{};
    socklen_t size = sizeof info;
    (void)::getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &info, &size);
    return info;
  }

  void prepare_full_size() const {
    forbid_fragments(socket_, to_.v6(), PathMtu::kLearned);
    // Segments no larger than the size asked for, where the link would take more.
    const int segment = static_cast<int>(test_.packet_size - to_.ip_header() - kTcpHeader);
    (void)::setsockopt(socket_.get(), IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    // The kernel tells, in the error queue, when the last byte sent has been acknowledged.
    const int stamps =
        SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY;
    (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps);
  }

  std::optional<ProbeAnswer> connect() const {
    if (::connect(socket_.get(), to_.get(), to_.size()) == 0) return std::nullopt;
    if (errno != EINPROGRESS) return refused(errno);
    if (!wait_for(socket_, POLLOUT, deadline_)) {
      return verdict(Verdict::kSilent, "no answer to the connection request in time");
    }
    if (const int error = pending_error(socket_)) return refused(error);
    return std::nullopt;
  }

  // Two segments, since a lone one's acknowledgement may be delayed.
  std::optional<ProbeAnswer> send_full_size() const {
    const tcp_info before = info();
    const bool stamped = (before.tcpi_options & TCPI_OPT_TIMESTAMPS) != 0;
    const std::uint32_t packet =
        before.tcpi_snd_mss + to_.ip_header() + kTcpHeader + (stamped ? kTimestampOption : 0);
    if (path_mtu(socket_, to_.v6()) < test_.packet_size) return too_small();
    if (packet < test_.packet_size) {
      return verdict(Verdict::kRefused, "too big: the peer takes " + std::to_string(packet),
                     packet);
    }
    std::string data = test_.payload;
    data.resize(2 * std::size_t{before.tcpi_snd_mss}, 'x');
    if (::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL) < 0) return refused(errno);
    return await_acknowledged();
  }

  std::optional<ProbeAnswer> await_acknowledged() const {
    // POLLERR alone: what the server says is of no interest, and errors always wake.
    while (wait_for(socket_, 0, deadline_)) {
      while (read_error_queue(socket_)) {
      }
      const tcp_info now = info();
      if (now.tcpi_unacked == 0 && now.tcpi_notsent_bytes == 0 &&
          now.tcpi_bytes_acked > now.tcpi_snd_mss) {
        // Acknowledged, but perhaps only after a hop made the segments smaller.
        if (path_mtu(socket_, to_.v6()) < test_.packet_size) return too_small();
        return std::nullopt;
      }
      if (const int error = pending_error(socket_)) return refused(error);
      if (now.tcpi_state == kTcpClosed) return refused(ECONNRESET);
    }
    if (path_mtu(socket_, to_.v6()) < test_.packet_size) return too_small();
    return verdict(Verdict::kSilent, "full segments were not acknowledged in time");
  }

  const TcpProbe& test_;
  const Endpoint& to_;
  const Fd socket_;
  const Deadline deadline_;
};

}  // namespace

Result<ProbeAnswer> probe(const NetNs& ns, const TcpProbe& test) {
  const auto to = Endpoint::parse(test.destination, test.port);
  if (!to) return to.problem();
  const bool sized = test.packet_size != 0;
  if (sized && (test.packet_size < kLeastPacket || test.packet_size > 65535)) {
    return invalid_value("a packet size from 576 to 65535", std::to_string(test.packet_size));
  }
  return run_in(ns, [&]() -> Result<ProbeAnswer> {
    auto socket = open_socket(*to, SOCK_STREAM, 0, test.source);
    if (!socket) return std::move(socket).problem();
    return TcpTest(test, *to, *std::move(socket)).run();
  });
}

}  // namespace terrace::kernel
