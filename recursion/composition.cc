#include "recursion/composition.h"

#include <algorithm>
#include <set>
#include <utility>

#include "catalog/money.h"
#include "recursion/fragment_view.h"
#include "recursion/prefix.h"

namespace terrace {
namespace {

const v1::LinkEnvelope* envelope_of(const v1::Envelope& envelope, const std::string& link_id) {
  const auto it = std::find_if(envelope.link().begin(), envelope.link().end(),
                               [&](const auto& link) { return link.link_id() == link_id; });
  return it == envelope.link().end() ? nullptr : &*it;
}

const record::v1::Choice* choice_of(const DelegatedPart& part, const v1::VnfProof& vnf) {
  const auto it = std::find_if(part.choice().begin(), part.choice().end(), [&](const auto& choice) {
    return choice.vnf_profile_id() == vnf.vnf_profile_id() && choice.index() == vnf.index();
  });
  return it == part.choice().end() ? nullptr : &*it;
}

// Sells one part's functions: each at the price of our own offer for it.
Status sell(const DelegatedPart& part, const EngineCore& core, std::set<std::string>& terms,
            v1::Proof& proof) {
  for (v1::VnfProof vnf : part.proof().vnf()) {
    const auto* const choice = choice_of(part, vnf);
    const auto* const offer =
        choice == nullptr ? nullptr : core.own_offer(part.child(), choice->offer_id());
    if (offer != nullptr) *vnf.mutable_price() = offer->price();
    // Where in its building a part runs is nobody's business above (R24).
    vnf.mutable_location()->clear_nfvi_node();
    auto sum = add(proof.price(), vnf.price());
    if (!sum) return sum.problem();
    *proof.mutable_price() = *std::move(sum);
    if (offer != nullptr && terms.insert(offer->id()).second) {
      auto& own = *proof.add_terms();
      own.set_offer_id(offer->id());
      own.set_terms_version(offer->terms_version());
    }
    *proof.add_vnf() = std::move(vnf);
  }
  return {};
}

// What the order itself brought may be said again upward; what is a child's own may not.
bool named_by_the_order(const std::string& resource) {
  return resource.starts_with("link/") || resource.starts_with("vnf-profile/");
}

}  // namespace

Result<Composition> compose(record::v1::HoldRecord& record) {
  Composition composition;
  composition.parts = active_parts(record);
  Assignment assignment;
  for (std::size_t i = 0; i < composition.parts.size(); ++i) {
    const auto& part = *composition.parts[i];
    composition.proofs.push_back(part.proof());
    for (const auto& slot : part.request().fragment().slot())
      assignment.slot[{slot.vnf_profile_id(), slot.index()}] = i;
    for (const auto& sapd : part.request().fragment().nsd().sapd())
      if (!is_cut_sap(sapd.id())) assignment.sap[sapd.id()] = i;
  }
  auto division = divide(record.hold().fragment(), assignment);
  if (!division) return division.problem();
  composition.division = *std::move(division);
  auto paths = part_paths(record.hold().fragment(), composition.division, composition.proofs);
  if (!paths) return paths.problem();
  composition.paths = *std::move(paths);
  return composition;
}

Result<v1::Proof> composed_proof(const record::v1::HoldRecord& record,
                                 const Composition& composition, const EngineCore& core) {
  const auto& fragment = record.hold().fragment();
  const auto& envelope = record.hold().envelope();
  std::set<std::string> own_saps;
  for (const auto& sapd : fragment.nsd().sapd()) own_saps.insert(sapd.id());

  v1::Proof proof;
  proof.set_realm(envelope.realm());
  std::set<std::string> links;
  std::set<std::string> saps;
  std::set<std::string> terms;
  for (const auto* const part : composition.parts) {
    for (const auto& link : part->proof().link()) {
      if (!links.insert(link.link_id()).second) continue;
      auto& own = *proof.add_link() = link;
      // A link that we cut ourselves is, to the one above, one that stays inside.
      const auto* const above = envelope_of(envelope, link.link_id());
      if (above == nullptr || !above->has_stitching()) own.clear_stitching();
    }
    if (auto sold = sell(*part, core, terms, proof); !sold) return sold.problem();
    for (const auto& sap : part->proof().sap())
      if (own_saps.contains(sap.sapd_id()) && saps.insert(sap.sapd_id()).second)
        (*proof.add_sap() = sap).mutable_location()->clear_nfvi_node();
    for (const auto& end : part->proof().end()) {
      const auto* const above = envelope_of(envelope, end.link_id());
      if (above != nullptr && above->has_stitching()) *proof.add_end() = end;
    }
  }
  for (auto& announcement : announce(composition.paths))
    *proof.add_announcement() = std::move(announcement);
  return proof;
}

Problem restated(const Problem& problem) {
  Problem own = problem;
  own.clear_platform_id();
  own.clear_causes();
  own.clear_epoch_seen();
  auto& places = *own.mutable_where();
  for (auto& place : places)
    if (!named_by_the_order(place.resource())) place.clear_resource();
  places.erase(std::remove_if(places.begin(), places.end(),
                              [](const Problem::Where& place) {
                                return place.file().empty() && place.path().empty() &&
                                       place.resource().empty();
                              }),
               places.end());
  return own;
}

v1::Envelope exact_envelope(const v1::Envelope& envelope, const v1::Proof& proof) {
  v1::Envelope exact = envelope;
  for (auto& link : *exact.mutable_link()) {
    for (auto& subnet : *link.mutable_subnet()) {
      subnet.clear_assignable();
      const auto prefix = Prefix::parse(subnet.prefix());
      for (const auto& vnf : proof.vnf())
        for (const auto& cp : vnf.cp())
          for (const auto& text : cp.address()) {
            const auto address = InterfaceAddress::parse(text);
            if (cp.link_id() != link.link_id() || !prefix || !address ||
                !prefix->contains(address->address))
              continue;
            auto& range = *subnet.add_assignable();
            range.set_first(address->address.str());
            range.set_last(address->address.str());
          }
    }
  }
  std::vector<std::string> inner;
  for (const auto& link : proof.link())
    if (envelope_of(envelope, link.link_id()) == nullptr)
      inner.insert(inner.end(), link.prefix().begin(), link.prefix().end());
  for (auto& carve : *exact.mutable_carve()) {
    carve.clear_prefix();
    for (auto& prefix : std::exchange(inner, {})) carve.add_prefix(std::move(prefix));
  }
  return exact;
}

}  // namespace terrace
