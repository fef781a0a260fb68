// Catalogues for tests, in a few lines.
#pragma once

#include <string>
#include <vector>

#include "terrace/v1/capability.pb.h"

namespace terrace::testing {

inline v1::Offer& add_offer(v1::Catalogue& catalogue, const std::string& function,
                            unsigned monthly, unsigned room, const std::string& pop = "") {
  auto& offer = *catalogue.add_offer();
  offer.set_id(function + "-" + std::to_string(catalogue.offer_size()));
  offer.mutable_function()->set_vnfd_id("vnfd-" + function);
  offer.mutable_function()->set_vnfd_digest("digest-" + function);
  offer.mutable_price()->mutable_monthly()->set_amount(std::to_string(monthly));
  offer.mutable_price()->mutable_monthly()->set_currency("EUR");
  offer.mutable_capacity()->set_instances_left(room);
  offer.mutable_location()->set_nfvi_pop(pop);
  return offer;
}

inline v1::Interconnect& add_interconnect(v1::Catalogue& catalogue, const std::string& underlay,
                                          unsigned first = 1, unsigned last = 9999,
                                          unsigned mtu = 1500) {
  auto& interconnect = *catalogue.add_interconnect();
  interconnect.set_id("ic-" + std::to_string(catalogue.interconnect_size()));
  interconnect.set_underlay(underlay);
  interconnect.add_encapsulation_type(v1::Stitching::VXLAN);
  auto& ids = *interconnect.add_segment_ids();
  ids.set_wan_segment_id_value(first);
  ids.set_wan_segment_id_upper_range(last);
  interconnect.set_mtu(mtu);
  return interconnect;
}

inline void add_point(v1::Catalogue& catalogue, const std::string& id, bool in_use = false) {
  auto& point = *catalogue.add_attachment_point();
  point.set_id(id);
  point.set_in_use(in_use);
}

}  // namespace terrace::testing
