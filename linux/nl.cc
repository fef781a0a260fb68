#include "linux/nl.h"

#include <arpa/inet.h>
#include <net/ethernet.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "linux/error.h"
#include "linux/links.h"

namespace terrace::kernel::nl {

namespace {

// inet_pton and no libnl parser: that one also takes names, hexadecimal and "any".
Addr address_of(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, text.c_str(), bytes.data()) != 1) continue;
    return Addr(nl_addr_build(family, bytes.data(), family == AF_INET ? 4 : 16));
  }
  return nullptr;
}

int bits_of(const nl_addr* address) {
  return static_cast<int>(nl_addr_get_len(address)) * 8;
}

}  // namespace

Result<Addr> parse_address(std::string_view text) {
  auto address = address_of(std::string(text));
  if (!address) return invalid_value("an IP address", text);
  return address;
}

Result<Addr> parse_prefix(std::string_view text) {
  constexpr std::string_view kWanted = "an IP prefix such as 10.0.0.0/24";
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return invalid_value(kWanted, text);
  auto address = address_of(std::string(text.substr(0, slash)));
  if (!address) return invalid_value(kWanted, text);
  int length = -1;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + slash + 1, end, length);
  if (error != std::errc() || rest != end || length < 0 || length > bits_of(address.get())) {
    return invalid_value(kWanted, text);
  }
  nl_addr_set_prefixlen(address.get(), length);
  return address;
}

Result<Addr> parse_mac(std::string_view text) {
  std::array<unsigned, 6> part{};
  std::array<unsigned char, 6> bytes{};
  int used = 0;
  const std::string copy(text);
  const int found = std::sscanf(copy.c_str(), "%2x:%2x:%2x:%2x:%2x:%2x%n", &part[0], &part[1],
                                &part[2], &part[3], &part[4], &part[5], &used);
  if (found != 6 || static_cast<std::size_t>(used) != text.size()) {
    return invalid_value("a MAC address", text);
  }
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(part[i]);
  return Addr(nl_addr_build(AF_LLC, bytes.data(), bytes.size()));
}

Status check_link_name(std::string_view name) {
  const bool fits = !name.empty() && name.size() <= kLinkNameMax && name != "." && name != "..";
  if (fits && name.find_first_of("/: \t\n") == std::string_view::npos) return {};
  return invalid_value("a link's name (1 to 15 characters, no slash, colon or space)", name);
}

std::string address_text(const nl_addr* address) {
  if (address == nullptr) return {};
  const auto* bytes = static_cast<const unsigned char*>(nl_addr_get_binary_addr(address));
  const auto size = nl_addr_get_len(address);
  if (size == 6) {
    char text[18];
    std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2],
                  bytes[3], bytes[4], bytes[5]);
    return text;
  }
  char text[INET6_ADDRSTRLEN] = "";
  if (size == 4) ::inet_ntop(AF_INET, bytes, text, sizeof text);
  if (size == 16) ::inet_ntop(AF_INET6, bytes, text, sizeof text);
  return text;
}

std::string prefix_text(const nl_addr* address) {
  if (address == nullptr) return {};
  if (nl_addr_get_len(address) == 0) {  // libnl's form of a default route
    return nl_addr_get_family(address) == AF_INET6 ? "::/0" : "0.0.0.0/0";
  }
  return address_text(address) + "/" + std::to_string(nl_addr_get_prefixlen(address));
}

int errno_of(int nl_error) {
  switch (-nl_error) {
    case NLE_INTR:
      return EINTR;
    case NLE_AGAIN:
      return EAGAIN;
    case NLE_EXIST:
      return EEXIST;
    case NLE_NOMEM:
      return ENOMEM;
    case NLE_NOACCESS:
      return EACCES;
    case NLE_PERM:
      return EPERM;
    case NLE_OBJ_NOTFOUND:
      return ENOENT;
    case NLE_NODEV:
      return ENODEV;
    case NLE_NOADDR:
      return EADDRNOTAVAIL;
    case NLE_OPNOTSUPP:
      return EOPNOTSUPP;
    case NLE_AF_NOSUPPORT:
      return EAFNOSUPPORT;
    case NLE_BUSY:
      return EBUSY;
    case NLE_RANGE:
      return ERANGE;
    case NLE_INVAL:
    case NLE_AF_MISMATCH:
    case NLE_MISSING_ATTR:
      return EINVAL;
    default:
      return EPROTO;
  }
}

int dump(nl_sock* socket, int type, const void* header, std::size_t header_size,
         const std::function<void()>& restart, const std::function<void(nlmsghdr*)>& show) {
  const Callback original(nl_socket_get_cb(socket));  // a reference of our own
  const Callback callback(nl_cb_clone(original.get()));
  if (!callback) return -NLE_NOMEM;
  const auto shown = [](nl_msg* message, void* argument) -> int {
    (*static_cast<const std::function<void(nlmsghdr*)>*>(argument))(nlmsg_hdr(message));
    return NL_OK;
  };
  nl_cb_set(callback.get(), NL_CB_VALID, NL_CB_CUSTOM, shown,
            const_cast<std::function<void(nlmsghdr*)>*>(&show));
  for (int tries = 0;; ++tries) {
    restart();
    int code = nl_send_simple(socket, type, NLM_F_DUMP, const_cast<void*>(header), header_size);
    if (code >= 0) code = nl_recvmsgs(socket, callback.get());
    if (code != -NLE_DUMP_INTR || tries == 10) return code;
  }
}

}  // namespace terrace::kernel::nl
