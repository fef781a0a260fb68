// The engine: a platform made of child platforms. It decomposes an order, places the parts on its
// children from their published offers, divides the envelope, holds everywhere at once, verifies,
// binds, commits everywhere at once, and probes what it stitched (DESIGN "Delegation"). It cannot
// tell what a child is, nor how many tiers lie below.
//
// Stands behind a HoldBook. All on the executor's strand; destroyed after the executor stopped.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/aggregator.h"
#include "recursion/child_calls.h"
#include "recursion/maker.h"
#include "terrace/v1/platform.pb.h"

namespace terrace {

struct EngineConfig {
  PlatformId platform_id;
  // Rises with each start of the daemon (R9): calls of an older worker are refused below.
  std::uint64_t worker = 1;
  Patience patience;
  // For one child to answer a hold, repetitions included, before the next best is tried.
  Duration hold_patience = std::chrono::seconds(10);
  // A child's hold outlives ours by this much: it covers the commit call (R8).
  Duration commit_margin = std::chrono::seconds(15);
  // Combinations of children tried for one order.
  int max_rounds = 32;
  // Of one probe, and how often a silent one is repeated.
  Duration probe_timeout = std::chrono::seconds(1);
  int probe_tries = 5;
};

class EngineCore;

class Engine final : public Maker {
 public:
  // `republishing.platform_id` is the UUID that offers are named under. `incarnation` marks whose
  // catalogue revisions these are: another one at each start.
  Engine(EngineConfig config, Republishing republishing, std::string incarnation,
         Executor& executor, const Clock& clock);
  ~Engine() override;

  // Before start(). `platform` outlives the engine; `kind` and `address` are for the administrator.
  void add_child(const std::string& name, Platform& platform, const std::string& kind,
                 const std::string& address);
  // What was published before a restart: stays until it expires or the children answer (R26).
  void restore_catalogue(const v1::Catalogue& catalogue);
  // Called with each catalogue whose terms changed, for the store.
  void on_catalogue(std::function<void(const v1::Catalogue&)> keep);
  // Listens to the children's catalogues and to what it owns there. After the book's resume().
  void start();

  void restore(const record::v1::HoldRecord& record) override;
  void hold(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) override;
  void commit(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) override;
  void release(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) override;
  void probe(const HoldEntry& entry, const Call& call, const v1::ProbeRequest& request,
             Reply<v1::ProbeResult> reply) override;
  std::unique_ptr<Subscription> publish(Platform::CatalogueSink sink) override;

  // For the administrator.
  std::vector<v1::ChildStatus> children() const;
  // Ids at children that nobody here knows and that are being released (R26).
  std::size_t strays() const;

 private:
  std::unique_ptr<EngineCore> core_;
};

}  // namespace terrace
