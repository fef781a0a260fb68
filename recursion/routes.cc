#include "recursion/routes.h"

#include <algorithm>
#include <utility>

#include "recursion/decompose.h"
#include "recursion/fragment_view.h"
#include "recursion/route_set.h"

namespace terrace {

namespace {

std::vector<Prefix> parsed(const std::vector<std::string>& texts) {
  std::vector<Prefix> result;
  for (const auto& text : texts) {
    if (const auto prefix = Prefix::parse(text)) result.push_back(*prefix);
  }
  return result;
}

const v1::SapBinding* binding_at(const v1::Bindings& bindings, const std::string& sapd_id,
                                 const std::string& path_id, int skip) {
  for (const auto& binding : bindings.sap()) {
    if (binding.sapd_id() != sapd_id || binding.path_id() != path_id) continue;
    if (skip-- == 0) return &binding;
  }
  return nullptr;
}

std::vector<Prefix> prefixes_of(const Paths& paths, const std::string& link_id) {
  const auto at = paths.prefixes.find(link_id);
  return at == paths.prefixes.end() ? std::vector<Prefix>{} : parsed(at->second);
}

// Towards the end of the path, or towards its start.
enum class Way { kDown, kUp };

const std::optional<PathFace>& entered(const PathMember& member, Way way) {
  return way == Way::kDown ? member.in : member.out;
}

// One path's closure. Stages are counted from 0; -1 and the number of stages are the outside.
class Closure {
 public:
  // `incoming` null: the outside is left out.
  Closure(const Paths& paths, const PathRow& row, const v1::Bindings* incoming)
      : paths_(paths), row_(row), incoming_(incoming) {}

  int stages() const { return static_cast<int>(row_.stage.size()); }

  bool is_outside(int stage) const { return stage < 0 || stage >= stages(); }

  // The prefixes that can be reached by entering a stage.
  std::set<Prefix> beyond(int stage, Way way) const {
    if (is_outside(stage)) return outside(way);
    std::set<Prefix> result;
    for (const auto& member : row_.stage[static_cast<std::size_t>(stage)]) {
      result.merge(beyond(member, stage, way));
    }
    return result;
  }

  // The same with how: to be told to whoever is one stage before.
  RouteSet routes(int stage, Way way) const {
    RouteSet result;
    if (is_outside(stage)) {
      // A customer's link needs no next hop of its own to be known of.
      for (const Prefix& prefix : outside(way)) result.add_on_link(prefix);
      const auto* binding = outside_binding(way);
      if (binding == nullptr) return result;
      for (const auto& route : binding->route()) result.add(route);
      return result;
    }
    for (const auto& member : row_.stage[static_cast<std::size_t>(stage)]) {
      const auto& face = entered(member, way);
      if (!face) continue;
      for (const Prefix& prefix : beyond(member, stage, way)) {
        result.add(prefix.str(), face->next_hop);
      }
    }
    return result;
  }

  std::vector<std::string> next_hops(int stage, Way way) const {
    std::vector<std::string> result;
    if (is_outside(stage)) {
      const auto* binding = way == Way::kDown ? outside_binding(way) : nullptr;
      if (binding != nullptr) result.assign(binding->backend().begin(), binding->backend().end());
      return result;
    }
    for (const auto& member : row_.stage[static_cast<std::size_t>(stage)]) {
      const auto& face = entered(member, way);
      if (face) result.insert(result.end(), face->next_hop.begin(), face->next_hop.end());
    }
    return result;
  }

  bool passes_through(Way way) const {
    return std::all_of(row_.stage.begin(), row_.stage.end(), [&](const auto& stage) {
      return std::any_of(stage.begin(), stage.end(), [&](const auto& member) {
        return entered(member, way) && entered(member, way)->passes_on;
      });
    });
  }

  // Where traffic that enters at the start ends.
  std::vector<v1::ProbeTarget> targets() const {
    for (const auto& stage : row_.stage) {
      std::vector<v1::ProbeTarget> result;
      for (const auto& member : stage) {
        if (!member.in) continue;
        result.insert(result.end(), member.in->target.begin(), member.in->target.end());
      }
      if (!result.empty()) return result;
    }
    return {};
  }

 private:
  std::set<Prefix> beyond(const PathMember& member, int stage, Way way) const {
    const auto& face = entered(member, way);
    if (!face) return {};
    const auto ends = parsed(face->originates);
    std::set<Prefix> result(ends.begin(), ends.end());
    if (face->passes_on) result.merge(beyond(stage + (way == Way::kDown ? 1 : -1), way));
    return result;
  }

  const std::optional<PathEnd>& end(Way way) const {
    return way == Way::kDown ? row_.last : row_.first;
  }

  const v1::SapBinding* outside_binding(Way way) const {
    if (incoming_ == nullptr || !end(way)) return nullptr;
    const bool is_one_sap = row_.first && row_.last && row_.first->sapd_id == row_.last->sapd_id;
    const int skip = is_one_sap && way == Way::kDown ? 1 : 0;
    return binding_at(*incoming_, end(way)->sapd_id, row_.path_id, skip);
  }

  std::set<Prefix> outside(Way way) const {
    std::set<Prefix> result;
    if (incoming_ == nullptr || !end(way)) return result;
    if (!is_cut_sap(end(way)->sapd_id)) {
      const auto link = prefixes_of(paths_, end(way)->link_id);
      result.insert(link.begin(), link.end());
    }
    if (const auto* binding = outside_binding(way)) {
      for (const auto& route : binding->route()) {
        if (const auto prefix = Prefix::parse(route.prefix())) result.insert(*prefix);
      }
    }
    return result;
  }

  const Paths& paths_;
  const PathRow& row_;
  const v1::Bindings* incoming_;
};

RouteSet::Keep keep_at(const Paths& paths, const PathMember& member, const PathFace& face) {
  RouteSet::Keep keep;
  keep.connected = prefixes_of(paths, face.link_id);
  for (const auto& link : member.links) {
    const auto prefixes = prefixes_of(paths, link);
    keep.others.insert(keep.others.end(), prefixes.begin(), prefixes.end());
  }
  // Where the function next to the face is an end of the path, nothing behind it wants to know: it
  // originates the link, and no hosts but itself.
  bool is_end = false;
  std::set<IpAddress> hops;
  for (const auto& hop : face.next_hop) {
    if (const auto address = address_of(hop)) hops.insert(*address);
  }
  const auto ends = parsed(face.originates);
  for (const Prefix& prefix : ends) {
    const auto& connected = keep.connected;
    if (std::find(connected.begin(), connected.end(), prefix) != connected.end()) is_end = true;
  }
  for (const Prefix& prefix : ends) {
    if (is_host(prefix) && hops.count(prefix.first()) == 0) is_end = false;
  }
  keep.whole_prefix = face.has_more_behind && !is_end;
  keep.neighbours = face.is_link_used_behind && !is_end;
  return keep;
}

class PartBinder {
 public:
  PartBinder(const Paths& paths, const PathRow& row, const v1::Bindings& incoming,
             std::vector<v1::Bindings>& result)
      : paths_(paths), closure_(paths, row, &incoming), row_(row), result_(result) {}

  void run() {
    for (int stage = 0; stage < closure_.stages(); ++stage) {
      for (const auto& member : row_.stage[static_cast<std::size_t>(stage)]) bind(member, stage);
    }
    // Between the first part's SAP and the first function there is only a link.
    if (row_.first_transit) bind(*row_.first_transit, -1, 0);
    if (row_.last_transit) bind(*row_.last_transit, closure_.stages() - 1, closure_.stages());
  }

 private:
  void bind(const PathMember& member, int stage) { bind(member, stage - 1, stage + 1); }

  void bind(const PathMember& member, int before, int after) {
    if (member.in) say(member, *member.in, before, Way::kUp);
    if (member.out) say(member, *member.out, after, Way::kDown);
  }

  void say(const PathMember& member, const PathFace& face, int stage, Way way) {
    auto& binding = *result_[member.node].add_sap();
    binding.set_sapd_id(face.port);
    binding.set_path_id(member.path_id);
    RouteSet routes = closure_.routes(stage, way).kept(keep_at(paths_, member, face));
    // Whoever has the customer's SAP knows the customer's link.
    if (!is_cut_sap(face.port)) routes = routes.without_on_link();
    for (auto& route : routes.routes()) *binding.add_route() = std::move(route);
    if (way == Way::kUp) return;
    for (const auto& address : closure_.next_hops(stage, way)) binding.add_backend(address);
  }

  const Paths& paths_;
  const Closure closure_;
  const PathRow& row_;
  std::vector<v1::Bindings>& result_;
};

// One instance's routes, path by path.
class InstanceTable {
 public:
  Status add(const RouteSet& routes, const std::string& path_id) {
    for (const auto& [prefix, hops] : routes.entries()) {
      const auto [at, is_fresh] = table_.emplace(prefix, hops);
      if (is_fresh || at->second == hops) continue;
      return make_problem(Problem::FAILED_PRECONDITION, "routes.conflict",
                          "A function would have to reach one prefix by two ways.")
          .at_resource("path/" + path_id)
          .constraint("one-way-per-prefix", at->second.begin()->str(), hops.begin()->str())
          .possible("Lead the paths through functions of their own, or over unlike prefixes.");
    }
    return {};
  }

  std::vector<v1::Route> routes() const {
    std::vector<v1::Route> result;
    for (const auto& [prefix, hops] : table_) {
      v1::Route route;
      route.set_prefix(prefix.str());
      for (const auto& hop : hops) route.add_next_hop(hop.str());
      result.push_back(std::move(route));
    }
    return result;
  }

 private:
  std::map<Prefix, std::set<IpAddress>> table_;
};

RouteSet instance_side(const Paths& paths, const Closure& closure, const PathMember& member,
                       const PathFace& face, int stage, Way way) {
  RouteSet::Keep keep = keep_at(paths, member, face);
  keep.is_host_itself = true;
  return closure.routes(stage, way).kept(keep).without_on_link();
}

v1::Announcement said_at(const Closure& closure, const PathEnd& here,
                         const std::optional<PathEnd>& there, const std::string& path_id, Way way) {
  const int stage = way == Way::kDown ? 0 : closure.stages() - 1;
  v1::Announcement said;
  said.set_sapd_id(here.sapd_id);
  said.set_path_id(path_id);
  if (!closure.is_outside(stage)) {
    for (const auto& hop : closure.next_hops(stage, way)) said.add_next_hop(hop);
  }
  for (const auto& prefix : closure.beyond(stage, way)) said.add_originates(prefix.str());
  if (there && closure.passes_through(way)) said.add_passes_on(there->sapd_id);
  if (way == Way::kDown) {
    for (auto& target : closure.targets()) *said.add_target() = std::move(target);
  }
  return said;
}

}  // namespace

std::vector<v1::Announcement> announce(const Paths& paths) {
  std::vector<v1::Announcement> result;
  for (const auto& row : paths.row) {
    const Closure closure(paths, row, nullptr);
    if (row.first) {
      result.push_back(said_at(closure, *row.first, row.last, row.path_id, Way::kDown));
    }
    if (row.last) result.push_back(said_at(closure, *row.last, row.first, row.path_id, Way::kUp));
  }
  return result;
}

std::vector<v1::Bindings> part_bindings(const Paths& paths, std::size_t parts,
                                        const v1::Bindings& incoming) {
  std::vector<v1::Bindings> result(parts);
  for (const auto& row : paths.row) PartBinder(paths, row, incoming, result).run();
  return result;
}

Result<std::map<std::size_t, InstanceRoutes>> instance_routes(const Paths& paths,
                                                              const v1::Bindings& incoming) {
  std::map<std::size_t, InstanceRoutes> result;
  std::map<std::size_t, InstanceTable> tables;
  for (const auto& row : paths.row) {
    const Closure closure(paths, row, &incoming);
    for (int stage = 0; stage < closure.stages(); ++stage) {
      for (const auto& member : row.stage[static_cast<std::size_t>(stage)]) {
        const bool is_new = result.count(member.node) == 0;
        InstanceRoutes& routes = result[member.node];
        RouteSet all;
        if (member.in) {
          if (is_new) routes.ingress_cpd_id = member.in->port;
          all.add(instance_side(paths, closure, member, *member.in, stage - 1, Way::kUp));
        }
        if (Status s = tables[member.node].add(all, row.path_id); !s) return s.problem();
        if (!member.out) continue;
        if (is_new) routes.egress_cpd_id = member.out->port;
        if (routes.backend.empty()) routes.backend = closure.next_hops(stage + 1, Way::kDown);
        const RouteSet down =
            instance_side(paths, closure, member, *member.out, stage + 1, Way::kDown);
        if (Status s = tables[member.node].add(down, row.path_id); !s) return s.problem();
      }
    }
  }
  for (auto& [node, routes] : result) routes.route = tables[node].routes();
  return result;
}

Result<std::string> probe_next_hop(const Paths& paths, const v1::Bindings& incoming,
                                   const std::string& path_id, const std::string& sapd_id,
                                   const std::string& link_id, const std::string& destination) {
  const auto address = address_of(destination);
  RouteSet routes;
  std::string link = link_id;
  for (const auto& row : paths.row) {
    if (row.path_id != path_id) continue;
    const Closure closure(paths, row, &incoming);
    int towards = closure.stages();
    // A cut may be both ends; then traffic is sent on, out of the last.
    const bool is_last = row.last && row.last->sapd_id == sapd_id && is_cut_sap(sapd_id);
    if (row.first && row.first->sapd_id == sapd_id && !is_last) towards = 0;
    for (int stage = 0; sapd_id.empty() && stage < closure.stages(); ++stage) {
      const auto& out = row.stage[static_cast<std::size_t>(stage)].front().out;
      if (out && out->link_id == link_id) towards = stage + 1;
    }
    if (row.first && row.first->sapd_id == sapd_id) link = row.first->link_id;
    if (row.last && row.last->sapd_id == sapd_id && towards != 0) link = row.last->link_id;
    routes = closure.routes(towards, Way::kDown);
  }
  unsigned length = 0;
  const auto* hops = address ? routes.find(*address, &length) : nullptr;
  const auto connected = prefixes_of(paths, link);
  const bool is_on_link =
      address && std::any_of(connected.begin(), connected.end(), [&](const Prefix& prefix) {
        return prefix.contains(*address) && (hops == nullptr || prefix.length() >= length);
      });
  const bool is_neighbour = hops != nullptr && (hops->empty() || hops->count(*address) != 0);
  if (is_on_link || is_neighbour) return std::string();
  if (hops != nullptr) return hops->begin()->str();
  return make_problem(Problem::NOT_FOUND, "routes.unreachable",
                      "Nothing on this path leads to the address.")
      .at_resource("path/" + path_id)
      .constraint("reachable", "an address beyond " + (sapd_id.empty() ? link : sapd_id),
                  destination);
}

}  // namespace terrace
