#include "southbound/leaf/desired.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/digest.h"
#include "base/time.h"
#include "recursion/fragment_view.h"
#include "recursion/prefix.h"
#include "recursion/routes.h"
#include "recursion/subnet.h"
#include "southbound/leaf/functions.h"
#include "southbound/leaf/order.h"

namespace terrace {
namespace {

using driver::v1::DesiredLink;
using driver::v1::DesiredPart;
using driver::v1::DesiredVnf;
using driver::v1::Inventory;
using driver::v1::WanPort;

// The reserved address of one of a link's prefixes: its envelope's, or, on a link of our own, the
// one that addressing leaves free. Empty where there is none.
Result<std::string> probe_address(const v1::LinkEnvelope* given, const std::string& link_id,
                                  const std::string& prefix_text) {
  if (given != nullptr) {
    for (const v1::SubnetEnvelope& subnet : given->subnet()) {
      if (subnet.prefix() == prefix_text) return subnet.probe_address();
    }
    return std::string();
  }
  auto prefix = Prefix::parse(prefix_text);
  if (!prefix) return std::move(prefix).problem();
  auto subnet = fresh_subnet({*prefix, std::nullopt, {}, {}}, link_id);
  if (!subnet) return std::move(subnet).problem();
  return subnet->probe_address();
}

Status add_probe_addresses(const v1::LinkEnvelope* given, DesiredLink& link) {
  for (const std::string& prefix : link.prefix()) {
    auto address = probe_address(given, link.link_id(), prefix);
    if (!address) return std::move(address).problem();
    if (address->empty()) continue;
    link.add_probe_address(*address + prefix.substr(prefix.find('/')));
  }
  return {};
}

// The other ends; this port's own is not among them, however often the link comes here (R10).
Status add_stitching(const Inventory& inventory, const v1::Hold& hold,
                     const v1::LinkEnvelope& given, DesiredLink& link) {
  const WanPort* port = nullptr;
  for (const v1::LinkEnd& end : hold.proof().end()) {
    if (end.link_id() == link.link_id()) port = port_of(inventory, end);
  }
  if (port == nullptr) {
    return make_problem(Problem::FAILED_PRECONDITION, "hold.no-port",
                        "the port that link " + link.link_id() + " left by is not there any more")
        .at_resource("link/" + link.link_id());
  }
  *link.mutable_stitching() = given.stitching();
  link.set_wan_port_id(port->id());
  std::map<std::pair<std::string, std::uint32_t>, const v1::LinkEnd*> peer;
  for (const v1::LinkEnd& end : hold.bindings().end()) {
    if (end.link_id() != link.link_id()) continue;
    if (end.vtep() == port->vtep() && end.port() == port->port()) continue;
    peer[{end.vtep(), end.port()}] = &end;
  }
  for (const auto& [where, end] : peer) *link.add_peer() = *end;
  return {};
}

Result<DesiredLink> desired_link(const Inventory& inventory, const v1::Hold& hold,
                                 const v1::LinkProof& proved) {
  const v1::LinkEnvelope* given = envelope_of(hold.envelope(), proved.link_id());
  DesiredLink link;
  link.set_link_id(proved.link_id());
  if (given != nullptr) link.set_root_link_id(given->root_link_id());
  *link.mutable_prefix() = proved.prefix();
  link.set_mtu(proved.mtu());
  for (const v1::SapProof& sap : hold.proof().sap()) {
    if (sap.link_id() != proved.link_id() || sap.attachment_point_id().empty()) continue;
    link.add_attachment_id(sap.attachment_point_id());
  }
  if (Status status = add_probe_addresses(given, link); !status) return std::move(status).problem();
  if (given != nullptr && given->has_stitching()) {
    Status status = add_stitching(inventory, hold, *given, link);
    if (!status) return std::move(status).problem();
  }
  const auto links = links_of(hold.fragment());
  const auto view = links.find(proved.link_id());
  if (view != links.end() && view->second.profile != nullptr &&
      view->second.profile->has_max_bitrate_root()) {
    link.set_bitrate(view->second.profile->max_bitrate_root());
  }
  return link;
}

DesiredVnf desired_vnf(const v1::Hold& hold, const v1::VnfProof& proved,
                       const ResolvedFunction& function, const InstanceRoutes& routes) {
  DesiredVnf vnf;
  vnf.set_vnf_profile_id(proved.vnf_profile_id());
  vnf.set_index(proved.index());
  vnf.set_vnf_instance_id(proved.vnf_instance_id());
  vnf.set_node_id(proved.location().nfvi_node());
  vnf.set_function(function.function->name());
  vnf.set_image(function.image);
  vnf.set_vcpus(function.vcpus);
  vnf.set_memory_mib(function.memory_mib);
  for (const auto& [key, value] : function.parameter) {
    v1::KeyValue& parameter = *vnf.add_parameter();
    parameter.set_key(key);
    parameter.set_value(value);
  }
  for (const v1::CpProof& proved_cp : proved.cp()) {
    driver::v1::DesiredCp& cp = *vnf.add_cp();
    cp.set_cpd_id(proved_cp.cpd_id());
    cp.set_link_id(proved_cp.link_id());
    *cp.mutable_address() = proved_cp.address();
    cp.set_mac(proved_cp.mac());
    cp.set_port_id(proved_cp.port_id());
    for (const v1::LinkProof& link : hold.proof().link()) {
      if (link.link_id() == proved_cp.link_id()) cp.set_mtu(link.mtu());
    }
  }
  for (const v1::Route& route : routes.route) *vnf.add_route() = route;
  for (const std::string& backend : routes.backend) vnf.add_backend(backend);
  vnf.set_ingress_cpd_id(routes.ingress_cpd_id);
  vnf.set_egress_cpd_id(routes.egress_cpd_id);
  return vnf;
}

// The hold's paths, with the functions they go through.
struct Ways {
  std::map<std::string, ResolvedFunction> function;
  Paths paths;
};

Result<Ways> ways_of(const LeafConfig& config, const Inventory& inventory, const v1::Hold& hold) {
  Ways ways;
  auto functions = resolve_functions(config, inventory, hold.fragment());
  if (!functions) return std::move(functions).problem();
  ways.function = *std::move(functions);
  auto paths = leaf_paths(hold.fragment(), hold.proof(), facts_of(ways.function));
  if (!paths) return std::move(paths).problem();
  ways.paths = *std::move(paths);
  return ways;
}

Result<DesiredPart> desired_part(const Inventory& inventory, const v1::Hold& hold, const Ways& ways,
                                 const std::string& id) {
  DesiredPart part;
  part.set_hold_id(id);
  for (const v1::LinkProof& proved : hold.proof().link()) {
    auto link = desired_link(inventory, hold, proved);
    if (!link) return std::move(link).problem();
    *part.add_link() = *std::move(link);
  }
  auto routes = instance_routes(ways.paths, hold.bindings());
  if (!routes) return std::move(routes).problem();
  for (int i = 0; i < hold.proof().vnf_size(); ++i) {
    const v1::VnfProof& proved = hold.proof().vnf(i);
    const auto own = routes->find(static_cast<std::size_t>(i));
    *part.add_vnf() = desired_vnf(hold, proved, ways.function.at(proved.vnf_profile_id()),
                                  own == routes->end() ? InstanceRoutes{} : own->second);
  }
  part.set_digest(sha256_hex(part.SerializeAsString()));
  return part;
}

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::vector<std::string> sorted(texts.begin(), texts.end());
  std::sort(sorted.begin(), sorted.end());
  std::string all;
  for (const std::string& text : sorted) all += (all.empty() ? "" : ", ") + text;
  return all;
}

Problem mismatch(const DesiredVnf& vnf, const std::string& cpd_id, const std::string& what,
                 const std::string& proved, const std::string& made) {
  return make_problem(Problem::FAILED_PRECONDITION, "proof.mismatch",
                      "the " + what + " that was made is not the one that was promised")
      .at_resource("vnf/" + vnf.vnf_profile_id() + "[" + std::to_string(vnf.index()) + "]/" +
                   cpd_id)
      .constraint(what, proved, made)
      .possible("look at the infrastructure: something there chooses by itself");
}

}  // namespace

Result<DesiredState> desired_state(const LeafConfig& config, const Inventory& inventory,
                                   const record::v1::HoldRecord& record, const std::string& id) {
  const v1::Hold& hold = record.hold();
  auto ways = ways_of(config, inventory, hold);
  if (!ways) return std::move(ways).problem();
  DesiredState state;
  auto part = desired_part(inventory, hold, *ways, id);
  if (!part) return std::move(part).problem();
  state.part = *std::move(part);
  for (PathProbe& path : inside_probes(hold.fragment(), hold.proof(), ways->paths)) {
    auto next_hop = probe_next_hop(ways->paths, hold.bindings(), path.path_id, path.sapd_id,
                                   path.link_id, path.target.address());
    if (!next_hop) return std::move(next_hop).problem();
    driver::v1::ProbeOrder order;
    order.set_hold_id(id);
    order.set_link_id(path.link_id);
    order.set_destination(path.target.address());
    order.set_protocol(path.target.protocol());
    order.set_port(path.target.port());
    order.set_packet_size(path.packet_size);
    order.set_next_hop(*std::move(next_hop));
    order.set_timeout_ms(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(config.probe_timeout).count()));
    state.probe.push_back({std::move(path), std::move(order)});
  }
  return state;
}

Status check_applied(const DesiredPart& wanted, const driver::v1::AppliedPart& applied) {
  std::map<std::tuple<std::string, std::uint32_t, std::string>, const driver::v1::AppliedCp*> made;
  for (const auto& cp : applied.cp()) made[{cp.vnf_profile_id(), cp.index(), cp.cpd_id()}] = &cp;
  for (const DesiredVnf& vnf : wanted.vnf()) {
    for (const driver::v1::DesiredCp& cp : vnf.cp()) {
      const auto at = made.find({vnf.vnf_profile_id(), vnf.index(), cp.cpd_id()});
      if (at == made.end()) {
        return mismatch(vnf, cp.cpd_id(), "connection point", cp.cpd_id(), "none");
      }
      const driver::v1::AppliedCp& real = *at->second;
      if (joined(real.address()) != joined(cp.address())) {
        return mismatch(vnf, cp.cpd_id(), "address", joined(cp.address()), joined(real.address()));
      }
      if (real.mac() != cp.mac()) return mismatch(vnf, cp.cpd_id(), "mac", cp.mac(), real.mac());
      if (real.mtu() != cp.mtu()) {
        return mismatch(vnf, cp.cpd_id(), "mtu", std::to_string(cp.mtu()),
                        std::to_string(real.mtu()));
      }
    }
  }
  return {};
}

Result<driver::v1::ProbeOrder> sap_probe(const LeafConfig& config, const Inventory& inventory,
                                         const record::v1::HoldRecord& record,
                                         const std::string& id, const v1::ProbeRequest& request) {
  const v1::Hold& hold = record.hold();
  const auto& saps = hold.proof().sap();
  const auto sap = std::find_if(saps.begin(), saps.end(), [&](const v1::SapProof& one) {
    return one.sapd_id() == request.sapd_id();
  });
  if (sap == saps.end()) {
    return make_problem(Problem::NOT_FOUND, "sap.unknown",
                        "this hold has no SAP '" + request.sapd_id() + "' to probe from")
        .at_resource("hold/" + hold.id());
  }
  auto ways = ways_of(config, inventory, hold);
  if (!ways) return std::move(ways).problem();
  auto next_hop = probe_next_hop(ways->paths, hold.bindings(), request.path_id(), request.sapd_id(),
                                 sap->link_id(), request.destination());
  if (!next_hop) return std::move(next_hop).problem();
  const Duration timeout =
      request.has_timeout() ? from_proto(request.timeout()) : config.probe_timeout;
  driver::v1::ProbeOrder order;
  order.set_hold_id(id);
  order.set_link_id(sap->link_id());
  order.set_destination(request.destination());
  order.set_protocol(request.protocol());
  order.set_port(request.port());
  order.set_packet_size(request.packet_size());
  order.set_next_hop(*std::move(next_hop));
  order.set_timeout_ms(static_cast<std::uint64_t>(std::max<std::int64_t>(
      1, std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count())));
  return order;
}

}  // namespace terrace
