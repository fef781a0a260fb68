#include "recursion/engine_core.h"

#include <algorithm>
#include <utility>

#include "base/time.h"
#include "catalog/catalogue_diff.h"

namespace terrace {
namespace {

// Capacity is a hint (R21): a burst of orders is told as one change.
constexpr Duration kCoalesce = std::chrono::milliseconds(20);
constexpr std::uint64_t kStepsPerWorker = 16;

template <class T>
void drop_origin(google::protobuf::RepeatedPtrField<T>& items, const std::string& origin) {
  const auto carries = [&](const T& item) {
    return std::find(item.origin().begin(), item.origin().end(), origin) != item.origin().end();
  };
  items.erase(std::remove_if(items.begin(), items.end(), carries), items.end());
}

// R23: what came round in a loop is our own offer with margins on top.
v1::Catalogue without_origin(v1::Catalogue catalogue, const std::string& origin) {
  drop_origin(*catalogue.mutable_offer(), origin);
  drop_origin(*catalogue.mutable_attachment_point(), origin);
  drop_origin(*catalogue.mutable_interconnect(), origin);
  return catalogue;
}

}  // namespace

DelegatedPart* find_part(record::v1::HoldRecord& record, const std::string& name) {
  for (auto& part : *record.mutable_delegation()->mutable_part())
    if (part.name() == name) return &part;
  return nullptr;
}

std::vector<DelegatedPart*> active_parts(record::v1::HoldRecord& record) {
  std::vector<DelegatedPart*> parts;
  for (auto& part : *record.mutable_delegation()->mutable_part())
    if (part.state() != DelegatedPart::OWED && part.state() != DelegatedPart::RELEASED)
      parts.push_back(&part);
  return parts;
}

EngineCore::EngineCore(EngineConfig config, Republishing republishing, std::string incarnation,
                       Executor& executor, const Clock& clock)
    : config_(std::move(config)),
      executor_(executor),
      clock_(clock),
      calls_(executor, clock, config_.patience),
      origin_(republishing.origin),
      aggregator_(std::move(republishing)),
      publisher_(executor, std::move(incarnation)),
      worker_(config_.worker) {}

void EngineCore::add_child(const std::string& name, Platform& platform, const std::string& kind,
                           const std::string& address) {
  Child& child = children_[name];
  child.platform = &platform;
  child.kind = kind;
  child.address = address;
}

void EngineCore::start() {
  for (auto& entry : children_) {
    const std::string& name = entry.first;
    Child& child = entry.second;
    child.published = child.platform->publish(
        [this, name](Result<v1::CatalogueEvent> event) { on_catalogue(name, std::move(event)); });
    Call call;
    call.context.set_tenant(config_.platform_id.str());
    child.observed = child.platform->observe(
        call, [this, name](Result<v1::WatchEvent> event) { on_observed(name, std::move(event)); });
  }
}

Platform* EngineCore::child(const std::string& name) const {
  const auto it = children_.find(name);
  return it == children_.end() ? nullptr : it->second.platform;
}

std::vector<ChildView> EngineCore::views() const {
  std::vector<ChildView> views;
  for (const auto& [name, child] : children_) {
    if (child.catalogue && is_usable(*child.catalogue, clock_.now()))
      views.push_back({name, &child.usable});
  }
  return views;
}

const v1::Offer* EngineCore::own_offer(const std::string& child,
                                       const std::string& offer_id) const {
  return published(aggregator_.own_offer_id(child, offer_id));
}

const v1::Offer* EngineCore::published(const std::string& own_offer_id) const {
  const auto& offers = publisher_.current().offer();
  const auto it = std::find_if(offers.begin(), offers.end(),
                               [&](const v1::Offer& offer) { return offer.id() == own_offer_id; });
  return it == offers.end() ? nullptr : &*it;
}

// --- calls ---

std::uint64_t EngineCore::epoch(Step step) const {
  return worker_ * kStepsPerWorker + static_cast<std::uint64_t>(step);
}

void EngineCore::outrank(std::uint64_t epoch_seen) {
  worker_ = std::max(worker_, epoch_seen / kStepsPerWorker + 1);
}

Call EngineCore::call(const HoldEntry& entry, const DelegatedPart& part, Step step) const {
  Call call;
  call.traceparent = entry.record().traceparent();
  const v1::CallContext& above = entry.context();
  v1::CallContext& context = call.context;
  context.set_tenant(config_.platform_id.str());
  const v1::Hold& hold = entry.record().hold();
  context.set_root_operation_id(above.root_operation_id().empty() ? hold.id()
                                                                  : above.root_operation_id());
  *context.mutable_platform_path() = above.platform_path();
  context.add_platform_path(config_.platform_id.str());
  context.set_epoch(epoch(step));
  context.set_not_after_us(part.not_after_us());
  if (step == Step::kUnmake) return call;
  *context.mutable_replaces() = part.replaces();
  if (const auto deadline = entry.deadline()) {
    const Duration left = std::max(Duration::zero(), *deadline - clock_.now());
    context.set_remaining_life_ms(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(left + config_.commit_margin)
            .count()));
  }
  return call;
}

Duration EngineCore::hold_patience(const HoldEntry& entry) const {
  return config_.hold_patience / (1 + entry.context().platform_path_size());
}

void EngineCore::want(const std::string& child, const std::string& hold_id) {
  children_[child].wanted.insert(hold_id);
}

void EngineCore::unwant(const std::string& child, const std::string& hold_id) {
  children_[child].wanted.erase(hold_id);
}

void EngineCore::release_part(std::shared_ptr<HoldEntry> entry, const std::string& name,
                              std::function<void()> done) {
  DelegatedPart* const part = find_part(entry->record(), name);
  Platform* const platform = part == nullptr ? nullptr : child(part->child());
  if (platform == nullptr || part->state() == DelegatedPart::RELEASED)
    return executor_.post(std::move(done));
  unwant(part->child(), part->request().hold_id());
  v1::ReleaseHoldRequest request;
  request.set_hold_id(part->request().hold_id());
  request.set_mode(v1::ReleaseHoldRequest::UNDO);
  calls_.release(*platform, call(*entry, *part, Step::kUnmake), request,
                 [this, entry, name, done = std::move(done)](Result<v1::Hold> answer) {
                   if (!answer) {
                     // Refused: only an old epoch can be. Anything else is the child's fault, and
                     // is asked again all the same, without haste.
                     const bool old = answer.problem().has_epoch_seen();
                     if (old) outrank(answer.problem().epoch_seen());
                     auto timer = std::make_shared<std::unique_ptr<Executor::Timer>>();
                     *timer =
                         executor_.after(old ? Duration::zero() : config_.patience.longest_pause,
                                         [this, entry, name, done, timer] {
                                           executor_.post([timer] {});
                                           release_part(entry, name, done);
                                         });
                     return;
                   }
                   if (auto* const released = find_part(entry->record(), name))
                     released->set_state(DelegatedPart::RELEASED);
                   done();
                 });
}

// --- catalogues ---

void EngineCore::on_catalogue(const std::string& name, Result<v1::CatalogueEvent> event) {
  Child& child = children_[name];
  child.connected = event.ok();
  if (!event) {
    child.error = event.problem();
    return;
  }
  child.error.Clear();
  if (event->type() == v1::CatalogueEvent::SNAPSHOT) {
    child.catalogue = event->snapshot();
  } else if (event->type() == v1::CatalogueEvent::DELTA && child.catalogue) {
    auto applied = apply(*child.catalogue, event->delta());
    if (!applied) {
      child.error = applied.problem();
      return;
    }
    child.catalogue = *std::move(applied);
  } else {
    return;
  }
  child.usable = without_origin(*child.catalogue, origin_);
  changed(aggregator_.upsert_child(name, *child.catalogue));
}

void EngineCore::changed(CatalogueChange change) {
  if (change == CatalogueChange::kTerms) terms_changed_ = true;
  // A child's renewal is no news: ours have a timer of their own. (Two platforms that list each
  // other would answer each renewal with another, without end.)
  if (change == CatalogueChange::kNothing && renew_timer_) return;
  if (publish_timer_) return;
  const Duration delay = change == CatalogueChange::kTerms ? Duration::zero() : kCoalesce;
  publish_timer_ = executor_.after(delay, [this] {
    executor_.post([timer = std::shared_ptr<Executor::Timer>(std::move(publish_timer_))] {});
    publish();
  });
}

void EngineCore::publish() {
  const Instant now = clock_.now();
  if (aggregator_.expire(now) == CatalogueChange::kTerms) terms_changed_ = true;
  v1::Catalogue catalogue = aggregator_.catalogue(now);
  // Known to others as it signs their paths (R10).
  catalogue.set_platform_id(config_.platform_id.str());
  publisher_.publish(std::move(catalogue));
  if (std::exchange(terms_changed_, false) && keep_catalogue) keep_catalogue(publisher_.current());
  // Renewed halfway to its expiry, and whenever a child's runs out.
  Instant next = now + (from_timestamp(publisher_.current().expires()) - now) / 2;
  if (const auto expiry = aggregator_.next_expiry()) next = std::min(next, *expiry);
  const Duration wait = std::max<Duration>(next - now, std::chrono::seconds(1));
  renew_timer_ = executor_.after(wait, [this] { changed(CatalogueChange::kTerms); });
}

// --- what we own there ---

void EngineCore::on_observed(const std::string& name, Result<v1::WatchEvent> event) {
  Child& child = children_[name];
  if (!event) {
    // What follows is a whole snapshot again.
    child.in_snapshot = true;
    child.seen.clear();
    return;
  }
  if (!child.in_snapshot) return;
  if (event->type() == v1::WatchEvent::UPSERT && event->has_hold()) {
    const auto state = event->hold().state();
    const bool over = state == v1::Hold::RELEASED || state == v1::Hold::EXPIRED ||
                      state == v1::Hold::REFUSED || state == v1::Hold::ROLLED_BACK ||
                      state == v1::Hold::RELEASING;
    if (!over) child.seen.insert(event->hold().id());
  } else if (event->type() == v1::WatchEvent::SNAPSHOT_END) {
    child.in_snapshot = false;
    release_strays(name);
  }
}

// R26: what is ours there and nobody here knows: left behind by a crash or a lost store.
void EngineCore::release_strays(const std::string& name) {
  Child& child = children_[name];
  for (const auto& id : std::exchange(child.seen, {}))
    if (!child.wanted.contains(id) && strays_.emplace(name, id).second) release_stray(name, id);
}

void EngineCore::release_stray(const std::string& name, const std::string& hold_id) {
  Call call;
  call.context.set_tenant(config_.platform_id.str());
  call.context.set_epoch(epoch(Step::kUnmake));
  v1::ReleaseHoldRequest request;
  request.set_hold_id(hold_id);
  request.set_mode(v1::ReleaseHoldRequest::UNDO);
  calls_.release(*child(name), call, request, [this, name, hold_id](Result<v1::Hold> answer) {
    if (!answer && answer.problem().has_epoch_seen()) {
      outrank(answer.problem().epoch_seen());
      return release_stray(name, hold_id);
    }
    strays_.erase({name, hold_id});
  });
}

std::vector<v1::ChildStatus> EngineCore::children() const {
  std::vector<v1::ChildStatus> statuses;
  for (const auto& [name, child] : children_) {
    v1::ChildStatus status;
    status.set_name(name);
    status.set_kind(child.kind);
    status.set_address(child.address);
    status.set_connected(child.connected);
    if (child.catalogue) {
      status.set_platform_id(child.catalogue->platform_id());
      status.set_catalogue_revision(child.catalogue->revision());
      *status.mutable_catalogue_expires() = child.catalogue->expires();
      status.set_offers(static_cast<std::uint32_t>(child.catalogue->offer_size()));
    }
    if (!child.error.what().empty()) *status.mutable_error() = child.error;
    statuses.push_back(std::move(status));
  }
  return statuses;
}

}  // namespace terrace
