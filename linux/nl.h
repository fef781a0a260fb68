// Within this room: libnl's objects with owners, and text turned into its addresses.
#pragma once

#include <netlink/addr.h>
#include <netlink/cache.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace terrace::kernel {

struct Link;
// What the kernel told of a link, in our words.
Link read_link(rtnl_link* object);

}  // namespace terrace::kernel

namespace terrace::kernel::nl {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using Sock = std::unique_ptr<nl_sock, Freed<nl_socket_free>>;
using Msg = std::unique_ptr<nl_msg, Freed<nlmsg_free>>;
using Cache = std::unique_ptr<nl_cache, Freed<nl_cache_free>>;
using Addr = std::unique_ptr<nl_addr, Freed<nl_addr_put>>;
using Callback = std::unique_ptr<nl_cb, Freed<nl_cb_put>>;
using LinkObject = std::unique_ptr<rtnl_link, Freed<rtnl_link_put>>;

// An address without prefix length; with one; with one or without (a host then); a MAC.
Result<Addr> parse_address(std::string_view text);
Result<Addr> parse_prefix(std::string_view text);
Result<Addr> parse_mac(std::string_view text);
Status check_link_name(std::string_view name);

// Canonical text, always with (or without) the prefix length; empty for null.
std::string address_text(const nl_addr* address);
std::string prefix_text(const nl_addr* address);

// The errno that comes nearest to a negative libnl code.
int errno_of(int nl_error);

// Asks for a dump and shows each of its messages; again from the start where the kernel says that
// the table changed meanwhile (`restart` is called first). Returns a libnl code.
int dump(nl_sock* socket, int type, const void* header, std::size_t header_size,
         const std::function<void()>& restart, const std::function<void(nlmsghdr*)>& show);

// Visits a cache's objects, in order.
template <class Object, class Visit>
void for_each(nl_cache* cache, Visit&& visit) {
  for (auto* object = nl_cache_get_first(cache); object; object = nl_cache_get_next(object)) {
    visit(reinterpret_cast<Object*>(object));
  }
}

// Fills a cache by `fill(nl_cache**)`, again where the kernel says that it changed meanwhile.
template <class Fill>
int fill_cache(Cache& cache, Fill&& fill) {
  for (int tries = 0;; ++tries) {
    nl_cache* raw = nullptr;
    const int code = fill(&raw);
    if (code >= 0) cache.reset(raw);
    if (code != -NLE_DUMP_INTR || tries == 10) return code;
  }
}

}  // namespace terrace::kernel::nl
