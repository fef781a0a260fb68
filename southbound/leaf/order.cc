#include "southbound/leaf/order.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "catalog/money.h"
#include "recursion/address_chooser.h"
#include "recursion/fragment_view.h"
#include "southbound/leaf/functions.h"
#include "southbound/leaf/node_choice.h"
#include "southbound/leaf/offers.h"

namespace terrace {
namespace {

using driver::v1::Inventory;
using driver::v1::WanPort;

// RFC 7348: outer IPv4 (or IPv6), UDP, VXLAN and the inner Ethernet header.
std::uint32_t overhead_of(const WanPort& port) {
  return port.vtep().find(':') == std::string::npos ? 50 : 70;
}

class OrderAnswer {
 public:
  OrderAnswer(const LeafConfig& config, const Inventory& inventory, const Usage& usage,
              const record::v1::HoldRecord& record, const std::string& id, Instant now)
      : config_(config),
        inventory_(inventory),
        usage_(usage),
        record_(record),
        fragment_(record.hold().fragment()),
        envelope_(record.hold().envelope()),
        id_(id),
        catalogue_(leaf_catalogue(config, inventory, usage, now)) {}

  Result<LeafAnswer> run() {
    for (const auto step :
         {&OrderAnswer::choose_places, &OrderAnswer::choose_values, &OrderAnswer::fill_functions,
          &OrderAnswer::fill_saps, &OrderAnswer::fill_ends, &OrderAnswer::announce_paths}) {
      if (Status status = (this->*step)(); !status) return std::move(status).problem();
    }
    LeafAnswer answer;
    record::v1::HoldRecord answered = record_;
    *answered.mutable_hold()->mutable_proof() = proof_;
    answer.use = use_of(config_, inventory_, answered);
    answer.proof = std::move(proof_);
    return answer;
  }

 private:
  Status choose_places();
  Status choose_values();
  Status fill_functions();
  Status fill_saps();
  Status fill_ends();
  Status announce_paths();

  Result<const driver::v1::Attachment*> attachment_for(const v1::Sapd& sapd,
                                                       const std::string& link_id) const;
  std::set<std::string> pops_on(const std::string& link_id) const;
  Result<const WanPort*> port_for(const v1::LinkEnvelope& link) const;
  bool segment_taken(const SegmentUse& wanted) const;
  Problem taken(const v1::LinkEnvelope& link, const std::vector<const WanPort*>& ports) const;
  const driver::v1::Node& node(const std::string& id) const;

  const LeafConfig& config_;
  const Inventory& inventory_;
  const Usage& usage_;
  const record::v1::HoldRecord& record_;
  const v1::Fragment& fragment_;
  const v1::Envelope& envelope_;
  const std::string& id_;
  const v1::Catalogue catalogue_;
  std::map<std::string, ResolvedFunction> function_;
  std::map<Slot, std::string> node_;
  std::set<std::string> attached_;
  std::vector<SegmentUse> segment_;
  v1::Proof proof_;
};

Status OrderAnswer::choose_places() {
  const auto& terms = record_.request().terms();
  if (Status status = check_terms(catalogue_, terms); !status) return status;
  auto functions = resolve_functions(config_, inventory_, fragment_);
  if (!functions) return std::move(functions).problem();
  function_ = *std::move(functions);
  NodeQuestion question{&fragment_, &inventory_, &usage_, &function_, {}};
  for (const auto& [profile_id, function] : function_) {
    question.pops[profile_id] = named_pops(catalogue_, config_, *function.sold, terms);
  }
  auto nodes = choose_nodes(question);
  if (!nodes) return std::move(nodes).problem();
  node_ = *std::move(nodes);
  return {};
}

Status OrderAnswer::choose_values() {
  auto chosen = choose_addresses(envelope_, fragment_, usage_.values_of(envelope_.realm()));
  if (!chosen) return std::move(chosen).problem();
  proof_ = *std::move(chosen);
  return {};
}

const driver::v1::Node& OrderAnswer::node(const std::string& id) const {
  const auto& nodes = inventory_.node();
  return *std::find_if(nodes.begin(), nodes.end(), [&](const auto& one) { return one.id() == id; });
}

Status OrderAnswer::fill_functions() {
  std::map<std::string, std::string> relied;
  for (v1::VnfProof& vnf : *proof_.mutable_vnf()) {
    const std::string& profile_id = vnf.vnf_profile_id();
    vnf.set_vnf_instance_id(
        uuid_v5(kLeafNamespace, id_ + "\n" + profile_id + "\n" + std::to_string(vnf.index())));
    const auto& place = node(node_.at({profile_id, vnf.index()}));
    *vnf.mutable_location() = place.location();
    vnf.mutable_location()->set_nfvi_node(place.id());
    const LeafFunction& sold = *function_.at(profile_id).sold;
    *vnf.mutable_price() = sold.price;
    auto sum = add(proof_.price(), sold.price);
    if (!sum) return std::move(sum).problem();
    *proof_.mutable_price() = *std::move(sum);
    const v1::Offer* offer = find_offer(catalogue_, config_, sold, place.location().nfvi_pop());
    if (offer != nullptr) relied[offer->id()] = offer->terms_version();
  }
  for (const auto& [offer_id, version] : relied) {
    v1::Terms& terms = *proof_.add_terms();
    terms.set_offer_id(offer_id);
    terms.set_terms_version(version);
  }
  return {};
}

Status OrderAnswer::fill_saps() {
  for (const v1::Sapd& sapd : fragment_.nsd().sapd()) {
    v1::SapProof& sap = *proof_.add_sap();
    sap.set_sapd_id(sapd.id());
    sap.set_link_id(link_of_sap(fragment_, sapd));
    if (is_cut_sap(sapd.id())) continue;
    auto attachment = attachment_for(sapd, sap.link_id());
    if (!attachment) return std::move(attachment).problem();
    attached_.insert((*attachment)->id());
    sap.set_attachment_point_id((*attachment)->id());
    *sap.mutable_location() = (*attachment)->location();
  }
  return {};
}

std::set<std::string> OrderAnswer::pops_on(const std::string& link_id) const {
  std::set<std::string> pops;
  for (const v1::VnfProof& vnf : proof_.vnf()) {
    for (const v1::CpProof& cp : vnf.cp()) {
      if (cp.link_id() == link_id) pops.insert(vnf.location().nfvi_pop());
    }
  }
  return pops;
}

Result<const driver::v1::Attachment*> OrderAnswer::attachment_for(
    const v1::Sapd& sapd, const std::string& link_id) const {
  const v1::SapData* data = sap_data_of(fragment_, sapd.id());
  const std::string named = data == nullptr ? "" : data->attachment_point_id();
  const auto in_use = [&](const driver::v1::Attachment& one) {
    return usage_.attachment_in_use(one.id()) || attached_.contains(one.id());
  };
  std::string free;
  for (const auto& one : inventory_.attachment()) {
    if (!in_use(one)) free += (free.empty() ? "" : ", ") + one.id();
  }
  const std::string hint = free.empty() ? "none is free here" : "free here: " + free;
  if (!named.empty()) {
    for (const auto& one : inventory_.attachment()) {
      if (one.id() != named) continue;
      if (!in_use(one)) return &one;
      return make_problem(Problem::RESOURCE_EXHAUSTED, "attachment.in-use",
                          "attachment point " + named + " has another service")
          .at_resource("sap/" + sapd.id())
          .possible(hint);
    }
    return make_problem(Problem::NOT_FOUND, "attachment.unknown",
                        "there is no attachment point " + named + " here")
        .at_resource("sap/" + sapd.id())
        .possible(hint);
  }
  const auto near = pops_on(link_id);
  const driver::v1::Attachment* picked = nullptr;
  for (const auto& one : inventory_.attachment()) {
    if (in_use(one)) continue;
    if (near.contains(one.location().nfvi_pop())) return &one;
    if (picked == nullptr) picked = &one;
  }
  if (picked != nullptr) return picked;
  return make_problem(Problem::RESOURCE_EXHAUSTED, "attachment.exhausted",
                      "no attachment point is free for SAP " + sapd.id())
      .at_resource("sap/" + sapd.id())
      .constraint("attachment-points", std::to_string(inventory_.attachment_size()), "all in use");
}

bool has_segment(const WanPort& port, std::uint32_t id) {
  return std::any_of(port.segment_ids().begin(), port.segment_ids().end(), [&](const auto& ids) {
    const std::uint32_t last = ids.has_wan_segment_id_upper_range()
                                   ? ids.wan_segment_id_upper_range()
                                   : ids.wan_segment_id_value();
    return ids.wan_segment_id_value() <= id && id <= last;
  });
}

ProblemBuilder unsupported(const v1::LinkEnvelope& link, const std::string& name,
                           const std::string& limit, const std::string& actual) {
  return make_problem(Problem::FAILED_PRECONDITION, "stitching.unsupported",
                      "link " + link.link_id() + " cannot leave this platform so")
      .at_resource("link/" + link.link_id())
      .constraint(name, limit, actual)
      .possible("the catalogue's interconnects say what is");
}

// The first port that fits: underlay, id, MTU, and the id is free there.
Result<const WanPort*> OrderAnswer::port_for(const v1::LinkEnvelope& link) const {
  const v1::Stitching& stitching = link.stitching();
  const std::uint32_t segment_id = stitching.wan_segment_ids().wan_segment_id_value();
  if (stitching.encapsulation_type() != v1::Stitching::VXLAN) {
    return unsupported(link, "encapsulation-type", "VXLAN",
                       v1::Stitching::EncapsulationType_Name(stitching.encapsulation_type()));
  }
  std::string underlays;
  std::uint32_t carried = 0;
  bool there = false;
  std::vector<const WanPort*> right;
  for (const WanPort& port : inventory_.wan_port()) {
    underlays += (underlays.empty() ? "" : ", ") + port.underlay();
    if (port.underlay() != stitching.underlay()) continue;
    there = true;
    carried = std::max(carried, port.mtu() - std::min(port.mtu(), overhead_of(port)));
    if (link.mtu() > port.mtu() - std::min(port.mtu(), overhead_of(port))) continue;
    if (has_segment(port, segment_id)) right.push_back(&port);
  }
  if (!there) return unsupported(link, "underlay", underlays, stitching.underlay());
  if (link.mtu() > carried) {
    return unsupported(link, "mtu", std::to_string(carried), std::to_string(link.mtu()));
  }
  if (right.empty()) {
    return unsupported(link, "segment-id", "an id of the port's ranges",
                       std::to_string(segment_id));
  }
  for (const WanPort* port : right) {
    if (!segment_taken({port->id(), segment_id, link.root_link_id()})) return port;
  }
  return taken(link, right);
}

// By another hold's link, or by another link of this very order.
bool OrderAnswer::segment_taken(const SegmentUse& wanted) const {
  return usage_.segment_taken(wanted) ||
         std::any_of(segment_.begin(), segment_.end(), [&](const SegmentUse& mine) {
           return mine.wan_port_id == wanted.wan_port_id && mine.segment_id == wanted.segment_id;
         });
}

Problem OrderAnswer::taken(const v1::LinkEnvelope& link,
                           const std::vector<const WanPort*>& ports) const {
  const std::uint32_t id = link.stitching().wan_segment_ids().wan_segment_id_value();
  Problem problem = make_problem(Problem::RESOURCE_EXHAUSTED, "segment.taken",
                                 "segment id " + std::to_string(id) + " is in use on underlay " +
                                     link.stitching().underlay())
                        .at_resource("link/" + link.link_id())
                        .constraint("segment-id", "a free one", std::to_string(id))
                        .possible("one of the free ranges");
  for (const WanPort* port : ports) {
    for (auto& range : usage_.free_segments(*port)) *problem.add_free_segments() = range;
  }
  return problem;
}

Status OrderAnswer::fill_ends() {
  for (const v1::LinkProof& link : proof_.link()) {
    const v1::LinkEnvelope* given = envelope_of(envelope_, link.link_id());
    if (given == nullptr || !given->has_stitching()) continue;
    auto port = port_for(*given);
    if (!port) return std::move(port).problem();
    segment_.push_back({(*port)->id(), given->stitching().wan_segment_ids().wan_segment_id_value(),
                        given->root_link_id()});
    v1::LinkEnd& end = *proof_.add_end();
    end.set_link_id(link.link_id());
    end.set_end_id(uuid_v5(kLeafNamespace, id_ + "\nend\n" + link.link_id()));
    end.set_vtep((*port)->vtep());
    end.set_port((*port)->port());
  }
  return {};
}

Status OrderAnswer::announce_paths() {
  auto paths = leaf_paths(fragment_, proof_, facts_of(function_));
  if (!paths) return std::move(paths).problem();
  for (auto& one : announce(*paths)) *proof_.add_announcement() = std::move(one);
  return {};
}

}  // namespace

Result<LeafAnswer> answer_order(const LeafConfig& config, const Inventory& inventory,
                                const Usage& usage, const record::v1::HoldRecord& record,
                                const std::string& id, Instant now) {
  return OrderAnswer(config, inventory, usage, record, id, now).run();
}

HoldUse use_of(const LeafConfig& config, const Inventory& inventory,
               const record::v1::HoldRecord& record) {
  const v1::Hold& hold = record.hold();
  HoldUse use;
  use.proof = hold.proof();
  const auto functions = resolve_functions(config, inventory, hold.fragment());
  for (const v1::VnfProof& vnf : hold.proof().vnf()) {
    NodeUse& node = use.node[vnf.location().nfvi_node()];
    ++node.instances;
    if (!functions) continue;
    const auto function = functions->find(vnf.vnf_profile_id());
    if (function == functions->end()) continue;
    node.vcpus += function->second.vcpus;
    node.memory_mib += function->second.memory_mib;
  }
  for (const v1::SapProof& sap : hold.proof().sap()) {
    if (!sap.attachment_point_id().empty()) use.attachment.insert(sap.attachment_point_id());
  }
  for (const v1::LinkEnd& end : hold.proof().end()) {
    const WanPort* port = port_of(inventory, end);
    const v1::LinkEnvelope* link = envelope_of(hold.envelope(), end.link_id());
    if (port == nullptr || link == nullptr) continue;
    use.segment.push_back({port->id(), link->stitching().wan_segment_ids().wan_segment_id_value(),
                           link->root_link_id()});
  }
  return use;
}

const WanPort* port_of(const Inventory& inventory, const v1::LinkEnd& end) {
  for (const WanPort& port : inventory.wan_port()) {
    if (port.vtep() == end.vtep() && port.port() == end.port()) return &port;
  }
  return nullptr;
}

const v1::LinkEnvelope* envelope_of(const v1::Envelope& envelope, const std::string& link_id) {
  for (const v1::LinkEnvelope& link : envelope.link()) {
    if (link.link_id() == link_id) return &link;
  }
  return nullptr;
}

}  // namespace terrace
