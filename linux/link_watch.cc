#include "linux/link_watch.h"

#include <linux/rtnetlink.h>
#include <netlink/object.h>
#include <netlink/socket.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>

#include "linux/deadline.h"
#include "linux/error.h"
#include "linux/links.h"
#include "linux/nl.h"

namespace terrace::kernel {

namespace {

using Names = std::vector<std::string>;

std::string joined(const Names& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

struct Seen {
  std::string name;
  bool running = false;
};

}  // namespace

struct LinkWatch::State {
  explicit State(Netlink opened) : netlink(std::move(opened)) {}

  // For dumps; notifications have a socket of their own, so that neither waits in the other's way.
  Netlink netlink;
  nl::Sock events;
  std::map<int, Seen> present;
  bool missed = false;
  std::string where;

  static int on_event(nl_msg* message, void* self);
  Status subscribe();
  Status drain();
  Status dump();
  Status await(Duration within, const std::function<Names()>& open, std::string_view what);
};

int LinkWatch::State::on_event(nl_msg* message, void* self) {
  auto& state = *static_cast<State*>(self);
  const nlmsghdr* header = nlmsg_hdr(message);
  const auto& link = *static_cast<const ifinfomsg*>(nlmsg_data(header));
  // A port that leaves its bridge is told as a link deleted, of the bridge's family.
  if (link.ifi_family == AF_BRIDGE) return NL_OK;
  if (header->nlmsg_type == RTM_DELLINK) {
    state.present.erase(link.ifi_index);
    return NL_OK;
  }
  if (header->nlmsg_type != RTM_NEWLINK) return NL_OK;
  nl_object* parsed = nullptr;
  const auto keep = [](nl_object* object, void* place) {
    nl_object_get(object);
    *static_cast<nl_object**>(place) = object;
  };
  if (nl_msg_parse(message, keep, &parsed) >= 0 && parsed != nullptr) {
    const nl::LinkObject object(reinterpret_cast<rtnl_link*>(parsed));
    const Link seen = read_link(object.get());
    state.present[seen.index] = {seen.name, seen.running};
  }
  return NL_OK;
}

// In the namespace.
Status LinkWatch::State::subscribe() {
  nl_sock* socket = events.get();
  nl_socket_disable_seq_check(socket);
  nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_event, this);
  int code = nl_connect(socket, NETLINK_ROUTE);
  if (code >= 0) code = nl_socket_add_membership(socket, RTNLGRP_LINK);
  if (code >= 0) code = nl_socket_set_nonblocking(socket);
  if (code >= 0) return {};
  return errno_problem(nl::errno_of(code), "subscribe to changes of links", where,
                       nl_geterror(code));
}

// Takes in all that has been told so far. Notifications that repeat what a dump already showed do
// no harm once the queue is empty again.
Status LinkWatch::State::drain() {
  for (;;) {
    const int code = nl_recvmsgs_default(events.get());
    if (code == -NLE_AGAIN) return {};
    if (code == -NLE_NOMEM) missed = true;  // ENOBUFS: the kernel dropped some
    if (code < 0 && code != -NLE_NOMEM && code != -NLE_INTR) {
      return errno_problem(nl::errno_of(code), "read changes of links", where, nl_geterror(code));
    }
  }
}

Status LinkWatch::State::dump() {
  missed = false;
  const auto links = netlink.links();
  if (!links) return links.problem();
  present.clear();
  for (const auto& link : *links) present[link.index] = {link.name, link.running};
  return {};
}

Status LinkWatch::State::await(Duration within, const std::function<Names()>& open,
                               std::string_view what) {
  const Deadline deadline(within);
  if (Status seen = drain(); !seen) return seen;
  missed = true;
  for (;;) {
    if (missed) {
      if (Status dumped = dump(); !dumped) return dumped;
      // What was told while the dump ran is newer than it, or the same.
      if (Status seen = drain(); !seen) return seen;
      if (missed) continue;
    }
    const Names rest = open();
    if (rest.empty()) return {};
    pollfd wake{nl_socket_get_fd(events.get()), POLLIN, 0};
    const int ready = ::poll(&wake, 1, deadline.poll_ms());
    if (ready < 0 && errno != EINTR) return errno_problem(errno, "wait for links", where);
    if (ready == 0 && deadline.passed()) {
      return make_problem(Problem::DEADLINE_EXCEEDED, "linux.deadline",
                          std::string(what) + ": " + joined(rest))
          .at_resource(where)
          .possible("See what holds the namespace or the links, and wait longer.");
    }
    if (Status seen = drain(); !seen) return seen;
  }
}

LinkWatch::LinkWatch(std::unique_ptr<State> state) : state_(std::move(state)) {}
LinkWatch::LinkWatch(LinkWatch&&) noexcept = default;
LinkWatch& LinkWatch::operator=(LinkWatch&&) noexcept = default;
LinkWatch::~LinkWatch() = default;

Result<LinkWatch> LinkWatch::open(const NetNs& ns) {
  auto netlink = Netlink::open(ns);
  if (!netlink) return std::move(netlink).problem();
  auto state = std::make_unique<State>(*std::move(netlink));
  state->where = ns.label();
  state->events.reset(nl_socket_alloc());
  if (!state->events) return errno_problem(ENOMEM, "subscribe to changes of links", ns.label());
  if (Status subscribed = run_in(ns, [&] { return state->subscribe(); }); !subscribed) {
    return std::move(subscribed).problem();
  }
  return LinkWatch(std::move(state));
}

Status LinkWatch::wait_gone(const Names& names, Duration within) {
  return state_->await(
      within,
      [&] {
        Names rest;
        for (const auto& [index, link] : state_->present) {
          const bool named = std::find(names.begin(), names.end(), link.name) != names.end();
          if (named) rest.push_back(link.name);
        }
        return rest;
      },
      "links remain");
}

Status LinkWatch::wait_present(const Names& names, Duration within) {
  return state_->await(
      within,
      [&] {
        Names rest = names;
        for (const auto& [index, link] : state_->present) std::erase(rest, link.name);
        return rest;
      },
      "links are missing");
}

Status LinkWatch::wait_running(const Names& names, Duration within) {
  // The kernel may put off to the next second what follows from a carrier (it does for a veth whose
  // two ends happen to have the same index). Being asked for a link by name, it does so at once.
  for (const auto& name : names) (void)state_->netlink.link(name);
  return state_->await(
      within,
      [&] {
        Names rest = names;
        for (const auto& [index, link] : state_->present) {
          if (link.running) std::erase(rest, link.name);
        }
        return rest;
      },
      "links are not in operation");
}

}  // namespace terrace::kernel
