// What stands behind a hold book and makes holds real: the Engine (out of child platforms) or the
// Leaf (out of infrastructure). The book owns ids, replay, lifetimes, states and records; a maker
// owns how.
//
// Everything runs on the executor's strand. The book calls at most one of hold, commit and release
// of an entry at a time, and waits for its reply. After a restart it calls the one that was under
// way again, with the record as last saved: a maker reads there how far it got (level-triggered).
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "recursion/platform.h"
#include "terrace/record/v1/record.pb.h"

namespace terrace {

// One hold's record, as its maker may use it.
class HoldEntry {
 public:
  virtual ~HoldEntry() = default;

  // The maker may change `delegation` and, of `hold`: proof, candidate, task. All else is the
  // book's. `hold.envelope` is always set.
  virtual record::v1::HoldRecord& record() = 0;
  virtual const record::v1::HoldRecord& record() const = 0;

  // Writes the record; `then` runs when it is durable. A dry hold's entry is not stored: `then`
  // runs all the same. Always posted, never inside the call.
  virtual void save(std::function<void(Status)> then) = 0;

  // Tells watchers what the record says now, without writing it: progress.
  virtual void show() = 0;

  // A release was asked for: stop at the next safe point (reply CANCELLED to a hold or commit).
  virtual bool release_wanted() const = 0;

  virtual bool dry() const = 0;

  // The context for calls this entry's work makes below: tenant, path, epoch.
  virtual const v1::CallContext& context() const = 0;

  // When the hold expires (HELD), or a delegated commit gives up (COMMITTING), if ever.
  virtual std::optional<Instant> deadline() const = 0;
};

class Maker {
 public:
  virtual ~Maker() = default;

  // At start, before any other call: a record that is neither ended nor PLACING, so that what it
  // uses is counted as used.
  virtual void restore(const record::v1::HoldRecord& record) = 0;

  // Fills `hold.proof` (and `candidate`), or refuses, with nothing left set aside below that the
  // record does not name. Not saved by the maker when it succeeds: the book saves state and proof
  // in one write.
  virtual void hold(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) = 0;

  // Makes it real, with `hold.bindings`; replies once the data plane was probed. On failure the
  // book calls release, then settles as ROLLED_BACK.
  virtual void commit(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) = 0;

  // Takes down whatever there is, however far it got. Repeats by itself until done; an error is an
  // answer only where repeating cannot help.
  virtual void release(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) = 0;

  virtual void probe(const HoldEntry& entry, const Call& call, const v1::ProbeRequest& request,
                     Reply<v1::ProbeResult> reply) = 0;

  // As Platform::publish.
  [[nodiscard]] virtual std::unique_ptr<Subscription> publish(Platform::CatalogueSink sink) = 0;
};

}  // namespace terrace
