#include "linux/tc.h"

#include <netlink/route/class.h>
#include <netlink/route/qdisc.h>
#include <netlink/route/qdisc/htb.h>
#include <netlink/route/qdisc/tbf.h>
#include <netlink/route/tc.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "linux/error.h"
#include "linux/links.h"
#include "linux/nl.h"

namespace terrace::kernel {

namespace {

using Qdisc = std::unique_ptr<rtnl_qdisc, nl::Freed<rtnl_qdisc_put>>;
using Class = std::unique_ptr<rtnl_class, nl::Freed<rtnl_class_put>>;

constexpr std::uint32_t kRootHandle = TC_HANDLE(1, 0);
constexpr std::uint32_t kOnlyClass = TC_HANDLE(1, 1);
constexpr std::uint32_t kFrameHeader = 14;

struct Bytes {
  std::uint64_t per_second;
  std::uint32_t burst;
};

std::string object_of(std::string_view link) {
  return "link/" + std::string(link);
}

Result<Bytes> bytes_of(const Shape& shape, const Link& link) {
  const std::uint64_t rate = shape.rate_bps / 8;
  const bool token_bucket = shape.kind == Shape::Kind::kTokenBucket;
  if (rate == 0 || (token_bucket && rate > std::numeric_limits<int>::max())) {
    return invalid_value("a rate in bit/s that this kind of shape takes",
                         std::to_string(shape.rate_bps));
  }
  const std::uint32_t frame = link.mtu + kFrameHeader;
  if (shape.burst_bytes != 0 && shape.burst_bytes < frame) {
    return make_problem(Problem::INVALID_ARGUMENT, "linux.invalid",
                        "a burst smaller than a full frame would let none pass")
        .at_resource(object_of(link.name))
        .constraint("burst-bytes", "at least " + std::to_string(frame),
                    std::to_string(shape.burst_bytes));
  }
  if (shape.burst_bytes != 0) return Bytes{rate, shape.burst_bytes};
  const std::uint64_t ten_ms = std::min<std::uint64_t>(rate / 100, 1U << 30);
  return Bytes{rate, std::max(static_cast<std::uint32_t>(ten_ms), 2 * frame)};
}

void describe_root(rtnl_tc* qdisc, int index) {
  rtnl_tc_set_ifindex(qdisc, index);
  rtnl_tc_set_parent(qdisc, TC_H_ROOT);
}

int add_token_bucket(nl_sock* socket, const Link& link, const Bytes& bytes, Duration latency) {
  const Qdisc qdisc(rtnl_qdisc_alloc());
  if (!qdisc) return -NLE_NOMEM;
  describe_root(TC_CAST(qdisc.get()), link.index);
  rtnl_tc_set_handle(TC_CAST(qdisc.get()), kRootHandle);
  rtnl_tc_set_mtu(TC_CAST(qdisc.get()), link.mtu + kFrameHeader);
  if (const int code = rtnl_tc_set_kind(TC_CAST(qdisc.get()), "tbf"); code < 0) return code;
  rtnl_qdisc_tbf_set_rate(qdisc.get(), static_cast<int>(bytes.per_second),
                          static_cast<int>(bytes.burst), 0);
  // What may wait: the burst, and what the rate moves in the latency allowed.
  const double waiting =
      static_cast<double>(bytes.per_second) * std::chrono::duration<double>(latency).count();
  rtnl_qdisc_tbf_set_limit(qdisc.get(), static_cast<int>(std::min(waiting + bytes.burst, 1e9)));
  return rtnl_qdisc_add(socket, qdisc.get(), NLM_F_CREATE | NLM_F_EXCL);
}

int add_hierarchical(nl_sock* socket, const Link& link, const Bytes& bytes) {
  const Qdisc qdisc(rtnl_qdisc_alloc());
  const Class only(rtnl_class_alloc());
  if (!qdisc || !only) return -NLE_NOMEM;
  describe_root(TC_CAST(qdisc.get()), link.index);
  rtnl_tc_set_handle(TC_CAST(qdisc.get()), kRootHandle);
  if (const int code = rtnl_tc_set_kind(TC_CAST(qdisc.get()), "htb"); code < 0) return code;
  rtnl_htb_set_defcls(qdisc.get(), TC_H_MIN(kOnlyClass));
  int code = rtnl_qdisc_add(socket, qdisc.get(), NLM_F_CREATE | NLM_F_EXCL);
  if (code < 0) return code;

  rtnl_tc_set_ifindex(TC_CAST(only.get()), link.index);
  rtnl_tc_set_parent(TC_CAST(only.get()), kRootHandle);
  rtnl_tc_set_handle(TC_CAST(only.get()), kOnlyClass);
  rtnl_tc_set_mtu(TC_CAST(only.get()), link.mtu + kFrameHeader);
  code = rtnl_tc_set_kind(TC_CAST(only.get()), "htb");
  if (code < 0) return code;
  rtnl_htb_set_rate64(only.get(), bytes.per_second);
  rtnl_htb_set_ceil64(only.get(), bytes.per_second);
  rtnl_htb_set_rbuffer(only.get(), bytes.burst);
  rtnl_htb_set_cbuffer(only.get(), bytes.burst);
  // One class has nobody to share with; a full frame keeps the kernel from guessing by the rate.
  rtnl_htb_set_quantum(only.get(), link.mtu + kFrameHeader);
  return rtnl_class_add(socket, only.get(), NLM_F_CREATE | NLM_F_EXCL);
}

Status remove_root(Netlink& netlink, const Link& link) {
  Status removed = netlink.with_socket("stop shaping", object_of(link.name), [&](nl_sock* socket) {
    const Qdisc qdisc(rtnl_qdisc_alloc());
    if (!qdisc) return -NLE_NOMEM;
    describe_root(TC_CAST(qdisc.get()), link.index);
    rtnl_tc_set_handle(TC_CAST(qdisc.get()), kRootHandle);
    return rtnl_qdisc_delete(socket, qdisc.get());
  });
  // The default qdisc has no handle: "Invalid handle" or ENOENT mean that no shape is there.
  const bool none = !removed && (removed.problem().code() == Problem::NOT_FOUND ||
                                 removed.problem().code() == Problem::INVALID_ARGUMENT);
  return none ? Status() : removed;
}

}  // namespace

Status shape_egress(const NetNs& ns, std::string_view link, const Shape& shape) {
  auto netlink = Netlink::open(ns);
  if (!netlink) return std::move(netlink).problem();
  const auto found = netlink->link(link);
  if (!found) return found.problem();
  const auto bytes = bytes_of(shape, *found);
  if (!bytes) return bytes.problem();
  if (Status removed = remove_root(*netlink, *found); !removed) return removed;
  return netlink->with_socket("shape a link", object_of(link), [&](nl_sock* socket) {
    if (shape.kind == Shape::Kind::kHierarchical) return add_hierarchical(socket, *found, *bytes);
    return add_token_bucket(socket, *found, *bytes, shape.latency);
  });
}

Status unshape_egress(const NetNs& ns, std::string_view link) {
  auto netlink = Netlink::open(ns);
  if (!netlink) return std::move(netlink).problem();
  const auto found = netlink->link(link);
  if (!found) return found.problem();
  return remove_root(*netlink, *found);
}

}  // namespace terrace::kernel
