// The store in memory, deterministic: a batch is applied within commit(), what is told of it is
// posted to the executor. For simulation and tests; it outlives whoever uses it, as a disk would.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "base/random.h"
#include "store/store.h"
#include "store/subscribers.h"

namespace terrace {

class MemoryStore final : public Store {
 public:
  // The executor must outlive the store. `random` is used for the incarnation only, at once.
  MemoryStore(Executor& executor, Random& random, StoreOptions options = {});

  void commit(Batch batch, Done done) override;
  Result<std::optional<Record>> get(const RecordKey& key) const override;
  Result<Page> list(const Query& query) const override;
  const std::string& incarnation() const override { return incarnation_; }
  std::uint64_t revision() const override;
  Result<Changes> changes_since(std::uint64_t revision,
                                const std::vector<std::string>& kinds) const override;
  std::unique_ptr<Subscription> subscribe(Listener listener) override;

 private:
  // With mutex_ held.
  Status check(const std::vector<Batch::Write>& writes) const;
  std::vector<Change> apply(std::vector<Batch::Write> writes);
  void prune();

  Executor& executor_;
  const StoreOptions options_;
  const std::string incarnation_;
  const std::shared_ptr<Subscribers> subscribers_;

  mutable std::mutex mutex_;
  std::map<RecordKey, Record> records_;
  std::map<RecordKey, std::uint64_t> tombstones_;  // key -> revision
  std::set<std::pair<std::uint64_t, RecordKey>> tombstones_by_age_;
  std::uint64_t revision_ = 0;
  std::uint64_t pruned_ = 0;  // deletions up to this revision may be forgotten
};

}  // namespace terrace
