// The order that the protocol's pages walk through, as tier M gets it.
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "recursion/envelope.h"
#include "terrace/v1/ns.pb.h"

namespace terrace::test {

inline constexpr char kWalkedRealm[] = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

inline void add_link(const std::string& id, v1::Fragment& fragment) {
  auto& nsd = *fragment.mutable_nsd();
  if (nsd.df().empty()) nsd.add_df()->set_id("df");
  auto& profile = *nsd.mutable_df(0)->add_virtual_link_profile();
  profile.set_id(id);
  profile.set_virtual_link_desc_id(id);
  nsd.add_virtual_link_desc()->set_id(id);
}

inline void add_vnf(const std::string& id, const std::vector<std::string>& links,
                    v1::Fragment& fragment) {
  auto& profile = *fragment.mutable_nsd()->mutable_df(0)->add_vnf_profile();
  profile.set_id(id);
  profile.set_vnfd_id(id);
  for (const auto& link : links) {
    auto& connectivity = *profile.add_virtual_link_connectivity();
    connectivity.set_virtual_link_profile_id(link);
    connectivity.add_constituent_cpd_id("to-" + link);
  }
  auto& slot = *fragment.add_slot();
  slot.set_vnf_profile_id(id);
  slot.set_index(1);
}

inline void add_sap(const std::string& id, const std::string& link, v1::Fragment& fragment) {
  auto& sapd = *fragment.mutable_nsd()->add_sapd();
  sapd.set_id(id);
  sapd.set_virtual_link_desc(link);
}

inline v1::SapData& client_data(v1::Fragment& fragment) {
  auto& data = *fragment.mutable_params()->add_sap_data();
  data.set_sapd_id("client");
  data.mutable_sap_protocol_data()->add_ip_address("10.10.1.100");
  data.mutable_sap_protocol_data()->add_subnet("10.10.1.0/24");
  return data;
}

inline StitchedLink over_vxlan(const std::string& link, std::uint32_t vni) {
  StitchedLink stitched{link, {}, 1450};
  stitched.stitching.set_underlay("wan");
  stitched.stitching.set_encapsulation_type(v1::Stitching::VXLAN);
  stitched.stitching.mutable_wan_segment_ids()->set_wan_segment_id_value(vni);
  return stitched;
}

// Client, firewall, NAT, load balancer; the web server is elsewhere, behind vl-c.
inline v1::Fragment order_to_m() {
  v1::Fragment order;
  for (const char* link : {"vl-client", "vl-a", "vl-b", "vl-c"}) add_link(link, order);
  add_vnf("fw", {"vl-client", "vl-a"}, order);
  add_vnf("nat", {"vl-a", "vl-b"}, order);
  add_vnf("lb", {"vl-b", "vl-c"}, order);
  add_sap("client", "vl-client", order);
  add_sap("cut:vl-c", "vl-c", order);
  client_data(order);
  return order;
}

inline v1::Fragment order_to_e() {
  v1::Fragment order;
  for (const char* link : {"vl-client", "vl-a"}) add_link(link, order);
  add_vnf("fw", {"vl-client", "vl-a"}, order);
  add_sap("client", "vl-client", order);
  add_sap("cut:vl-a", "vl-a", order);
  client_data(order);
  return order;
}

inline v1::Fragment order_to_ml() {
  v1::Fragment order;
  for (const char* link : {"vl-a", "vl-b", "vl-c"}) add_link(link, order);
  add_vnf("nat", {"vl-a", "vl-b"}, order);
  add_vnf("lb", {"vl-b", "vl-c"}, order);
  add_sap("cut:vl-a", "vl-a", order);
  add_sap("cut:vl-c", "vl-c", order);
  return order;
}

inline v1::LinkEnvelope& add_link_envelope(const std::string& id, const std::string& net, int first,
                                           int last, v1::Envelope& envelope) {
  auto& link = *envelope.add_link();
  link.set_link_id(id);
  link.set_root_link_id(uuid_v5(kWalkedRealm, id));
  link.set_mtu(1450);
  link.set_mac_prefix("02:54:00:10:00:00/28");
  link.mutable_port_ids()->set_first(100);
  link.mutable_port_ids()->set_last(199);
  auto& subnet = *link.add_subnet();
  subnet.set_prefix(net + "0/24");
  subnet.set_probe_address(net + "248");
  auto& range = *subnet.add_assignable();
  range.set_first(net + std::to_string(first));
  range.set_last(net + std::to_string(last));
  return link;
}

inline v1::Envelope envelope_to_m() {
  v1::Envelope envelope;
  envelope.set_realm(kWalkedRealm);
  auto& client = add_link_envelope("vl-client", "10.10.1.", 8, 247, envelope);
  auto& excluded = *client.mutable_subnet(0)->add_excluded();
  excluded.mutable_range()->set_first("10.10.1.100");
  excluded.mutable_range()->set_last("10.10.1.100");
  excluded.set_reason("the client");
  *add_link_envelope("vl-c", "10.10.4.", 8, 127, envelope).mutable_stitching() =
      over_vxlan("vl-c", 7001).stitching;
  auto& carve = *envelope.add_carve();
  carve.add_prefix("10.10.64.0/18");
  carve.set_mac_prefix("02:54:00:20:00:00/28");
  carve.mutable_port_ids()->set_first(200);
  carve.mutable_port_ids()->set_last(299);
  carve.set_mtu(1500);
  return envelope;
}

}  // namespace terrace::test
