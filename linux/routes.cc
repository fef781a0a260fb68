// Routes and policy rules.
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/route/rule.h>

#include <cerrno>
#include <map>

#include "linux/error.h"
#include "linux/links.h"
#include "linux/nl.h"

namespace terrace::kernel {

namespace {

using RouteObject = std::unique_ptr<rtnl_route, nl::Freed<rtnl_route_put>>;
using RuleObject = std::unique_ptr<rtnl_rule, nl::Freed<rtnl_rule_put>>;

unsigned char type_of(Route::Kind kind) {
  switch (kind) {
    case Route::Kind::kBlackhole:
      return RTN_BLACKHOLE;
    case Route::Kind::kUnreachable:
      return RTN_UNREACHABLE;
    case Route::Kind::kUnicast:
      break;
  }
  return RTN_UNICAST;
}

std::string object_of(const Route& route) {
  return "route/" + route.destination;
}

Status set_next_hop(rtnl_route* object, const Route& route, int index) {
  rtnl_nexthop* hop = rtnl_route_nh_alloc();
  if (hop == nullptr) return errno_problem(ENOMEM, "describe a route", object_of(route));
  rtnl_route_add_nexthop(object, hop);  // takes it over
  if (index != 0) rtnl_route_nh_set_ifindex(hop, index);
  if (route.onlink) rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK);
  if (route.gateway.empty()) return {};
  const auto gateway = nl::parse_address(route.gateway);
  if (!gateway) return gateway.problem();
  rtnl_route_nh_set_gateway(hop, gateway->get());
  return {};
}

// `index`: the link's, or 0 where none is named.
Result<RouteObject> route_object(const Route& route, int index) {
  const auto destination = nl::parse_prefix(route.destination);
  if (!destination) return destination.problem();
  RouteObject object(rtnl_route_alloc());
  if (!object) return errno_problem(ENOMEM, "describe a route", object_of(route));
  rtnl_route_set_family(object.get(),
                        static_cast<std::uint8_t>(nl_addr_get_family(destination->get())));
  if (rtnl_route_set_dst(object.get(), destination->get()) < 0) {
    return invalid_value("a route's destination", route.destination);
  }
  rtnl_route_set_table(object.get(), route.table);
  rtnl_route_set_type(object.get(), type_of(route.kind));
  if (route.metric != 0) rtnl_route_set_priority(object.get(), route.metric);
  if (route.mtu != 0) rtnl_route_set_metric(object.get(), RTAX_MTU, route.mtu);
  if (!route.source.empty()) {
    const auto source = nl::parse_address(route.source);
    if (!source) return source.problem();
    rtnl_route_set_pref_src(object.get(), source->get());
  }
  if (index != 0 || !route.gateway.empty()) {
    if (Status set = set_next_hop(object.get(), route, index); !set) {
      return std::move(set).problem();
    }
  }
  return object;
}

// What has no direct counterpart (other kinds, several next hops) is shown by its first hop.
std::optional<Route> read_route(rtnl_route* object, const std::map<int, std::string>& links) {
  const std::uint32_t table = rtnl_route_get_table(object);
  if (table == RT_TABLE_LOCAL || (rtnl_route_get_flags(object) & RTM_F_CLONED) != 0) return {};
  Route route;
  switch (rtnl_route_get_type(object)) {
    case RTN_UNICAST:
      break;
    case RTN_BLACKHOLE:
      route.kind = Route::Kind::kBlackhole;
      break;
    case RTN_UNREACHABLE:
      route.kind = Route::Kind::kUnreachable;
      break;
    default:
      return {};
  }
  route.destination = nl::prefix_text(rtnl_route_get_dst(object));
  route.table = table;
  route.metric = rtnl_route_get_priority(object);
  (void)rtnl_route_get_metric(object, RTAX_MTU, &route.mtu);
  route.source = nl::address_text(rtnl_route_get_pref_src(object));
  if (rtnl_nexthop* hop = rtnl_route_nexthop_n(object, 0)) {
    route.gateway = nl::address_text(rtnl_route_nh_get_gateway(hop));
    route.onlink = (rtnl_route_nh_get_flags(hop) & RTNH_F_ONLINK) != 0;
    const auto link = links.find(rtnl_route_nh_get_ifindex(hop));
    // A refusing v6 route hangs on the loopback link, which is of no interest.
    if (link != links.end() && route.kind == Route::Kind::kUnicast) route.link = link->second;
  }
  return route;
}

Status set_matches(rtnl_rule* object, const Rule& rule) {
  if (!rule.from.empty()) {
    const auto from = nl::parse_prefix(rule.from);
    if (!from) return from.problem();
    rtnl_rule_set_src(object, from->get());
  }
  if (!rule.to.empty()) {
    const auto to = nl::parse_prefix(rule.to);
    if (!to) return to.problem();
    rtnl_rule_set_dst(object, to->get());
  }
  if (!rule.iif.empty()) {
    if (Status fits = nl::check_link_name(rule.iif); !fits) return fits;
    rtnl_rule_set_iif(object, rule.iif.c_str());
  }
  if (rule.fwmark != 0 || rule.fwmask != 0) {
    rtnl_rule_set_mark(object, rule.fwmark);
    rtnl_rule_set_mask(object, rule.fwmask == 0 ? 0xffffffffU : rule.fwmask);
  }
  if (rule.ip_protocol != 0) rtnl_rule_set_ipproto(object, rule.ip_protocol);
  if (rule.dport_first != 0) {
    const auto last = rule.dport_last == 0 ? rule.dport_first : rule.dport_last;
    if (rtnl_rule_set_dport_range(object, rule.dport_first, last) < 0) {
      return invalid_value("a range of ports",
                           std::to_string(rule.dport_first) + "-" + std::to_string(last));
    }
  }
  return {};
}

Result<RuleObject> rule_object(const Rule& rule) {
  RuleObject object(rtnl_rule_alloc());
  if (!object) return errno_problem(ENOMEM, "describe a rule", "rule");
  rtnl_rule_set_family(object.get(), rule.v6 ? AF_INET6 : AF_INET);
  rtnl_rule_set_prio(object.get(), rule.priority);
  rtnl_rule_set_table(object.get(), rule.table);
  rtnl_rule_set_action(object.get(), FR_ACT_TO_TBL);
  if (Status set = set_matches(object.get(), rule); !set) return std::move(set).problem();
  return object;
}

std::optional<Rule> read_rule(rtnl_rule* object) {
  const int family = rtnl_rule_get_family(object);
  if (family != AF_INET && family != AF_INET6) return {};
  Rule rule;
  rule.v6 = family == AF_INET6;
  rule.priority = rtnl_rule_get_prio(object);
  rule.fwmark = rtnl_rule_get_mark(object);
  rule.fwmask = rtnl_rule_get_mask(object);
  if (const auto* from = rtnl_rule_get_src(object)) rule.from = nl::prefix_text(from);
  if (const auto* to = rtnl_rule_get_dst(object)) rule.to = nl::prefix_text(to);
  if (const char* iif = rtnl_rule_get_iif(object)) rule.iif = iif;
  (void)rtnl_rule_get_ipproto(object, &rule.ip_protocol);
  (void)rtnl_rule_get_dport(object, &rule.dport_first, &rule.dport_last);
  rule.table = rtnl_rule_get_table(object);
  return rule;
}

std::string object_of(const Rule& rule) {
  return "rule/" + std::to_string(rule.priority);
}

Status unless_missing(Status status) {
  if (!status && status.problem().code() == Problem::NOT_FOUND) return {};
  return status;
}

}  // namespace

Status Netlink::put_route(std::string_view action, const Route& route, int flags) {
  int index = 0;
  if (!route.link.empty()) {
    const auto found = index_of(route.link);
    if (!found) return found.problem();
    index = *found;
  } else if (route.gateway.empty() && route.kind == Route::Kind::kUnicast) {
    return invalid_value("a route with a gateway or a link", route.destination);
  }
  const auto object = route_object(route, index);
  if (!object) return object.problem();
  return with_socket(action, object_of(route), [&](nl_sock* socket) {
    return rtnl_route_add(socket, object->get(), NLM_F_CREATE | flags);
  });
}

Status Netlink::add_route(const Route& route) {
  return put_route("add a route", route, NLM_F_EXCL);
}

Status Netlink::replace_route(const Route& route) {
  return put_route("put a route in place", route, NLM_F_REPLACE);
}

Status Netlink::delete_route(const Route& route) {
  int index = 0;
  if (!route.link.empty()) {
    const auto found = index_of(route.link);
    if (!found) return unless_missing(found.problem());
    index = *found;
  }
  const auto object = route_object(route, index);
  if (!object) return object.problem();
  // "Nowhere" and "unspecified" match whatever scope and origin the route has.
  rtnl_route_set_scope(object->get(), RT_SCOPE_NOWHERE);
  rtnl_route_set_protocol(object->get(), RTPROT_UNSPEC);
  return unless_missing(with_socket("delete a route", object_of(route), [&](nl_sock* socket) {
    return rtnl_route_delete(socket, object->get(), 0);
  }));
}

Result<std::vector<Route>> Netlink::routes() {
  const auto all = links();
  if (!all) return all.problem();
  std::map<int, std::string> names;
  for (const auto& link : *all) names[link.index] = link.name;
  std::vector<Route> routes;
  Status read = with_socket("list routes", "routes", [&](nl_sock* socket) {
    nl::Cache cache;
    const int code = nl::fill_cache(
        cache, [&](nl_cache** raw) { return rtnl_route_alloc_cache(socket, AF_UNSPEC, 0, raw); });
    if (code < 0) return code;
    nl::for_each<rtnl_route>(cache.get(), [&](rtnl_route* object) {
      if (auto route = read_route(object, names)) routes.push_back(*std::move(route));
    });
    return 0;
  });
  if (!read) return std::move(read).problem();
  return routes;
}

Status Netlink::add_rule(const Rule& rule) {
  const auto object = rule_object(rule);
  if (!object) return object.problem();
  return with_socket("add a policy rule", object_of(rule), [&](nl_sock* socket) {
    return rtnl_rule_add(socket, object->get(), NLM_F_CREATE | NLM_F_EXCL);
  });
}

Status Netlink::delete_rule(const Rule& rule) {
  const auto object = rule_object(rule);
  if (!object) return object.problem();
  return unless_missing(with_socket("delete a policy rule", object_of(rule), [&](nl_sock* socket) {
    return rtnl_rule_delete(socket, object->get(), 0);
  }));
}

Result<std::vector<Rule>> Netlink::rules() {
  std::vector<Rule> rules;
  Status read = with_socket("list policy rules", "rules", [&](nl_sock* socket) {
    nl::Cache cache;
    const int code = nl::fill_cache(
        cache, [&](nl_cache** raw) { return rtnl_rule_alloc_cache(socket, AF_UNSPEC, raw); });
    if (code < 0) return code;
    nl::for_each<rtnl_rule>(cache.get(), [&](rtnl_rule* object) {
      if (auto rule = read_rule(object)) rules.push_back(*std::move(rule));
    });
    return 0;
  });
  if (!read) return std::move(read).problem();
  return rules;
}

}  // namespace terrace::kernel
