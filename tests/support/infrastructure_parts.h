// Parts to apply: built piece by piece, as a leaf would have chosen them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "terrace/driver/v1/driver.pb.h"

namespace terrace {

class PartBuilder {
 public:
  PartBuilder(const std::string& hold_id, std::string node_id) : node_id_(std::move(node_id)) {
    part_.set_hold_id(hold_id);
  }

  driver::v1::DesiredLink& link(const std::string& id, const std::string& prefix,
                                const std::string& probe_address = "", std::uint32_t mtu = 1400) {
    auto& link = *part_.add_link();
    link.set_link_id(id);
    link.add_prefix(prefix);
    link.set_mtu(mtu);
    if (!probe_address.empty()) link.add_probe_address(probe_address);
    return link;
  }

  // Continues outside, to the peers (vtep, port).
  void stitch(driver::v1::DesiredLink& link, const std::string& port_id,
              const std::string& underlay, std::uint32_t segment_id,
              const std::vector<std::pair<std::string, std::uint32_t>>& peers) {
    link.set_wan_port_id(port_id);
    link.mutable_stitching()->set_underlay(underlay);
    link.mutable_stitching()->set_encapsulation_type(v1::Stitching::VXLAN);
    link.mutable_stitching()->mutable_wan_segment_ids()->set_wan_segment_id_value(segment_id);
    for (const auto& [vtep, port] : peers) {
      auto& peer = *link.add_peer();
      peer.set_link_id(link.link_id());
      peer.set_end_id(vtep);
      peer.set_vtep(vtep);
      peer.set_port(port);
    }
  }

  driver::v1::DesiredVnf& vnf(const std::string& profile_id, const std::string& function,
                              std::uint32_t index = 1) {
    auto& vnf = *part_.add_vnf();
    vnf.set_vnf_profile_id(profile_id);
    vnf.set_index(index);
    vnf.set_vnf_instance_id(part_.hold_id() + "-" + profile_id + "-" + std::to_string(index));
    vnf.set_node_id(node_id_);
    vnf.set_function(function);
    vnf.set_image("terrace/" + function);
    vnf.set_vcpus(1);
    vnf.set_memory_mib(64);
    return vnf;
  }

  void cp(driver::v1::DesiredVnf& vnf, const std::string& cpd_id, const std::string& link_id,
          const std::string& address) {
    auto& cp = *vnf.add_cp();
    cp.set_cpd_id(cpd_id);
    cp.set_link_id(link_id);
    cp.add_address(address);
    cp.set_port_id(++cps_);
    constexpr char kDigits[] = "0123456789abcdef";
    cp.set_mac(std::string("02:54:00:00:00:") + kDigits[cps_ >> 4 & 15] + kDigits[cps_ & 15]);
    for (const auto& link : part_.link()) {
      if (link.link_id() == link_id) cp.set_mtu(link.mtu());
    }
  }

  void route(driver::v1::DesiredVnf& vnf, const std::string& prefix, const std::string& next_hop) {
    auto& route = *vnf.add_route();
    route.set_prefix(prefix);
    route.add_next_hop(next_hop);
  }

  driver::v1::DesiredPart build() {
    part_.clear_digest();
    part_.set_digest(sha256_hex(part_.SerializeAsString()));
    return part_;
  }

  driver::v1::DesiredPart& part() { return part_; }

 private:
  driver::v1::DesiredPart part_;
  std::string node_id_;
  std::uint32_t cps_ = 0;
};

// A path from link `client` through a firewall and a NAT to a web server: client 10.10.1.0/24, its
// probe address .250; middle 10.10.2.0/24; inner 10.10.3.0/24, the server .30. The server has no
// route: it needs none behind a NAT.
inline driver::v1::DesiredPart chain_part(const std::string& hold_id, const std::string& node_id) {
  PartBuilder builder(hold_id, node_id);
  builder.link("client", "10.10.1.0/24", "10.10.1.250/24");
  builder.link("middle", "10.10.2.0/24", "10.10.2.250/24");
  builder.link("inner", "10.10.3.0/24", "10.10.3.250/24");
  auto& firewall = builder.vnf("fw", "firewall");
  builder.cp(firewall, "in", "client", "10.10.1.10/24");
  builder.cp(firewall, "out", "middle", "10.10.2.10/24");
  builder.route(firewall, "10.10.3.0/24", "10.10.2.20");
  auto& nat = builder.vnf("nat", "nat");
  builder.cp(nat, "in", "middle", "10.10.2.20/24");
  builder.cp(nat, "out", "inner", "10.10.3.20/24");
  builder.route(nat, "10.10.1.0/24", "10.10.2.10");
  auto& web = builder.vnf("web", "web");
  builder.cp(web, "in", "inner", "10.10.3.30/24");
  for (auto* vnf : {&firewall, &nat}) {
    vnf->set_ingress_cpd_id("in");
    vnf->set_egress_cpd_id("out");
  }
  web.set_ingress_cpd_id("in");
  return builder.build();
}

// From that chain's client link.
inline driver::v1::ProbeOrder chain_probe(const std::string& hold_id,
                                          const std::string& destination,
                                          const std::string& protocol = "icmp",
                                          std::uint32_t port = 0) {
  driver::v1::ProbeOrder order;
  order.set_hold_id(hold_id);
  order.set_link_id("client");
  order.set_destination(destination);
  order.set_protocol(protocol);
  order.set_port(port);
  order.set_timeout_ms(1000);
  if (destination.rfind("10.10.1.", 0) != 0) order.set_next_hop("10.10.1.10");
  return order;
}

}  // namespace terrace
