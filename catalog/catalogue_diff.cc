#include "catalog/catalogue_diff.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/time.h"
#include "catalog/money.h"

namespace terrace {
namespace {

using google::protobuf::RepeatedPtrField;
using google::protobuf::util::MessageDifferencer;

template <class Item>
std::map<std::string, const Item*> by_id(const RepeatedPtrField<Item>& list) {
  std::map<std::string, const Item*> index;
  for (const auto& each : list) index[each.id()] = &each;
  return index;
}

template <class Item>
void compare_lists(const RepeatedPtrField<Item>& from, const RepeatedPtrField<Item>& to,
                   RepeatedPtrField<Item>& changed, RepeatedPtrField<std::string>& deleted) {
  const auto before = by_id(from);
  const auto after = by_id(to);
  for (const auto& [id, item] : after) {
    const auto old = before.find(id);
    if (old == before.end() || !MessageDifferencer::Equals(*old->second, *item)) {
      *changed.Add() = *item;
    }
  }
  for (const auto& [id, item] : before) {
    if (!after.contains(id)) *deleted.Add() = id;
  }
}

template <class Item>
Status apply_to(RepeatedPtrField<Item>& list, const RepeatedPtrField<Item>& changed,
                const RepeatedPtrField<std::string>& deleted) {
  std::map<std::string, int> index;
  for (int i = 0; i < list.size(); ++i) index[list.Get(i).id()] = i;
  std::set<int> gone;
  for (const auto& id : deleted) {
    const auto found = index.find(id);
    if (found == index.end() || !gone.insert(found->second).second) {
      return make_problem(Problem::DATA_LOSS, "catalogue.inconsistent",
                          "a delta deletes what the catalogue does not have")
          .at_resource("offer/" + id);
    }
  }
  for (const auto& item : changed) {
    const auto found = index.find(item.id());
    if (found == index.end()) {
      *list.Add() = item;
    } else {
      *list.Mutable(found->second) = item;
    }
  }
  RepeatedPtrField<Item> kept;
  for (int i = 0; i < list.size(); ++i) {
    if (!gone.contains(i)) *kept.Add() = std::move(*list.Mutable(i));
  }
  list = std::move(kept);
  return {};
}

template <class Item>
void check_ids(const RepeatedPtrField<Item>& list, const std::string& name, Problem& all) {
  std::set<std::string> ids;
  for (int i = 0; i < list.size(); ++i) {
    const auto path = name + "[" + std::to_string(i) + "].id";
    if (list.Get(i).id().empty()) {
      *all.add_causes() = make_problem(Problem::INVALID_ARGUMENT, "catalogue.no-id",
                                       "an entry of a catalogue has an id")
                              .at_path(path);
    } else if (!ids.insert(list.Get(i).id()).second) {
      *all.add_causes() = make_problem(Problem::INVALID_ARGUMENT, "catalogue.duplicate-id",
                                       "two entries have the id `" + list.Get(i).id() + "`")
                              .at_path(path);
    }
  }
}

bool same_features(const v1::Catalogue& a, const v1::Catalogue& b) {
  const std::set<std::string> left(a.feature().begin(), a.feature().end());
  const std::set<std::string> right(b.feature().begin(), b.feature().end());
  return left == right;
}

}  // namespace

v1::CatalogueDelta difference(const v1::Catalogue& from, const v1::Catalogue& to) {
  v1::CatalogueDelta delta;
  delta.set_revision(to.revision());
  if (to.has_issued()) *delta.mutable_issued() = to.issued();
  if (to.has_expires()) *delta.mutable_expires() = to.expires();
  compare_lists(from.offer(), to.offer(), *delta.mutable_offer(), *delta.mutable_deleted_offer());
  compare_lists(from.attachment_point(), to.attachment_point(), *delta.mutable_attachment_point(),
                *delta.mutable_deleted_attachment_point());
  compare_lists(from.interconnect(), to.interconnect(), *delta.mutable_interconnect(),
                *delta.mutable_deleted_interconnect());
  return delta;
}

bool needs_snapshot(const v1::Catalogue& from, const v1::Catalogue& to) {
  return from.platform_id() != to.platform_id() || from.provider() != to.provider() ||
         !same_features(from, to);
}

bool is_empty(const v1::CatalogueDelta& delta) {
  return delta.offer().empty() && delta.attachment_point().empty() &&
         delta.interconnect().empty() && delta.deleted_offer().empty() &&
         delta.deleted_attachment_point().empty() && delta.deleted_interconnect().empty();
}

Result<v1::Catalogue> apply(v1::Catalogue catalogue, const v1::CatalogueDelta& delta) {
  const auto next = catalogue.revision() + 1;
  if (delta.revision() != next) {
    return make_problem(Problem::OUT_OF_RANGE, "catalogue.revision-gap",
                        "a delta follows the catalogue it changes at once")
        .constraint("revision", std::to_string(next), std::to_string(delta.revision()))
        .possible("Take a new snapshot.");
  }
  auto status = apply_to(*catalogue.mutable_offer(), delta.offer(), delta.deleted_offer());
  if (status) {
    status = apply_to(*catalogue.mutable_attachment_point(), delta.attachment_point(),
                      delta.deleted_attachment_point());
  }
  if (status) {
    status = apply_to(*catalogue.mutable_interconnect(), delta.interconnect(),
                      delta.deleted_interconnect());
  }
  if (!status) return status.problem();
  catalogue.set_revision(delta.revision());
  if (delta.has_issued()) *catalogue.mutable_issued() = delta.issued();
  if (delta.has_expires()) *catalogue.mutable_expires() = delta.expires();
  return catalogue;
}

bool same_content(const v1::Catalogue& a, const v1::Catalogue& b) {
  return !needs_snapshot(a, b) && is_empty(difference(a, b));
}

Status check_catalogue(const v1::Catalogue& catalogue) {
  Problem all = problem(Problem::INVALID_ARGUMENT, "catalogue.invalid",
                        "the catalogue of `" + catalogue.platform_id() + "` is not sound");
  check_ids(catalogue.offer(), "offer", all);
  check_ids(catalogue.attachment_point(), "attachment_point", all);
  check_ids(catalogue.interconnect(), "interconnect", all);
  for (int i = 0; i < catalogue.offer_size(); ++i) {
    const auto& offer = catalogue.offer(i);
    const auto path = "offer[" + std::to_string(i) + "]";
    if (offer.terms_version().empty()) {
      *all.add_causes() = make_problem(Problem::INVALID_ARGUMENT, "catalogue.no-terms",
                                       "an offer has a terms version")
                              .at_path(path + ".terms_version");
    }
    if (offer.what_case() == v1::Offer::WHAT_NOT_SET) {
      *all.add_causes() = make_problem(Problem::INVALID_ARGUMENT, "catalogue.offers-nothing",
                                       "an offer is a function, a service or a connection")
                              .at_path(path);
    }
    if (const auto sound = check_price(offer.price()); !sound) {
      Problem cause = sound.problem();
      cause.add_where()->set_path(path + ".price");
      *all.add_causes() = std::move(cause);
    }
  }
  if (all.causes().empty()) return {};
  return all;
}

bool is_usable(const v1::Catalogue& catalogue, Instant now) {
  return catalogue.has_expires() && now < from_timestamp(catalogue.expires());
}

}  // namespace terrace
