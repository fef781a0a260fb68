#include "southbound/netns/site.h"

#include <unistd.h>

#include <algorithm>
#include <vector>

#include "linux/features.h"
#include "linux/links.h"
#include "linux/sysctl.h"
#include "southbound/netns/names.h"

namespace terrace::netns {
namespace {

Problem unknown(std::string_view type, std::string_view kind, const std::string& id,
                const std::string& known) {
  return make_problem(Problem::NOT_FOUND, type,
                      "the infrastructure has no " + std::string(kind) + " '" + id + "'")
      .at_resource(std::string(kind) + "/" + id)
      .possible("It has: " + (known.empty() ? "none" : known) + ".");
}

Status check_machine(const NetnsConfig& config) {
  const auto found = kernel::detect_features();
  if (!found) return found.problem();
  std::vector<std::string> needed{"veth", "bridge", "nftables", "nat"};
  if (!config.wan_port.empty()) needed.push_back("vxlan");
  return kernel::require_features(*found, needed);
}

std::vector<std::unique_ptr<Function>> built_in(const NetnsPrograms& programs) {
  std::vector<std::unique_ptr<Function>> functions;
  functions.push_back(make_router());
  functions.push_back(make_firewall());
  functions.push_back(make_nat());
  functions.push_back(make_web(programs));
  functions.push_back(make_load_balancer(programs));
  return functions;
}

Status check_program(const Function& function) {
  const auto needs = function.needs();
  if (needs.program.empty() || ::access(needs.program.c_str(), X_OK) == 0) return {};
  return make_problem(Problem::FAILED_PRECONDITION, "netns.no-program",
                      "the function " + function.describe().name() + " needs " + needs.program +
                          ", which is not there")
      .at_resource("file/" + needs.program)
      .possible("Install the package " + needs.package +
                ", or say where the program is, or leave "
                "the function out.");
}

Problem no_interface(const std::string& path, const std::string& interface, Problem cause) {
  return make_problem(Problem::FAILED_PRECONDITION, "netns.no-interface",
                      "the site's namespace has no interface '" + interface + "'")
      .at_path(path)
      .cause(std::move(cause))
      .possible("Make it before the daemon starts, or correct the name or the site.");
}

// Customers' frames cross these bridges: the site itself must neither answer them nor be configured
// by them.
Status deafen(const kernel::NetNs& ns, const std::string& bridge) {
  std::vector<kernel::Sysctl> settings{{"ipv4/conf/" + bridge + "/arp_ignore", "8"}};
  if (kernel::read_sysctl(ns, "ipv6/conf/all/disable_ipv6").ok()) {
    settings.push_back({"ipv6/conf/" + bridge + "/disable_ipv6", "1"});
  }
  return kernel::write_sysctls(ns, settings);
}

Status join_attachment(const kernel::NetNs& ns, kernel::Netlink& netlink,
                       const NetnsAttachment& attachment) {
  const std::string bridge = attachment_bridge(attachment.attachment.id());
  auto made = netlink.link(bridge);
  if (!made && made.problem().code() == Problem::NOT_FOUND) {
    if (Status added = netlink.add_bridge({.name = bridge}); !added) return added;
    made = netlink.link(bridge);
  }
  if (!made) return std::move(made).problem();
  if (Status deaf = deafen(ns, bridge); !deaf) return deaf;
  if (Status up = netlink.set_up(bridge); !up) return up;
  auto port = netlink.link(attachment.interface);
  if (!port) {
    return no_interface("attachments." + attachment.attachment.id() + ".interface",
                        attachment.interface, std::move(port).problem());
  }
  if (port->master != made->index) {
    Status joined = netlink.set_master(attachment.interface, bridge);
    if (!joined) return joined;
  }
  return netlink.set_up(attachment.interface);
}

}  // namespace

Result<std::unique_ptr<Site>> Site::open(NetnsConfig config) {
  if (Status can = check_machine(config); !can) return std::move(can).problem();
  auto ns = config.site.empty() ? kernel::NetNs::current() : kernel::NetNs::open(config.site);
  if (!ns) return std::move(ns).problem();
  auto run = RunDir::open(config.run_dir);
  if (!run) return std::move(run).problem();
  std::unique_ptr<Site> site(new Site(std::move(config), *std::move(ns), *std::move(run)));
  if (Status chosen = site->choose_functions(); !chosen) return std::move(chosen).problem();
  if (Status joined = site->join_attachments(); !joined) return std::move(joined).problem();
  if (Status fine = site->check_wan_ports(); !fine) return std::move(fine).problem();
  site->take_stock();
  return site;
}

Status Site::choose_functions() {
  auto all = built_in(config_.program);
  if (config_.function.empty()) {
    for (const auto& function : all) config_.function.push_back({function->describe().name(), {}});
  }
  for (NetnsFunction& wanted : config_.function) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) {
      return one && one->describe().name() == wanted.name;
    });
    if (found == all.end()) {
      return unknown("netns.no-function", "function", wanted.name,
                     "router, firewall, nat, web, loadbalancer, each once");
    }
    if (Status there = check_program(**found); !there) return there;
    if (wanted.image.empty()) wanted.image = {"terrace/" + wanted.name};
    function_[wanted.name] = std::move(*found);
  }
  return {};
}

Status Site::join_attachments() const {
  auto netlink = kernel::Netlink::open(ns_);
  if (!netlink) return std::move(netlink).problem();
  for (const NetnsAttachment& attachment : config_.attachment) {
    if (Status joined = join_attachment(ns_, *netlink, attachment); !joined) return joined;
  }
  return {};
}

Status Site::check_wan_ports() const {
  auto netlink = kernel::Netlink::open(ns_);
  if (!netlink) return std::move(netlink).problem();
  const auto addresses = netlink->addresses();
  if (!addresses) return addresses.problem();
  for (const NetnsWanPort& wan : config_.wan_port) {
    const std::string path = "wan_ports." + wan.port.id();
    auto link = netlink->link(wan.interface);
    if (!link) return no_interface(path + ".interface", wan.interface, std::move(link).problem());
    const bool has = std::any_of(addresses->begin(), addresses->end(), [&](const auto& one) {
      return one.link == wan.interface && without_length(one.address) == wan.port.vtep();
    });
    if (!has) {
      return make_problem(Problem::FAILED_PRECONDITION, "netns.no-vtep",
                          "'" + wan.interface + "' does not have the address " + wan.port.vtep())
          .at_path(path + ".vtep")
          .possible("Give the interface that address, or name the one it has.");
    }
  }
  return {};
}

void Site::take_stock() {
  for (const auto& node : config_.node) *inventory_.add_node() = node;
  for (const NetnsFunction& wanted : config_.function) {
    auto& function = *inventory_.add_function();
    function = function_.at(wanted.name)->describe();
    for (const std::string& image : wanted.image) function.add_image(image);
  }
  for (const auto& attachment : config_.attachment) {
    *inventory_.add_attachment() = attachment.attachment;
  }
  for (const auto& wan : config_.wan_port) *inventory_.add_wan_port() = wan.port;
}

Result<const Function*> Site::function(const std::string& name) const {
  const auto found = function_.find(name);
  if (found != function_.end()) return found->second.get();
  std::string known;
  for (const auto& [one, function] : function_) known += (known.empty() ? "" : ", ") + one;
  return unknown("netns.no-function", "function", name, known);
}

Result<const NetnsAttachment*> Site::attachment(const std::string& id) const {
  std::string known;
  for (const auto& one : config_.attachment) {
    if (one.attachment.id() == id) return &one;
    known += (known.empty() ? "" : ", ") + one.attachment.id();
  }
  return unknown("netns.no-attachment", "attachment", id, known);
}

Result<const NetnsWanPort*> Site::wan_port(const std::string& id) const {
  std::string known;
  for (const auto& one : config_.wan_port) {
    if (one.port.id() == id) return &one;
    known += (known.empty() ? "" : ", ") + one.port.id();
  }
  return unknown("netns.no-port", "WAN port", id, known);
}

}  // namespace terrace::netns
