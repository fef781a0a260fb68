// What a middle platform publishes: its children's offers as its own (R21 to R24).
//
// Each child's offer becomes one of ours, with an id of ours, our margin on its price, our origin
// token beside those it came with. Offers of several children are not merged: even at one price
// they fail, fill up and are refused one by one, and a sum of their figures would promise a piece
// that no one of them can hold. Nothing of a child's name, provider or ids shows; attachment points
// and interconnects keep their identity, since others must reach them.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "catalog/money.h"
#include "terrace/v1/capability.pb.h"

namespace terrace {

// How this platform republishes. Plain data, from its configuration.
struct Republishing {
  // A UUID: also the namespace of the ids made here.
  PlatformId platform_id;
  std::string provider;
  // Opaque and random, and the same for the life of the platform (R23).
  std::string origin;
  // Percent on top of the child's price. The most particular one counts: that of an offer, of its
  // child, the default.
  struct Margins {
    Decimal standard;
    std::map<std::string, Decimal> by_child;
    // By child's name and its offer's capability (a function's, a service's; "connection").
    std::map<std::pair<std::string, std::string>, Decimal> by_offer;
  } margins;
  // How long what we publish may be relied on after it was issued.
  Duration lifetime = std::chrono::minutes(10);
  // Capabilities that are not published again, though we may use them ourselves.
  std::set<std::string> hidden;
  // Offers with more origins than this are ignored: a chain so long is a loop of strangers.
  std::size_t max_origins = 16;
  std::vector<std::string> features;
};

// Where an offer of ours comes from.
struct OfferSource {
  std::string child;
  std::string offer_id;
  std::string terms_version;

  bool operator==(const OfferSource&) const = default;
};

// What became of the last change, for whoever decides how soon to publish.
enum class CatalogueChange {
  kNothing,
  // Only capacity hints moved: may be coalesced with what follows.
  kCapacity,
  // Terms, offers, attachment points or interconnects changed: to be told at once.
  kTerms,
};

// One thread (the platform's strand). Pure: it reads no clock and sends nothing.
class CatalogueAggregator {
 public:
  explicit CatalogueAggregator(Republishing how);

  // The child's catalogue as it now is. `child` is our name for it (the configuration's). Offers
  // that are refused (own origin, too many, unsound price) are left out and kept as rejected().
  CatalogueChange upsert_child(const std::string& child, v1::Catalogue catalogue);
  // Gone, for good or until it publishes again.
  CatalogueChange remove_child(const std::string& child);
  // Drops the children whose catalogue has expired by `now`. The next such instant: next_expiry().
  CatalogueChange expire(Instant now);
  std::optional<Instant> next_expiry() const;

  // Our own catalogue of the children that are usable: issued now, expires after our lifetime. (Not
  // earlier with a child: an order passes through us, and by then we have dropped what expired.)
  // The revision is the publisher's and left at 0. Sorted by id, so the same children give the same
  // bytes but for the times.
  v1::Catalogue catalogue(Instant now) const;

  // By our offer's id; null when we publish no such offer (any more). Valid until the next change.
  const OfferSource* source(const std::string& own_offer_id) const;
  // Our id for a child's offer, whether or not it is published: uuid_v5, so a restart keeps it.
  std::string own_offer_id(const std::string& child, const std::string& offer_id) const;
  // A child's catalogue as it came; null when there is none.
  const v1::Catalogue* child(const std::string& name) const;
  std::vector<std::string> children() const;

  // What was left out of the children's catalogues, and why.
  std::vector<Problem> rejected() const;

 private:
  struct Child {
    v1::Catalogue original;
    std::map<std::string, v1::Offer> offers;  // by our id
    std::vector<v1::AttachmentPoint> attachment_points;
    std::vector<v1::Interconnect> interconnects;
    std::vector<Problem> rejected;
  };

  Child republish(const std::string& child, v1::Catalogue catalogue) const;
  Result<v1::Offer> republish(const std::string& child, const v1::Offer& offer) const;
  Status check_origins(const google::protobuf::RepeatedPtrField<std::string>& origins) const;
  const Decimal& margin(const std::string& child, const v1::Offer& offer) const;
  void forget(const std::string& child);

  const Republishing how_;
  std::map<std::string, Child> children_;
  std::map<std::string, OfferSource> sources_;
};

// Changes with price, function, SLA, location and what else an order may rely on; never with
// capacity or what remains of a connection's bit rate (R21). Opaque.
std::string terms_version(const v1::Offer& offer);

// The capability an offer is looked up by: "firewall", a service's, or "connection".
std::string capability_of(const v1::Offer& offer);

}  // namespace terrace
