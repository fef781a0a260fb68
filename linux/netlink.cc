#include <linux/netlink.h>
#include <netlink/socket.h>

#include <cstring>
#include <mutex>

#include "linux/error.h"
#include "linux/links.h"
#include "linux/nl.h"

namespace terrace::kernel {

// libnl folds errnos into codes of its own and drops the kernel's words, so both are taken from the
// error message itself when it passes by.
struct Netlink::Socket {
  nl::Sock sock;
  std::mutex turn;
  int error = 0;
  std::string hint;

  static int on_error(sockaddr_nl*, nlmsgerr* message, void* self);
};

int Netlink::Socket::on_error(sockaddr_nl*, nlmsgerr* message, void* self) {
  auto& socket = *static_cast<Socket*>(self);
  socket.error = -message->error;
  auto* header = reinterpret_cast<nlmsghdr*>(reinterpret_cast<char*>(message) - NLMSG_HDRLEN);
  if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return NL_STOP;
  // The attributes follow the failed message, of which only the header is repeated when capped.
  std::size_t offset = sizeof(nlmsgerr);
  if ((header->nlmsg_flags & NLM_F_CAPPED) == 0) {
    offset += message->msg.nlmsg_len - sizeof(nlmsghdr);
  }
  auto* text = nlmsg_find_attr(header, static_cast<int>(offset), NLMSGERR_ATTR_MSG);
  if (text != nullptr) socket.hint = nla_get_string(text);
  return NL_STOP;
}

Netlink::Netlink(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}
Netlink::Netlink(Netlink&&) noexcept = default;
Netlink& Netlink::operator=(Netlink&&) noexcept = default;
Netlink::~Netlink() = default;

Result<Netlink> Netlink::open(const NetNs& ns) {
  auto socket = std::make_unique<Socket>();
  socket->sock.reset(nl_socket_alloc());
  if (!socket->sock) return errno_problem(ENOMEM, "open a route socket", ns.label());
  // A socket belongs for ever to the namespace it was made in.
  Status connected = run_in(ns, [&]() -> Status {
    const int code = nl_connect(socket->sock.get(), NETLINK_ROUTE);
    if (code < 0) {
      return errno_problem(nl::errno_of(code), "open a route socket", ns.label(),
                           nl_geterror(code));
    }
    return {};
  });
  if (!connected) return std::move(connected).problem();

  const int on = 1;
  const int fd = nl_socket_get_fd(socket->sock.get());
  // Both only make messages better and shorter; a kernel without them works too.
  (void)::setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  (void)::setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  nl_socket_modify_err_cb(socket->sock.get(), NL_CB_CUSTOM, Socket::on_error, socket.get());
  return Netlink(std::move(socket));
}

Status Netlink::with_socket(std::string_view action, std::string_view object,
                            const std::function<int(nl_sock*)>& use) {
  const std::scoped_lock lock(socket_->turn);
  socket_->error = 0;
  socket_->hint.clear();
  const int code = use(socket_->sock.get());
  if (code >= 0) return {};
  if (socket_->error != 0) return errno_problem(socket_->error, action, object, socket_->hint);
  return errno_problem(nl::errno_of(code), action, object, nl_geterror(code));
}

}  // namespace terrace::kernel
