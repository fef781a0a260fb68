#include "southbound/leaf/leaf.h"

#include <optional>
#include <set>
#include <utility>

#include "base/ids.h"
#include "southbound/leaf/desired.h"
#include "southbound/leaf/offers.h"
#include "southbound/leaf/order.h"

namespace terrace {
namespace {

class CatalogueSubscription final : public Subscription {
 public:
  explicit CatalogueSubscription(std::unique_ptr<CataloguePublisher::Subscription> inner)
      : inner_(std::move(inner)) {}

 private:
  const std::unique_ptr<CataloguePublisher::Subscription> inner_;
};

}  // namespace

Leaf::Leaf(LeafConfig config, Infrastructure& infrastructure, Executor& executor,
           const Clock& clock)
    : config_(std::move(config)),
      infrastructure_(infrastructure),
      executor_(executor),
      clock_(clock),
      inventory_(infrastructure.inventory()),
      work_(config_, infrastructure, executor, clock),
      publisher_(executor, config_.incarnation) {
  publish_now();
}

// --- publication ---

std::unique_ptr<Subscription> Leaf::publish(Platform::CatalogueSink sink) {
  auto subscribed =
      publisher_.subscribe({}, [sink](const v1::CatalogueEvent& event) { sink(event); });
  if (!subscribed) {
    executor_.post([sink, problem = subscribed.problem()] { sink(problem); });
    return std::make_unique<CatalogueSubscription>(nullptr);
  }
  return std::make_unique<CatalogueSubscription>(*std::move(subscribed));
}

void Leaf::publish_now() {
  coalesced_.reset();
  publisher_.publish(leaf_catalogue(config_, inventory_, usage_, clock_.now()));
  renewal_ = executor_.after(config_.catalogue_life / 2, [this] {
    const auto timer = std::move(renewal_);
    publish_now();
  });
}

// Many orders at once make one delta: what is left is a hint, and the hold is the truth.
void Leaf::capacity_changed() {
  if (coalesced_) return;
  coalesced_ = executor_.after(config_.capacity_delay, [this] {
    const auto timer = std::move(coalesced_);
    publish_now();
  });
}

// --- holds ---

std::string Leaf::driver_id(const std::string& tenant, const std::string& hold_id) const {
  return uuid_v5(kLeafNamespace, config_.platform_id.str() + "\n" + tenant + "\n" + hold_id);
}

std::string Leaf::id_of(const HoldEntry& entry) const {
  const v1::Hold& hold = entry.record().hold();
  return driver_id(hold.tenant(), hold.id());
}

void Leaf::finish(std::function<void(Status)> done, Status status) {
  executor_.post([done = std::move(done), status = std::move(status)] { done(status); });
}

void Leaf::restore(const record::v1::HoldRecord& record) {
  const v1::Hold& hold = record.hold();
  const std::string id = driver_id(hold.tenant(), hold.id());
  usage_.set(id, use_of(config_, inventory_, record));
  live_[id] = hold.id();
  if (hold.state() == v1::Hold::COMMITTED) restored_[id] = record;
  capacity_changed();
}

Status Leaf::answer(HoldEntry& entry) {
  auto& record = entry.record();
  const std::string& instance = record.request().ns_instance_id();
  if (!instance.empty() && instance != record.hold().id()) {
    return make_problem(Problem::UNIMPLEMENTED, "change.unsupported",
                        "this platform does not change instances yet")
        .at_resource("ns-instance/" + instance)
        .possible("order a new instance, and terminate this one");
  }
  const std::string id = id_of(entry);
  auto answered = answer_order(config_, inventory_, usage_, record, id, clock_.now());
  if (!answered) return std::move(answered).problem();
  *record.mutable_hold()->mutable_proof() = std::move(answered->proof);
  if (entry.dry()) return {};
  usage_.set(id, std::move(answered->use));
  live_[id] = record.hold().id();
  capacity_changed();
  return {};
}

void Leaf::hold(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) {
  finish(std::move(done), answer(*entry));
}

void Leaf::commit(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) {
  auto desired = desired_state(config_, inventory_, entry->record(), id_of(*entry));
  if (!desired) return finish(std::move(done), std::move(desired).problem());
  work_.apply(desired->part, [this, entry, probes = std::move(desired->probe),
                              done = std::move(done)](Status applied) {
    if (!applied) return done(std::move(applied));
    work_.probe_paths(probes, {[entry] { return entry->release_wanted(); }, entry->deadline()},
                      done);
  });
}

void Leaf::release(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) {
  const std::string id = id_of(*entry);
  const auto free = [this, id] {
    live_.erase(id);
    restored_.erase(id);
    if (usage_.drop(id)) capacity_changed();
  };
  // The book records the bindings before it asks for a commit: without, nothing was ever applied.
  if (!entry->record().hold().has_bindings()) {
    free();
    return finish(std::move(done), {});
  }
  work_.remove(id, [free, done = std::move(done)] {
    free();
    done({});
  });
}

void Leaf::probe(const HoldEntry& entry, const Call&, const v1::ProbeRequest& request,
                 Reply<v1::ProbeResult> reply) {
  auto order = sap_probe(config_, inventory_, entry.record(), id_of(entry), request);
  if (!order) {
    executor_.post([reply = std::move(reply), problem = order.problem()] { reply(problem); });
    return;
  }
  work_.probe(*order, std::move(reply));
}

// --- what is really there ---

void Leaf::resources(const std::string& hold_id, Reply<std::vector<v1::Resource>> reply) {
  infrastructure_.inspect(std::nullopt, [this, hold_id, reply = std::move(reply)](
                                            Result<std::vector<v1::Resource>> there) {
    if (!there) return reply(std::move(there).problem());
    std::vector<v1::Resource> found;
    for (v1::Resource& resource : *there) {
      const auto live = live_.find(resource.hold_id());
      if (live != live_.end()) resource.set_hold_id(live->second);
      if (hold_id.empty() || resource.hold_id() == hold_id) found.push_back(std::move(resource));
    }
    reply(std::move(found));
  });
}

// Several pieces of work, and one reply when each has been tried.
class Leaf::Rounds {
 public:
  explicit Rounds(std::function<void(Status)> done) : done_(std::move(done)) {}

  void begin() { ++open_; }
  void end() {
    if (--open_ > 0) return;
    if (failed_.empty()) return done_({});
    auto incomplete = make_problem(Problem::UNAVAILABLE, "reconcile.incomplete",
                                   "not all that should be there is as it should be");
    for (Problem& one : failed_) incomplete = std::move(incomplete).cause(std::move(one));
    done_(incomplete);
  }
  void fail(Problem problem) { failed_.push_back(std::move(problem)); }

 private:
  const std::function<void(Status)> done_;
  std::size_t open_ = 0;
  std::vector<Problem> failed_;
};

void Leaf::reconcile(std::function<void(Status)> done) {
  infrastructure_.inspect(std::nullopt,
                          [this, done = std::move(done)](Result<std::vector<v1::Resource>> there) {
                            if (!there) return done(std::move(there).problem());
                            reconcile_with(*there, done);
                          });
}

void Leaf::reconcile_with(const std::vector<v1::Resource>& there,
                          std::function<void(Status)> done) {
  auto rounds = std::make_shared<Rounds>(std::move(done));
  rounds->begin();
  std::set<std::string> stranger;
  for (const v1::Resource& resource : there) {
    if (!live_.contains(resource.hold_id())) stranger.insert(resource.hold_id());
  }
  for (const std::string& id : stranger) {
    rounds->begin();
    // The first answer ends its round; a removal that failed goes on beyond it.
    auto told = std::make_shared<bool>(false);
    work_.remove(
        id,
        [rounds, told] {
          if (!std::exchange(*told, true)) rounds->end();
        },
        [rounds, told](Problem problem) {
          *told = true;
          rounds->fail(std::move(problem));
          rounds->end();
        });
  }
  for (const auto& [id, record] : std::exchange(restored_, {})) {
    auto desired = desired_state(config_, inventory_, record, id);
    if (!desired) {
      rounds->fail(std::move(desired).problem());
      continue;
    }
    rounds->begin();
    work_.apply(desired->part, [rounds](Status status) {
      if (!status) rounds->fail(std::move(status).problem());
      rounds->end();
    });
  }
  executor_.post([rounds] { rounds->end(); });
}

}  // namespace terrace
