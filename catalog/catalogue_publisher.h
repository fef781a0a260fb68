// Publication: a snapshot, then every change, by revision (R21). Knows nothing of transports.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/executor.h"
#include "base/result.h"
#include "terrace/v1/capability.pb.h"
#include "terrace/v1/watch.pb.h"

namespace terrace {

// All methods, and every sink, run on the executor's strand. Sinks are posted, never called inside
// the method that caused them, and get events in order.
class CataloguePublisher {
 public:
  // Ends the subscription when destroyed: the sink is not called any more, not even with what was
  // already posted. May outlive the publisher.
  class Subscription {
   public:
    virtual ~Subscription() = default;
  };
  using Sink = std::function<void(const v1::CatalogueEvent&)>;

  // `incarnation` marks whose revisions these are (the store's): a resume token of another one is
  // out of range. `history` is how many deltas a returning watcher can have missed.
  CataloguePublisher(Executor& executor, std::string incarnation, std::size_t history = 1024);
  ~CataloguePublisher();
  CataloguePublisher(const CataloguePublisher&) = delete;
  CataloguePublisher& operator=(const CataloguePublisher&) = delete;

  // Starts from what was published before a restart (R26): its revision is gone on from.
  // Precondition: nothing was published or restored yet.
  void restore(v1::Catalogue catalogue);

  // The new catalogue; its revision is set here, one more than the last. Subscribers get one DELTA
  // with what changed and nothing else. Same content and same expiry: nothing is sent and the
  // revision stays. Another expiry alone (a renewal) is a delta that carries just that. The first
  // catalogue, and what a delta cannot say (another provider or feature list), is a SNAPSHOT to
  // all. Returns the revision now current.
  std::uint64_t publish(v1::Catalogue catalogue);

  // The current one: with revision 0 and never usable before the first publish().
  const v1::Catalogue& current() const { return current_; }

  // A sink for SNAPSHOT (when something was published), then DELTAs. With a token: the DELTAs
  // missed since it, then a BOOKMARK, then DELTAs as they come; OUT_OF_RANGE "watch.too-old" when
  // it is of another incarnation, too old or from the future: subscribe again without.
  [[nodiscard]] Result<std::unique_ptr<Subscription>> subscribe(
      const v1::WatchCatalogueRequest& request, Sink sink);

  // A BOOKMARK to every subscriber: the heartbeat.
  void beat();

  std::size_t subscribers() const { return sinks_.size(); }

 private:
  class Registration;

  v1::CatalogueEvent event(v1::CatalogueEvent::Type type) const;
  void post(const std::shared_ptr<Sink>& sink,
            const std::shared_ptr<const v1::CatalogueEvent>& event);
  void send(const std::shared_ptr<const v1::CatalogueEvent>& event);

  Executor& executor_;
  const std::string incarnation_;
  const std::size_t history_limit_;
  v1::Catalogue current_;
  // Consecutive revisions, the newest last.
  std::deque<std::shared_ptr<const v1::CatalogueEvent>> history_;
  std::map<std::uint64_t, std::shared_ptr<Sink>> sinks_;
  std::uint64_t next_sink_ = 1;
  // Lets a subscription that outlives the publisher know.
  std::shared_ptr<CataloguePublisher*> self_;
};

}  // namespace terrace
