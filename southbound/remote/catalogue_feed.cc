#include "southbound/remote/catalogue_feed.h"

#include <utility>

#include "catalog/catalogue_diff.h"
#include "terrace/v1/capability_service.pb.h"

namespace terrace {

CatalogueFeed::CatalogueFeed(Executor& executor, Random& random, Channel& channel,
                             const RemotePlatformOptions& options)
    : executor_(executor),
      alive_(std::make_shared<bool>(true)),
      stream_(executor, random, channel, options, "/terrace.v1.CapabilityService/WatchCatalogue",
              Call{}, v1::CatalogueEvent::default_instance(),
              {.request =
                   [this] {
                     auto request = std::make_unique<v1::WatchCatalogueRequest>();
                     if (token_) *request->mutable_resume() = *token_;
                     return request;
                   },
               .event =
                   [this](const Channel::Message& message) {
                     event(static_cast<const v1::CatalogueEvent&>(message));
                   },
               .lost =
                   [this](const Problem& problem) {
                     heard_ = false;
                     listeners_->tell_problem(problem);
                   },
               .stale = [this] { token_.reset(); }}) {}

std::unique_ptr<Subscription> CatalogueFeed::subscribe(Platform::CatalogueSink sink) {
  auto added = listeners_->add(std::move(sink));
  executor_.post([this, weak = std::weak_ptr<bool>(alive_), id = added.id] {
    if (weak.expired()) return;
    if (heard_) {
      listeners_->prime(id, whole());
    } else if (stream_.lost()) {
      listeners_->tell_problem(id, *stream_.lost());
    }
  });
  return std::move(added.subscription);
}

void CatalogueFeed::event(const v1::CatalogueEvent& event) {
  if (event.type() == v1::CatalogueEvent::SNAPSHOT) {
    catalogue_ = event.snapshot();
  } else if (event.type() == v1::CatalogueEvent::DELTA) {
    if (!catalogue_)
      return gap(problem(Problem::OUT_OF_RANGE, "catalogue.revision-gap",
                         "a change of a catalogue that was never told"));
    auto next = apply(*std::move(catalogue_), event.delta());
    if (!next.ok()) return gap(next.problem());
    catalogue_ = std::move(next).value();
  }
  if (event.has_token()) token_ = event.token();
  if (!catalogue_) return;  // a heartbeat before the first snapshot
  const bool again = std::exchange(heard_, true);
  if (event.type() == v1::CatalogueEvent::SNAPSHOT && again) return listeners_->tell(event);
  // Those who heard of the outage, and new ones, start from the whole.
  if (again && event.type() == v1::CatalogueEvent::DELTA) listeners_->tell(event);
  if (!again) listeners_->prime_all(whole());
}

void CatalogueFeed::gap(const Problem& why) {
  catalogue_.reset();
  token_.reset();
  stream_.restart(why);
}

std::vector<v1::CatalogueEvent> CatalogueFeed::whole() const {
  v1::CatalogueEvent event;
  event.set_type(v1::CatalogueEvent::SNAPSHOT);
  *event.mutable_snapshot() = *catalogue_;
  if (token_) *event.mutable_token() = *token_;
  return {event};
}

}  // namespace terrace
