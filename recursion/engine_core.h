// Of the engine alone: the children as they are known now, and how they are called.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/aggregator.h"
#include "catalog/catalogue_publisher.h"
#include "recursion/engine.h"
#include "recursion/placement.h"
#include "recursion/segments.h"

namespace terrace {

using record::v1::DelegatedPart;

// Which operation of an instance a call belongs to: later ones outrank earlier ones (R9).
enum class Step : std::uint64_t { kMake = 1, kUnmake = 2 };

class EngineCore {
 public:
  EngineCore(EngineConfig config, Republishing republishing, std::string incarnation,
             Executor& executor, const Clock& clock);

  void add_child(const std::string& name, Platform& platform, const std::string& kind,
                 const std::string& address);
  void start();

  const EngineConfig& config() const { return config_; }
  Executor& executor() { return executor_; }
  const Clock& clock() const { return clock_; }
  const ChildCalls& calls() const { return calls_; }
  Segments& segments() { return segments_; }
  CataloguePublisher& publisher() { return publisher_; }
  std::function<void(const v1::Catalogue&)> keep_catalogue;

  // Null: no such child (any more).
  Platform* child(const std::string& name) const;
  // The children with a catalogue that can be used now.
  std::vector<ChildView> views() const;
  // The price at which we sell what a child offers; null when we do not publish it.
  const v1::Offer* own_offer(const std::string& child, const std::string& offer_id) const;
  // The offer as we publish it, by our id; null: none.
  const v1::Offer* published(const std::string& own_offer_id) const;

  // The context for a call about this part (R5 to R10).
  Call call(const HoldEntry& entry, const DelegatedPart& part, Step step) const;
  // How long one child may take over a hold of this order: less the deeper we are, so that the one
  // below gives up before the one above.
  Duration hold_patience(const HoldEntry& entry) const;
  // R9: a child has seen a higher epoch than ours; from now on we outrank it.
  void outrank(std::uint64_t epoch_seen);

  // Attempts that are ours and wanted: everything else found at a child is released (R26).
  void want(const std::string& child, const std::string& hold_id);
  void unwant(const std::string& child, const std::string& hold_id);

  // Releases a part until the child has confirmed it (R11); then `done`.
  void release_part(std::shared_ptr<HoldEntry> entry, const std::string& part,
                    std::function<void()> done);

  std::vector<v1::ChildStatus> children() const;
  std::size_t strays() const { return strays_.size(); }

 private:
  struct Child {
    Platform* platform = nullptr;
    std::string kind;
    std::string address;
    std::optional<v1::Catalogue> catalogue;
    // Without what came round in a loop (R23): what placement sees.
    v1::Catalogue usable;
    bool connected = false;
    Problem error;
    std::set<std::string> wanted;
    // Ids of the snapshot that is coming in.
    std::set<std::string> seen;
    bool in_snapshot = true;
    std::unique_ptr<Subscription> published;
    std::unique_ptr<Subscription> observed;
  };

  void on_catalogue(const std::string& name, Result<v1::CatalogueEvent> event);
  void on_observed(const std::string& name, Result<v1::WatchEvent> event);
  void release_strays(const std::string& name);
  void release_stray(const std::string& name, const std::string& hold_id);
  void changed(CatalogueChange change);
  void publish();
  std::uint64_t epoch(Step step) const;

  const EngineConfig config_;
  Executor& executor_;
  const Clock& clock_;
  ChildCalls calls_;
  const std::string origin_;
  CatalogueAggregator aggregator_;
  CataloguePublisher publisher_;
  Segments segments_;
  std::map<std::string, Child> children_;
  std::set<std::pair<std::string, std::string>> strays_;
  std::uint64_t worker_;
  bool terms_changed_ = false;
  // Coalesces capacity hints; renews before expiry.
  std::unique_ptr<Executor::Timer> publish_timer_;
  std::unique_ptr<Executor::Timer> renew_timer_;
};

// The record's part of that name; null: none.
DelegatedPart* find_part(record::v1::HoldRecord& record, const std::string& name);
// Parts that make up the order now: neither owed nor released, in order.
std::vector<DelegatedPart*> active_parts(record::v1::HoldRecord& record);

}  // namespace terrace
