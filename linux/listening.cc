// Waiting for a server to listen.
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "linux/error.h"
#include "linux/pidfd.h"
#include "linux/process.h"
#include "linux/sockets.h"

namespace terrace::kernel {

namespace {

Problem server_ended(const ProcessId& server) {
  return make_problem(Problem::ABORTED, "linux.process-ended",
                      "the server ended before it listened")
      .at_resource("process/" + std::to_string(server.pid))
      .possible("See what it wrote to its output.");
}

enum class Attempt { kConnected, kRefused, kServerEnded };

// One connection, watched together with the server's life. Runs inside the namespace.
Result<Attempt> connect_once(const Endpoint& to, const Fd& server, const Deadline& deadline) {
  const auto socket = open_socket(to, SOCK_STREAM, 0, {});
  if (!socket) return socket.problem();
  if (::connect(socket->get(), to.get(), to.size()) == 0) return Attempt::kConnected;
  if (errno != EINPROGRESS) return Attempt::kRefused;
  pollfd wake[2] = {{socket->get(), POLLOUT, 0}, {server.get(), POLLIN, 0}};
  if (::poll(wake, 2, deadline.poll_ms()) <= 0) return Attempt::kRefused;
  if (wake[1].revents != 0) return Attempt::kServerEnded;
  return pending_error(*socket) == 0 ? Attempt::kConnected : Attempt::kRefused;
}

Status retry(const Endpoint& to, const Fd& handle, const ProcessId& server,
             const Deadline& deadline, const std::string& where) {
  // A refusal comes at once, so the pause is what bounds the work: short at first, since most
  // servers listen within milliseconds.
  for (int pause_ms = 1;; pause_ms = std::min(2 * pause_ms, 20)) {
    const auto attempt = connect_once(to, handle, deadline);
    if (!attempt) return attempt.problem();
    if (*attempt == Attempt::kConnected) return {};
    if (*attempt == Attempt::kServerEnded) return server_ended(server);
    if (deadline.passed()) {
      return make_problem(Problem::DEADLINE_EXCEEDED, "linux.deadline", "nobody listens yet")
          .at_resource(where);
    }
    pollfd ended{handle.get(), POLLIN, 0};
    if (::poll(&ended, 1, std::min(pause_ms, deadline.poll_ms())) > 0) return server_ended(server);
  }
}

}  // namespace

Status wait_listening(const NetNs& ns, const std::string& address, std::uint16_t port,
                      const ProcessId& server, Duration within) {
  const Deadline deadline(within);
  const auto to = Endpoint::parse(address, port);
  if (!to) return to.problem();
  const Fd handle = open_process(server.pid);
  if (!handle || !alive(server)) return server_ended(server);
  const std::string where = "tcp/" + address + ":" + std::to_string(port);
  return run_in(ns, [&] { return retry(*to, handle, server, deadline, where); });
}

}  // namespace terrace::kernel
