// A leaf: infrastructure as a maker of holds. What all infrastructure shares is here (inventory,
// what is held and used, choice, publication, time); effects are its driver's.
//
// All on the executor's strand; destroyed only after the executor has stopped. Order of life:
// construction, restore() per record, reconcile(), then everything else.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "catalog/catalogue_publisher.h"
#include "recursion/maker.h"
#include "southbound/leaf/config.h"
#include "southbound/leaf/driver_work.h"
#include "southbound/leaf/infrastructure.h"
#include "southbound/leaf/usage.h"

namespace terrace {

class Leaf final : public Maker {
 public:
  // References outlive the leaf. Publishes at once.
  Leaf(LeafConfig config, Infrastructure& infrastructure, Executor& executor, const Clock& clock);
  Leaf(const Leaf&) = delete;
  Leaf& operator=(const Leaf&) = delete;

  void restore(const record::v1::HoldRecord& record) override;
  // Refuses as answer_order (southbound/leaf/order.h); UNIMPLEMENTED "change.unsupported" for the
  // new shape of an existing instance.
  void hold(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) override;
  // Refuses as desired_state, DriverWork::apply and DriverWork::probe_paths.
  void commit(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) override;
  void release(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) override;
  // From a SAP, by its link.
  void probe(const HoldEntry& entry, const Call& call, const v1::ProbeRequest& request,
             Reply<v1::ProbeResult> reply) override;
  [[nodiscard]] std::unique_ptr<Subscription> publish(Platform::CatalogueSink sink) override;

  // Once, after the records were restored (R26): takes down what belongs to no record, and makes
  // committed parts so again (level-triggered: the driver leaves alone what is as it should be).
  // Replies when each was tried once: OK, or UNAVAILABLE "reconcile.incomplete" with a cause each.
  // Removals that failed go on by themselves.
  void reconcile(std::function<void(Status)> done);

  // What the driver really has: of one hold, or (empty) all. Resources of live holds carry their
  // hold's id, strangers the name the driver knows.
  void resources(const std::string& hold_id, Reply<std::vector<v1::Resource>> reply);

  // The holds' names at the driver: unlike for two tenants' equal ids.
  std::string driver_id(const std::string& tenant, const std::string& hold_id) const;

 private:
  class Rounds;

  std::string id_of(const HoldEntry& entry) const;
  Status answer(HoldEntry& entry);
  void capacity_changed();
  void publish_now();
  void finish(std::function<void(Status)> done, Status status);
  void reconcile_with(const std::vector<v1::Resource>& there, std::function<void(Status)> done);

  const LeafConfig config_;
  Infrastructure& infrastructure_;
  Executor& executor_;
  const Clock& clock_;
  const driver::v1::Inventory inventory_;
  Usage usage_;
  DriverWork work_;
  CataloguePublisher publisher_;
  std::unique_ptr<Executor::Timer> renewal_;
  std::unique_ptr<Executor::Timer> coalesced_;
  // Driver's id to the hold's, of all that live.
  std::map<std::string, std::string> live_;
  // Committed before the restart; until reconciled.
  std::map<std::string, record::v1::HoldRecord> restored_;
};

}  // namespace terrace
