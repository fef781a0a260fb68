#include "catalog/aggregator.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>

#include "base/digest.h"
#include "base/time.h"
#include "catalog/catalogue_diff.h"

namespace terrace {
namespace {

// The same bytes for the same message, within one version of the schema.
std::string deterministic_bytes(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

// Only what an order relies on: capacity, and what tells how an offer is reached and where it comes
// from, move without changing the terms.
v1::Offer terms_of(v1::Offer offer) {
  offer.clear_id();
  offer.clear_terms_version();
  offer.clear_capacity();
  offer.clear_origin();
  offer.clear_reaches();
  if (offer.has_connection()) {
    offer.mutable_connection()->clear_bitrate_left();
    offer.mutable_connection()->clear_bitrate_largest();
  }
  return offer;
}

// The offer without its hints.
v1::Offer without_capacity(v1::Offer offer) {
  offer.clear_capacity();
  if (offer.has_connection()) {
    offer.mutable_connection()->clear_bitrate_left();
    offer.mutable_connection()->clear_bitrate_largest();
  }
  return offer;
}

template <class Map>
bool only_capacity_differs(const Map& before, const Map& after) {
  if (before.size() != after.size()) return false;
  return std::equal(before.begin(), before.end(), after.begin(), [](const auto& a, const auto& b) {
    return a.first == b.first && deterministic_bytes(without_capacity(a.second)) ==
                                     deterministic_bytes(without_capacity(b.second));
  });
}

template <class A, class B>
bool same_items(const A& a, const B& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return deterministic_bytes(x) == deterministic_bytes(y);
  });
}

}  // namespace

std::string terms_version(const v1::Offer& offer) {
  constexpr std::size_t kEnough = 32;  // 128 bits
  const std::string digest = sha256_hex(deterministic_bytes(terms_of(offer)));
  return "t-" + digest.substr(digest.find(':') + 1, kEnough);
}

std::string capability_of(const v1::Offer& offer) {
  switch (offer.what_case()) {
    case v1::Offer::kFunction:
      return offer.function().capability();
    case v1::Offer::kNetworkService:
      return offer.network_service().capability();
    case v1::Offer::kConnection:
      return "connection";
    case v1::Offer::WHAT_NOT_SET:
      break;
  }
  return {};
}

CatalogueAggregator::CatalogueAggregator(Republishing how) : how_(std::move(how)) {}

std::string CatalogueAggregator::own_offer_id(const std::string& child,
                                              const std::string& offer_id) const {
  // The length keeps ("a", "b/c") and ("a/b", "c") apart.
  return uuid_v5(how_.platform_id.str(),
                 "offer/" + std::to_string(child.size()) + "/" + child + "/" + offer_id);
}

const Decimal& CatalogueAggregator::margin(const std::string& child, const v1::Offer& offer) const {
  const auto& margins = how_.margins;
  const auto by_offer = margins.by_offer.find({child, capability_of(offer)});
  if (by_offer != margins.by_offer.end()) return by_offer->second;
  const auto by_child = margins.by_child.find(child);
  return by_child != margins.by_child.end() ? by_child->second : margins.standard;
}

Status CatalogueAggregator::check_origins(
    const google::protobuf::RepeatedPtrField<std::string>& origins) const {
  if (std::find(origins.begin(), origins.end(), how_.origin) != origins.end()) {
    return make_problem(Problem::ABORTED, "catalogue.own-origin",
                        "it has come back to where it was published");
  }
  if (static_cast<std::size_t>(origins.size()) > how_.max_origins) {
    return make_problem(Problem::OUT_OF_RANGE, "catalogue.too-many-origins",
                        "it has passed too many platforms")
        .constraint("max-origins", std::to_string(how_.max_origins),
                    std::to_string(origins.size()));
  }
  return {};
}

Result<v1::Offer> CatalogueAggregator::republish(const std::string& child,
                                                 const v1::Offer& offer) const {
  if (auto sound = check_origins(offer.origin()); !sound) return sound.problem();
  v1::Offer own = offer;
  own.set_id(own_offer_id(child, offer.id()));
  if (offer.has_price()) {
    if (auto sound = check_price(offer.price()); !sound) return sound.problem();
    auto price = with_margin(offer.price(), margin(child, offer));
    if (!price) return price.problem();
    *own.mutable_price() = *std::move(price);
  }
  own.add_origin(how_.origin);
  own.set_terms_version(terms_version(own));
  return own;
}

CatalogueAggregator::Child CatalogueAggregator::republish(const std::string& child,
                                                          v1::Catalogue catalogue) const {
  Child result;
  const auto reject = [&](const std::string& resource, Problem problem) {
    problem.add_where()->set_resource(child + "/" + resource);
    result.rejected.push_back(std::move(problem));
  };
  for (const auto& offer : catalogue.offer()) {
    if (how_.hidden.contains(capability_of(offer))) continue;
    auto own = republish(child, offer);
    if (!own) {
      reject("offer/" + offer.id(), own.problem());
    } else {
      const std::string id = own->id();
      result.offers[id] = *std::move(own);
    }
  }
  for (const auto& point : catalogue.attachment_point()) {
    if (auto sound = check_origins(point.origin()); !sound) {
      reject("attachment-point/" + point.id(), sound.problem());
      continue;
    }
    result.attachment_points.push_back(point);
    result.attachment_points.back().add_origin(how_.origin);
  }
  for (const auto& interconnect : catalogue.interconnect()) {
    if (auto sound = check_origins(interconnect.origin()); !sound) {
      reject("interconnect/" + interconnect.id(), sound.problem());
      continue;
    }
    result.interconnects.push_back(interconnect);
    result.interconnects.back().add_origin(how_.origin);
  }
  result.original = std::move(catalogue);
  return result;
}

CatalogueChange CatalogueAggregator::upsert_child(const std::string& child,
                                                  v1::Catalogue catalogue) {
  Child next = republish(child, std::move(catalogue));
  const auto found = children_.find(child);
  const bool is_new = found == children_.end();
  const Child empty;
  const Child& before = is_new ? empty : found->second;
  const bool same_places = same_items(before.attachment_points, next.attachment_points) &&
                           same_items(before.interconnects, next.interconnects);
  auto change = CatalogueChange::kTerms;
  if (same_places && only_capacity_differs(before.offers, next.offers)) {
    const bool same =
        std::equal(before.offers.begin(), before.offers.end(), next.offers.begin(),
                   [](const auto& a, const auto& b) {
                     return deterministic_bytes(a.second) == deterministic_bytes(b.second);
                   });
    change = same ? CatalogueChange::kNothing : CatalogueChange::kCapacity;
  }
  forget(child);
  for (const auto& offer : next.original.offer()) {
    const auto id = own_offer_id(child, offer.id());
    if (next.offers.contains(id)) sources_[id] = {child, offer.id(), offer.terms_version()};
  }
  children_[child] = std::move(next);
  return change;
}

void CatalogueAggregator::forget(const std::string& child) {
  const auto found = children_.find(child);
  if (found == children_.end()) return;
  for (const auto& [id, offer] : found->second.offers) sources_.erase(id);
  children_.erase(found);
}

CatalogueChange CatalogueAggregator::remove_child(const std::string& child) {
  const auto found = children_.find(child);
  if (found == children_.end()) return CatalogueChange::kNothing;
  const auto& gone = found->second;
  const bool showed =
      !gone.offers.empty() || !gone.attachment_points.empty() || !gone.interconnects.empty();
  forget(child);
  return showed ? CatalogueChange::kTerms : CatalogueChange::kNothing;
}

CatalogueChange CatalogueAggregator::expire(Instant now) {
  auto change = CatalogueChange::kNothing;
  for (const auto& name : children()) {
    if (is_usable(children_.at(name).original, now)) continue;
    change = std::max(change, remove_child(name));
  }
  return change;
}

std::optional<Instant> CatalogueAggregator::next_expiry() const {
  std::optional<Instant> first;
  for (const auto& [name, child] : children_) {
    if (!child.original.has_expires()) continue;
    const auto expires = from_timestamp(child.original.expires());
    if (!first || expires < *first) first = expires;
  }
  return first;
}

v1::Catalogue CatalogueAggregator::catalogue(Instant now) const {
  v1::Catalogue own;
  own.set_platform_id(how_.platform_id.str());
  own.set_provider(how_.provider);
  for (const auto& feature : how_.features) own.add_feature(feature);
  // By id, and each once: a diamond brings one attachment point along two paths.
  std::map<std::string, const v1::Offer*> offers;
  std::map<std::string, const v1::AttachmentPoint*> points;
  std::map<std::string, const v1::Interconnect*> interconnects;
  for (const auto& [name, child] : children_) {
    if (!is_usable(child.original, now)) continue;
    for (const auto& [id, offer] : child.offers) offers.emplace(id, &offer);
    for (const auto& each : child.attachment_points) points.emplace(each.id(), &each);
    for (const auto& each : child.interconnects) interconnects.emplace(each.id(), &each);
  }
  for (const auto& [id, offer] : offers) *own.add_offer() = *offer;
  for (const auto& [id, point] : points) *own.add_attachment_point() = *point;
  for (const auto& [id, each] : interconnects) *own.add_interconnect() = *each;
  *own.mutable_issued() = to_timestamp(now);
  *own.mutable_expires() = to_timestamp(now + how_.lifetime);
  return own;
}

const OfferSource* CatalogueAggregator::source(const std::string& own_offer_id) const {
  const auto found = sources_.find(own_offer_id);
  return found == sources_.end() ? nullptr : &found->second;
}

const v1::Catalogue* CatalogueAggregator::child(const std::string& name) const {
  const auto found = children_.find(name);
  return found == children_.end() ? nullptr : &found->second.original;
}

std::vector<std::string> CatalogueAggregator::children() const {
  std::vector<std::string> names;
  for (const auto& [name, child] : children_) names.push_back(name);
  return names;
}

std::vector<Problem> CatalogueAggregator::rejected() const {
  std::vector<Problem> all;
  for (const auto& [name, child] : children_) {
    all.insert(all.end(), child.rejected.begin(), child.rejected.end());
  }
  return all;
}

}  // namespace terrace
