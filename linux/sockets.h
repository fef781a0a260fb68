// Within this room: IP sockets of both families, alike.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "linux/deadline.h"
#include "linux/fd.h"

namespace terrace::kernel {

// An address and port as the socket calls want them.
class Endpoint {
 public:
  // `text`: an address; empty is nothing, and INVALID_ARGUMENT like all that is no address.
  static Result<Endpoint> parse(const std::string& text, std::uint16_t port);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return v6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in); }
  int family() const { return storage_.ss_family; }
  bool v6() const { return storage_.ss_family == AF_INET6; }
  // Bytes of the IP header without options.
  std::uint32_t ip_header() const { return v6() ? 40 : 20; }

 private:
  sockaddr_storage storage_{};
};

// The address part as text; empty for families other than IP.
std::string address_of(const sockaddr_storage& address);
std::string local_address(const Fd& socket);

// What lies in a socket's error queue.
struct QueuedError {
  int error = 0;
  // Told by the network or by this host's own stack.
  bool from_network = false;
  // The hop that said so; empty where nobody is named.
  std::string offender;
  // With EMSGSIZE: the largest packet that passes there.
  std::uint32_t mtu = 0;
};
std::optional<QueuedError> read_error_queue(const Fd& socket);

// Non-blocking; bound to `source` where that is not empty; errors from the network are queued.
Result<Fd> open_socket(const Endpoint& to, int type, int protocol, const std::string& source);

// Forbids fragmentation. kLearned: by the path MTU known; kFresh: by the link's alone.
enum class PathMtu { kLearned, kFresh };
void forbid_fragments(const Fd& socket, bool v6, PathMtu by);
// Of a connected socket; 0 where it is not known.
std::uint32_t path_mtu(const Fd& socket, bool v6);

// The errno a socket is about to report, which takes it; 0: none.
int pending_error(const Fd& socket);

// Waits for `events` or an error; false when the deadline has passed.
bool wait_for(const Fd& socket, short events, const Deadline& deadline);

}  // namespace terrace::kernel
