#include "catalog/catalogue_publisher.h"

#include <algorithm>

#include "base/time.h"
#include "catalog/catalogue_diff.h"

namespace terrace {

class CataloguePublisher::Registration final : public CataloguePublisher::Subscription {
 public:
  Registration(std::weak_ptr<CataloguePublisher*> publisher, std::uint64_t id)
      : publisher_(std::move(publisher)), id_(id) {}
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  // What was posted holds the sink only weakly, so that it dies here.
  ~Registration() override {
    if (const auto publisher = publisher_.lock()) (*publisher)->sinks_.erase(id_);
  }

 private:
  const std::weak_ptr<CataloguePublisher*> publisher_;
  const std::uint64_t id_;
};

CataloguePublisher::CataloguePublisher(Executor& executor, std::string incarnation,
                                       std::size_t history)
    : executor_(executor),
      incarnation_(std::move(incarnation)),
      history_limit_(history),
      self_(std::make_shared<CataloguePublisher*>(this)) {}

CataloguePublisher::~CataloguePublisher() = default;

void CataloguePublisher::restore(v1::Catalogue catalogue) {
  current_ = std::move(catalogue);
}

v1::CatalogueEvent CataloguePublisher::event(v1::CatalogueEvent::Type type) const {
  v1::CatalogueEvent event;
  event.set_type(type);
  event.mutable_token()->set_incarnation(incarnation_);
  event.mutable_token()->set_revision(current_.revision());
  return event;
}

void CataloguePublisher::post(const std::shared_ptr<Sink>& sink,
                              const std::shared_ptr<const v1::CatalogueEvent>& event) {
  executor_.post([weak = std::weak_ptr<Sink>(sink), event] {
    if (const auto alive = weak.lock()) (*alive)(*event);
  });
}

void CataloguePublisher::send(const std::shared_ptr<const v1::CatalogueEvent>& event) {
  for (const auto& [id, sink] : sinks_) post(sink, event);
}

std::uint64_t CataloguePublisher::publish(v1::Catalogue catalogue) {
  catalogue.set_revision(current_.revision());
  const bool is_first = current_.revision() == 0;
  v1::CatalogueDelta delta = difference(current_, catalogue);
  const bool is_whole = is_first || needs_snapshot(current_, catalogue);
  const bool same_expiry =
      from_timestamp(current_.expires()) == from_timestamp(catalogue.expires());
  if (!is_whole && is_empty(delta) && same_expiry) return current_.revision();
  catalogue.set_revision(current_.revision() + 1);
  delta.set_revision(catalogue.revision());
  current_ = std::move(catalogue);
  if (is_whole) {
    history_.clear();
    auto snapshot = event(v1::CatalogueEvent::SNAPSHOT);
    *snapshot.mutable_snapshot() = current_;
    send(std::make_shared<const v1::CatalogueEvent>(std::move(snapshot)));
    return current_.revision();
  }
  auto change = event(v1::CatalogueEvent::DELTA);
  *change.mutable_delta() = std::move(delta);
  const auto shared = std::make_shared<const v1::CatalogueEvent>(std::move(change));
  history_.push_back(shared);
  if (history_.size() > history_limit_) history_.pop_front();
  send(shared);
  return current_.revision();
}

Result<std::unique_ptr<CataloguePublisher::Subscription>> CataloguePublisher::subscribe(
    const v1::WatchCatalogueRequest& request, Sink sink) {
  const auto shared = std::make_shared<Sink>(std::move(sink));
  const bool resumes = request.has_resume() && (request.resume().revision() != 0 ||
                                                !request.resume().incarnation().empty());
  if (resumes) {
    const auto revision = request.resume().revision();
    const auto oldest = current_.revision() - history_.size();
    if (request.resume().incarnation() != incarnation_ || revision < oldest ||
        revision > current_.revision()) {
      return make_problem(Problem::OUT_OF_RANGE, "watch.too-old",
                          "what changed since that revision is not known any more")
          .constraint("resume-revision",
                      std::to_string(oldest) + ".." + std::to_string(current_.revision()),
                      std::to_string(revision))
          .possible("Watch again without a token, from a snapshot.");
    }
    for (std::size_t i = revision - oldest; i < history_.size(); ++i) post(shared, history_[i]);
    post(shared, std::make_shared<const v1::CatalogueEvent>(event(v1::CatalogueEvent::BOOKMARK)));
  } else if (current_.revision() != 0) {
    auto snapshot = event(v1::CatalogueEvent::SNAPSHOT);
    *snapshot.mutable_snapshot() = current_;
    post(shared, std::make_shared<const v1::CatalogueEvent>(std::move(snapshot)));
  }
  const auto id = next_sink_++;
  sinks_.emplace(id, shared);
  return std::unique_ptr<Subscription>(std::make_unique<Registration>(self_, id));
}

void CataloguePublisher::beat() {
  send(std::make_shared<const v1::CatalogueEvent>(event(v1::CatalogueEvent::BOOKMARK)));
}

}  // namespace terrace
