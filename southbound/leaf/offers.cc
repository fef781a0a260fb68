#include "southbound/leaf/offers.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/ids.h"
#include "base/time.h"
#include "catalog/aggregator.h"
#include "southbound/leaf/functions.h"
#include "southbound/leaf/node_choice.h"

namespace terrace {
namespace {

using driver::v1::Inventory;
using driver::v1::Node;

std::string offer_id(const LeafConfig& config, const LeafFunction& sold, const std::string& pop) {
  const std::string vnfd = sold.descriptor ? sold.descriptor->id() : "";
  return uuid_v5(kLeafNamespace,
                 config.platform_id.str() + "\n" + sold.function + "\n" + vnfd + "\n" + pop);
}

// A place as others may know it: not by node.
v1::Location without_node(v1::Location location) {
  location.clear_nfvi_node();
  return location;
}

std::uint32_t clamp(std::uint64_t number) {
  const std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::min(number, most));
}

// Instances are counted at the descriptor's size, or one vCPU where it comes with the order.
v1::Capacity capacity_at(const LeafFunction& sold, const std::vector<const Node*>& nodes,
                         const Usage& usage) {
  FunctionSize size{1, 0};
  if (sold.descriptor) size = size_of(*sold.descriptor, "", "");
  std::uint64_t count = 0, largest = 0, vcpus = 0, most_vcpus = 0, memory = 0, most_memory = 0;
  for (const Node* node : nodes) {
    const NodeRoom room = room_of(*node, usage);
    const std::uint64_t here = fits(room, size.vcpus, size.memory_mib);
    count += here;
    largest = std::max(largest, here);
    if (room.instances == 0) continue;
    vcpus += room.vcpus;
    most_vcpus = std::max(most_vcpus, room.vcpus);
    memory += room.memory_mib;
    most_memory = std::max(most_memory, room.memory_mib);
  }
  v1::Capacity capacity;
  capacity.set_instances_left(clamp(count));
  capacity.set_instances_largest(clamp(largest));
  capacity.set_vcpus_left(clamp(vcpus));
  capacity.set_vcpus_largest(clamp(most_vcpus));
  capacity.set_memory_mib_left(memory);
  capacity.set_memory_mib_largest(most_memory);
  return capacity;
}

v1::FunctionOffer describe_function(const LeafFunction& sold,
                                    const driver::v1::Function& function) {
  v1::FunctionOffer offer;
  offer.set_capability(sold.capability.empty() ? sold.function : sold.capability);
  if (sold.descriptor) {
    offer.set_vnfd_id(sold.descriptor->id());
    offer.set_vnfd_digest(sold.descriptor_digest);
  }
  offer.set_brought(sold.brought);
  *offer.mutable_image() = function.image();
  return offer;
}

std::map<std::string, std::vector<const Node*>> nodes_by_pop(const Inventory& inventory) {
  std::map<std::string, std::vector<const Node*>> nodes;
  for (const Node& node : inventory.node()) nodes[node.location().nfvi_pop()].push_back(&node);
  return nodes;
}

void add_offers(const LeafConfig& config, const Inventory& inventory, const Usage& usage,
                v1::Catalogue& catalogue) {
  const auto pops = nodes_by_pop(inventory);
  for (const LeafFunction& sold : config.function) {
    const auto& known = inventory.function();
    const auto function = std::find_if(
        known.begin(), known.end(), [&](const auto& one) { return one.name() == sold.function; });
    if (function == known.end()) continue;
    for (const auto& [pop, nodes] : pops) {
      v1::Offer& offer = *catalogue.add_offer();
      offer.set_id(offer_id(config, sold, pop));
      *offer.mutable_function() = describe_function(sold, *function);
      *offer.mutable_location() = without_node(nodes.front()->location());
      *offer.mutable_price() = sold.price;
      *offer.mutable_lead_time() = to_proto(sold.lead_time);
      for (const auto& qos : sold.qos_class) *offer.add_qos_class() = qos;
      *offer.mutable_sla() = sold.sla;
      if (!config.origin.empty()) offer.add_origin(config.origin);
      for (const auto& point : inventory.attachment()) offer.add_reaches(point.id());
      for (const auto& port : inventory.wan_port()) offer.add_reaches(port.id());
      *offer.mutable_capacity() = capacity_at(sold, nodes, usage);
      offer.set_terms_version(terms_version(offer));
    }
  }
}

void add_ends(const LeafConfig& config, const Inventory& inventory, const Usage& usage,
              v1::Catalogue& catalogue) {
  for (const auto& attachment : inventory.attachment()) {
    v1::AttachmentPoint& point = *catalogue.add_attachment_point();
    point.set_id(attachment.id());
    point.set_name(attachment.name());
    *point.mutable_location() = without_node(attachment.location());
    point.set_in_use(usage.attachment_in_use(attachment.id()));
    if (!config.origin.empty()) point.add_origin(config.origin);
  }
  for (const auto& port : inventory.wan_port()) {
    v1::Interconnect& interconnect = *catalogue.add_interconnect();
    interconnect.set_id(port.id());
    interconnect.set_underlay(port.underlay());
    interconnect.add_encapsulation_type(v1::Stitching::VXLAN);
    *interconnect.mutable_segment_ids() = port.segment_ids();
    interconnect.set_mtu(port.mtu());
    *interconnect.mutable_location() = without_node(port.location());
    if (!config.origin.empty()) interconnect.add_origin(config.origin);
  }
}

const v1::Offer* by_id(const v1::Catalogue& catalogue, const std::string& id) {
  for (const v1::Offer& offer : catalogue.offer()) {
    if (offer.id() == id) return &offer;
  }
  return nullptr;
}

std::string price_text(const v1::Price& price) {
  const auto money = [](const v1::Money& one) { return one.amount() + " " + one.currency(); };
  std::string text;
  if (price.has_one_off()) text += money(price.one_off()) + " once";
  if (price.has_monthly()) {
    text += (text.empty() ? "" : " and ") + money(price.monthly()) + " a month";
  }
  return text.empty() ? "nothing" : text;
}

std::string current_terms(const v1::Offer& offer) {
  return "offer " + offer.id() + " (" + capability_of(offer) + ") is now at terms version " +
         offer.terms_version() + ", for " + price_text(offer.price());
}

}  // namespace

v1::Catalogue leaf_catalogue(const LeafConfig& config, const Inventory& inventory,
                             const Usage& usage, Instant now) {
  v1::Catalogue catalogue;
  catalogue.set_platform_id(config.platform_id.str());
  catalogue.set_provider(config.provider);
  *catalogue.mutable_issued() = to_timestamp(now);
  *catalogue.mutable_expires() = to_timestamp(now + config.catalogue_life);
  for (const std::string& feature : config.feature) catalogue.add_feature(feature);
  add_offers(config, inventory, usage, catalogue);
  add_ends(config, inventory, usage, catalogue);
  return catalogue;
}

const v1::Offer* find_offer(const v1::Catalogue& catalogue, const LeafConfig& config,
                            const LeafFunction& sold, const std::string& pop) {
  return by_id(catalogue, offer_id(config, sold, pop));
}

Status check_terms(const v1::Catalogue& catalogue,
                   const google::protobuf::RepeatedPtrField<v1::Terms>& terms) {
  for (const v1::Terms& relied : terms) {
    const v1::Offer* offer = by_id(catalogue, relied.offer_id());
    if (offer != nullptr && offer->terms_version() == relied.terms_version()) continue;
    auto stale = make_problem(Problem::FAILED_PRECONDITION, "terms.stale",
                              "the terms this order relies on are not offered any more")
                     .at_resource("offer/" + relied.offer_id())
                     .constraint("terms-version",
                                 offer == nullptr ? "no such offer" : offer->terms_version(),
                                 relied.terms_version());
    if (offer != nullptr) return std::move(stale).possible(current_terms(*offer));
    for (const v1::Offer& other : catalogue.offer()) {
      stale = std::move(stale).possible(current_terms(other));
    }
    return stale;
  }
  return {};
}

std::set<std::string> named_pops(const v1::Catalogue& catalogue, const LeafConfig& config,
                                 const LeafFunction& sold,
                                 const google::protobuf::RepeatedPtrField<v1::Terms>& terms) {
  std::set<std::string> all;
  std::set<std::string> named;
  for (const v1::Offer& offer : catalogue.offer()) {
    const std::string& pop = offer.location().nfvi_pop();
    if (offer.id() != offer_id(config, sold, pop)) continue;
    all.insert(pop);
    for (const v1::Terms& relied : terms) {
      if (relied.offer_id() == offer.id()) named.insert(pop);
    }
  }
  return named.empty() ? all : named;
}

}  // namespace terrace
