// Changes of a catalogue: what a publisher sends and a subscriber applies.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "terrace/v1/capability.pb.h"

namespace terrace {

// What turns `from` into `to`, and only that: an offer, attachment point or interconnect that is
// unchanged is not in it. Carries to's revision, issued and expires. Ids are unique within each
// list (the precondition of a catalogue; check_catalogue() looks). Platform id, provider and
// features are no part of a delta: see needs_snapshot().
v1::CatalogueDelta difference(const v1::Catalogue& from, const v1::Catalogue& to);

// Whether a delta can say it all.
bool needs_snapshot(const v1::Catalogue& from, const v1::Catalogue& to);

// Names nothing that changed. (Another expiry alone is no content; a publisher tells it all the
// same, or what it published would run out.)
bool is_empty(const v1::CatalogueDelta& delta);

// The catalogue with the delta applied. The delta must be the next one: its revision is the
// catalogue's plus one; a gap or an old one is OUT_OF_RANGE "catalogue.revision-gap" (take a new
// snapshot); deleting what is not there is DATA_LOSS "catalogue.inconsistent".
Result<v1::Catalogue> apply(v1::Catalogue catalogue, const v1::CatalogueDelta& delta);

// Same platform, provider, features, offers, attachment points and interconnects, in any order;
// revision and times aside.
bool same_content(const v1::Catalogue& a, const v1::Catalogue& b);

// Ids set and unique in each list, prices sound, terms versions set: INVALID_ARGUMENT
// "catalogue.invalid" with a cause each. What a subscriber runs over a snapshot.
Status check_catalogue(const v1::Catalogue& catalogue);

// An expired catalogue is not used; one without an expiry never is.
bool is_usable(const v1::Catalogue& catalogue, Instant now);

}  // namespace terrace
