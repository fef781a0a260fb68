#include <algorithm>
#include <set>

#include "linux/link_watch.h"
#include "linux/process.h"
#include "southbound/netns/names.h"
#include "southbound/netns/parts.h"
#include "southbound/netns/service.h"

namespace terrace::netns {
namespace {

using driver::v1::AppliedPart;
using driver::v1::DesiredLink;
using driver::v1::DesiredPart;
using driver::v1::DesiredVnf;
using kernel::LinkWatch;
using kernel::Netlink;
using kernel::NetNs;

constexpr Duration kForwardingWithin = std::chrono::seconds(5);
constexpr Duration kServingWithin = std::chrono::seconds(20);

Status check_vnf(const DesiredPart& part, const DesiredVnf& vnf) {
  for (const auto& cp : vnf.cp()) {
    if (find_link(part, cp.link_id()) != nullptr) continue;
    return make_problem(Problem::INVALID_ARGUMENT, "netns.no-link",
                        "the part has no link " + cp.link_id())
        .at_resource("vnf/" + name_of(vnf) + "/" + cp.cpd_id());
  }
  return {};
}

std::string function_file(const std::string& directory) {
  return directory + "/function";
}

std::vector<std::string> addresses_of(const DesiredVnf& vnf) {
  std::vector<std::string> addresses;
  for (const auto& cp : vnf.cp()) {
    addresses.insert(addresses.end(), cp.address().begin(), cp.address().end());
  }
  return addresses;
}

// All ports that the fabric should have.
std::set<std::string> ports_of(const DesiredPart& part, const std::string& key) {
  std::set<std::string> ports;
  for (const DesiredVnf& vnf : part.vnf()) {
    for (const auto& cp : vnf.cp()) ports.insert(vnf_port(vnf, cp.cpd_id()));
  }
  for (const DesiredLink& link : part.link()) {
    for (const auto& id : link.attachment_id()) {
      ports.insert(attachment_port(key, link.link_id(), id));
    }
    if (is_stitched(link)) ports.insert(segment_port(key, link.link_id()));
  }
  return ports;
}

}  // namespace

struct Parts::Work {
  const DesiredPart& part;
  const std::string key;
  const std::vector<FunctionPlan> plan;
};

// One VNF while it is made.
struct Parts::Made {
  NetNs ns;
  std::string directory;
  std::optional<RunningProgram> program;
};

Result<std::vector<FunctionPlan>> Parts::plan(const DesiredPart& part,
                                              const std::string& key) const {
  for (const DesiredLink& link : part.link()) {
    for (const std::string& id : link.attachment_id()) {
      if (const auto found = site_.attachment(id); !found) return found.problem();
    }
    if (!is_stitched(link)) continue;
    if (const auto found = site_.wan_port(link.wan_port_id()); !found) return found.problem();
  }
  std::vector<FunctionPlan> plans;
  for (const DesiredVnf& vnf : part.vnf()) {
    if (Status fine = check_vnf(part, vnf); !fine) return std::move(fine).problem();
    const auto function = site_.function(vnf.function());
    if (!function) return function.problem();
    auto plan = (*function)->plan({vnf, site_.run().vnf_directory(key, vnf)});
    if (!plan) return std::move(plan).problem();
    plans.push_back(*std::move(plan));
  }
  return plans;
}

Result<AppliedPart> Parts::apply(const DesiredPart& part) {
  const std::string key = hold_key(part.hold_id());
  auto plans = plan(part, key);
  if (!plans) return std::move(plans).problem();
  const Work work{part, key, *std::move(plans)};
  // Known before any of it is made: after a crash it is found, and taken down.
  if (Status saved = site_.run().save(key, part); !saved) return std::move(saved).problem();
  if (Status gone = drop_unwanted(work); !gone) return std::move(gone).problem();

  auto there = site_.run().open_or_make(fabric_namespace(key));
  if (!there) return std::move(there).problem();
  if (Status quiet = no_ipv6(there->ns); !quiet) return std::move(quiet).problem();
  auto watch = LinkWatch::open(there->ns);
  if (!watch) return std::move(watch).problem();
  auto fabric = Fabric::open(there->ns);
  if (!fabric) return std::move(fabric).problem();

  AppliedPart applied;
  applied.set_hold_id(part.hold_id());
  applied.set_digest(part.digest());
  if (Status made = make_links(work, *fabric); !made) return std::move(made).problem();
  if (Status made = make_functions(work, *fabric, applied); !made) return std::move(made).problem();
  const auto ports = ports_of(part, key);
  Status runs = watch->wait_running({ports.begin(), ports.end()}, kForwardingWithin);
  if (!runs) return std::move(runs).problem();
  for (const DesiredVnf& vnf : part.vnf()) {
    const auto made = site_.run().open_or_make(vnf_namespace(key, vnf));
    if (!made) return made.problem();
    if (Status told = announce(vnf, made->ns); !told) return std::move(told).problem();
  }
  return applied;
}

// VNFs that are not wanted any more, or are to be another function; and segments.
Status Parts::drop_unwanted(const Work& work) {
  const auto names = site_.run().namespace_names();
  if (!names) return names.problem();
  std::set<std::string> kept{fabric_namespace(work.key)};
  for (const DesiredVnf& vnf : work.part.vnf()) {
    const auto was = read_file(function_file(site_.run().vnf_directory(work.key, vnf)));
    if (was == vnf.function()) kept.insert(vnf_namespace(work.key, vnf));
  }
  std::vector<std::string> dropped;
  for (const std::string& name : *names) {
    if (key_of(name) == work.key && !kept.contains(name)) dropped.push_back(name);
  }
  if (Status gone = drop_namespaces(dropped); !gone) return gone;
  for (const std::string& name : dropped) {
    Status gone =
        remove_tree(site_.run().hold_directory(work.key) + "/" + name.substr(work.key.size() + 1));
    if (!gone) return gone;
  }
  return segments_.leave(work.key, work.part);
}

Status Parts::make_links(const Work& work, Fabric& fabric) {
  if (Status shaped = fabric.shape(work.part, ports_of(work.part, work.key)); !shaped) {
    return shaped;
  }
  for (const DesiredLink& link : work.part.link()) {
    if (!is_stitched(link)) continue;
    if (Status joined = segments_.join(work.key, link, fabric.ns()); !joined) return joined;
  }
  return plug_attachments(work, fabric);
}

Status Parts::plug_attachments(const Work& work, Fabric& fabric) {
  auto site = Netlink::open(site_.ns());
  if (!site) return std::move(site).problem();
  auto watch = LinkWatch::open(site_.ns());
  if (!watch) return std::move(watch).problem();
  std::vector<std::string> plugged;
  for (const DesiredLink& link : work.part.link()) {
    for (const std::string& id : link.attachment_id()) {
      const std::string port = attachment_port(work.key, link.link_id(), id);
      if (fabric.find(port) == nullptr) {
        // Of a fabric that was dropped a moment ago.
        if (Status gone = site->delete_link(port); !gone) return gone;
        Status made =
            fabric.netlink().add_veth({.name = port, .mtu = link.mtu()},
                                      {.name = port, .mtu = link.mtu(), .ns = &site_.ns()});
        if (!made) return made;
      }
      if (Status in = fabric.plug(port, link); !in) return in;
      if (Status in = site->set_master(port, attachment_bridge(id)); !in) return in;
      if (Status up = site->set_up(port); !up) return up;
      plugged.push_back(port);
    }
  }
  return watch->wait_running(plugged, kForwardingWithin);
}

// One VNF as it should be, its program started and not waited for.
Result<Parts::Made> Parts::make_function(const Work& work, int index, Fabric& fabric) {
  const DesiredVnf& vnf = work.part.vnf(index);
  const FunctionPlan& plan = work.plan[static_cast<std::size_t>(index)];
  auto there = site_.run().open_or_make(vnf_namespace(work.key, vnf));
  if (!there) return std::move(there).problem();
  Made made{std::move(there->ns), site_.run().vnf_directory(work.key, vnf), std::nullopt};
  const auto all = [&]() -> Status {
    if (there->fresh) {
      if (Status gone = remove_tree(made.directory); !gone) return gone;
    }
    if (auto kept = write_file(function_file(made.directory), vnf.function()); !kept) {
      return std::move(kept).problem();
    }
    if (Status set = set_manners(made.ns, plan.forwards); !set) return set;
    // Rules first: a firewall that forwards before it filters is none.
    if (Status set = set_rules(made.ns, vnf, plan.rules); !set) return set;
    if (Status set = plumb({work.part, vnf, made.ns, fabric}); !set) return set;
    if (!plan.program) return {};
    auto running = start(made.ns, made.directory, *plan.program);
    if (!running) return std::move(running).problem();
    made.program = *std::move(running);
    return {};
  };
  if (Status done = all(); !done) return std::move(done).problem();
  return made;
}

Status Parts::make_functions(const Work& work, Fabric& fabric, AppliedPart& applied) {
  // Backends serve before those that ask after their health do: all of a sort start at once, and
  // only then is any waited for.
  for (const bool balancing : {false, true}) {
    std::vector<std::pair<int, Made>> made;
    for (int i = 0; i < work.part.vnf_size(); ++i) {
      if (work.part.vnf(i).backend().empty() == balancing) continue;
      auto one = make_function(work, i, fabric);
      if (!one) return std::move(one).problem();
      made.emplace_back(i, *std::move(one));
    }
    for (const auto& [index, one] : made) {
      if (one.program) {
        Status serves = wait_serving(one.ns, one.directory, *one.program, kServingWithin);
        if (!serves) return serves;
      }
      Status heard = wait_heard(one.ns, addresses_of(work.part.vnf(index)), kForwardingWithin);
      if (!heard) return heard;
      if (Status told = report(work.part.vnf(index), one.ns, applied); !told) return told;
    }
  }
  return {};
}

}  // namespace terrace::netns
