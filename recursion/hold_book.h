// The hold book: the one owner of holds' records, around engine and leaf alike (R5 to R9, R11).
// It knows ids, replay, lifetimes, states, tombstones and expiry; its Maker knows how a hold is
// made real. Every state is in the store before anybody is told of it.
//
// All on the executor's strand. The book, its maker and its entries are destroyed only after the
// executor has stopped: nothing here guards against callbacks into the dead.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/ids.h"
#include "recursion/envelope.h"
#include "recursion/maker.h"
#include "recursion/platform.h"
#include "store/store.h"

namespace terrace {

struct HoldBookConfig {
  PlatformId platform_id;
  // The store's kind for these records: one per book of a daemon.
  std::string kind = "hold";
  // What an order without an envelope gets (R14).
  AddressPools pools;
  // A hold's life when its caller named none, and the most it may ask for (R8).
  Duration default_life = std::chrono::seconds(60);
  Duration longest_life = std::chrono::minutes(30);
  // After this long in COMMITTING a commit is given up and rolled back (R11).
  Duration commit_deadline = std::chrono::seconds(60);
  // How long ended records are kept when the caller gave no not-after (R7).
  Duration memory = std::chrono::minutes(10);
};

class HoldBook final : public Platform {
 public:
  // Everything passed by reference outlives the book.
  HoldBook(HoldBookConfig config, Maker& maker, Store& store, Executor& executor,
           const Clock& clock);
  ~HoldBook() override;

  // Reads the records and lets the maker count what they use. Once, before anything else.
  Status load();
  // Goes on with what was open when the daemon stopped: once the maker and what lies below it
  // stand.
  void resume();

  std::unique_ptr<Subscription> publish(CatalogueSink sink) override;
  void hold(const Call& call, const v1::PlaceHoldRequest& request, Reply<v1::Hold> reply) override;
  void commit(const Call& call, const v1::CommitHoldRequest& request,
              Reply<v1::Hold> reply) override;
  void release(const Call& call, const v1::ReleaseHoldRequest& request,
               Reply<v1::Hold> reply) override;
  void probe(const Call& call, const v1::ProbeRequest& request,
             Reply<v1::ProbeResult> reply) override;
  std::unique_ptr<Subscription> observe(const Call& call, ObserveSink sink) override;

  // Every record, for the administrator's views and for a lifecycle that starts. Ordered by
  // (tenant, id). Valid until the strand is left.
  std::vector<const record::v1::HoldRecord*> records() const;
  // Null: none of that id. Valid until the strand is left.
  const record::v1::HoldRecord* look_up(const std::string& tenant, const std::string& id) const;

 private:
  class Entry;
  class Watcher;
  using EntryPtr = std::shared_ptr<Entry>;
  using Key = std::pair<std::string, std::string>;  // tenant, id

  EntryPtr find(const Key& key) const;
  EntryPtr add(const Call& call, const v1::PlaceHoldRequest& request, std::string digest);
  Result<Instant> admit(const Call& call, const v1::PlaceHoldRequest& request) const;
  Status fill_in(Entry& entry);
  bool replay(const EntryPtr& entry, const Call& call, const std::string& digest,
              Reply<v1::Hold>& reply);

  void release_replaced(const EntryPtr& entry, const Call& call, std::function<void()> then);
  void end_replaced(const Key& key, const Call& call, Reply<v1::Hold> freed);
  void make_hold(const EntryPtr& entry);
  void held(const EntryPtr& entry, Status status);
  void refused(const EntryPtr& entry, Problem problem);
  void make_commit(const EntryPtr& entry);
  void committed(const EntryPtr& entry, Status status);
  void begin_release(const EntryPtr& entry);
  void make_release(const EntryPtr& entry);
  void released(const EntryPtr& entry, Status status);
  void entomb(const Key& key, const Call& call, Reply<v1::Hold> reply);

  void go_on(const EntryPtr& entry);
  void arm(const EntryPtr& entry);
  void wake(const EntryPtr& entry, Duration delay);
  void due(const EntryPtr& entry);
  void forget(const EntryPtr& entry);

  void write(const EntryPtr& entry, std::function<void(Status)> then);
  void persist(const EntryPtr& entry, std::function<void()> then);
  void tell(const Entry& entry);
  void tell_all(const std::string& tenant, const v1::WatchEvent& event);
  Instant now() const;
  void answer(Reply<v1::Hold> reply, Result<v1::Hold> result);

  HoldBookConfig config_;
  Maker& maker_;
  Store& store_;
  Executor& executor_;
  const Clock& clock_;
  // This platform's time never runs backwards, restarts included (R7).
  mutable Instant latest_{};
  std::map<Key, EntryPtr> entries_;
  std::vector<Watcher*> watchers_;
};

// R9: the refusal of a call for this hold under an epoch older than one seen.
Problem old_epoch(const std::string& id, std::uint64_t seen, std::uint64_t got);
// Whether a hold in this state is over.
bool ended(v1::Hold::State state);
// Whether releases are owed to children for this record (R11).
bool owes(const record::v1::HoldRecord& record);
// The digest of a hold's answer, less what differs between two orders for the same plan (R6).
std::string plan_digest(const v1::Proof& proof);

}  // namespace terrace
