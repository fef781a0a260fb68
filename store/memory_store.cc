#include "store/memory_store.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "store/backend.h"

namespace terrace {

MemoryStore::MemoryStore(Executor& executor, Random& random, StoreOptions options)
    : executor_(executor),
      options_(options),
      incarnation_(uuid_v4(random)),
      subscribers_(std::make_shared<Subscribers>()) {}

void MemoryStore::commit(Batch batch, Done done) {
  auto writes = std::move(batch).writes();
  // Posted under the lock, so that outcomes are told in the order of revisions.
  const std::lock_guard lock(mutex_);
  if (auto checked = check(writes); !checked.ok()) {
    post_outcome(executor_, subscribers_, {}, std::move(checked).problem(), std::move(done));
    return;
  }
  auto changes = apply(std::move(writes));
  post_outcome(executor_, subscribers_, std::move(changes), revision_, std::move(done));
}

Status MemoryStore::check(const std::vector<Batch::Write>& writes) const {
  if (auto checked = store::check_batch(writes); !checked.ok()) return checked;
  for (const auto& write : writes) {
    const auto found = records_.find(write.key);
    auto checked = store::check_version(write, found == records_.end() ? 0 : found->second.version);
    if (!checked.ok()) return checked;
  }
  return {};
}

std::vector<Change> MemoryStore::apply(std::vector<Batch::Write> writes) {
  ++revision_;
  std::vector<Change> changes;
  changes.reserve(writes.size());
  for (auto& write : writes) {
    const auto found = records_.find(write.key);
    const std::uint64_t version = found == records_.end() ? 0 : found->second.version;
    if (write.erase && version == 0) continue;
    auto& change = changes.emplace_back(store::to_change(std::move(write), version + 1, revision_));
    if (change.record) {
      records_[change.key] = *change.record;
      if (const auto tombstone = tombstones_.extract(change.key)) {
        tombstones_by_age_.erase({tombstone.mapped(), change.key});
      }
    } else {
      records_.erase(found);
      tombstones_[change.key] = revision_;
      tombstones_by_age_.insert({revision_, change.key});
    }
  }
  prune();
  return changes;
}

void MemoryStore::prune() {
  while (tombstones_.size() > options_.tombstones_kept) {
    const auto oldest = tombstones_by_age_.begin();
    pruned_ = oldest->first;
    tombstones_.erase(oldest->second);
    tombstones_by_age_.erase(oldest);
  }
}

Result<std::optional<Record>> MemoryStore::get(const RecordKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(key);
  if (found == records_.end()) return std::optional<Record>();
  return std::optional<Record>(found->second);
}

Result<Page> MemoryStore::list(const Query& query) const {
  auto listing = store::start_listing(query);
  if (!listing.ok()) return std::move(listing).problem();
  std::vector<Record> found;
  const std::lock_guard lock(mutex_);
  auto next = records_.upper_bound({query.kind, listing->after_tenant, listing->after_id});
  for (; next != records_.end() && found.size() <= listing->page_size; ++next) {
    const auto& [key, record] = *next;
    if (key.kind != query.kind || (query.tenant && key.tenant != *query.tenant)) break;
    if (query.owner && record.owner != *query.owner) continue;
    if (query.state && record.state != *query.state) continue;
    found.push_back(record);
  }
  return store::make_page(std::move(found), listing->page_size);
}

std::uint64_t MemoryStore::revision() const {
  const std::lock_guard lock(mutex_);
  return revision_;
}

Result<Changes> MemoryStore::changes_since(std::uint64_t revision,
                                           const std::vector<std::string>& kinds) const {
  const auto wanted = [&kinds](const RecordKey& key) {
    return kinds.empty() || std::find(kinds.begin(), kinds.end(), key.kind) != kinds.end();
  };
  const std::lock_guard lock(mutex_);
  if (auto checked = store::check_since(revision, revision_, pruned_); !checked.ok()) {
    return std::move(checked).problem();
  }
  Changes changes{revision_, {}, {}};
  for (const auto& [key, record] : records_) {
    if (record.revision > revision && wanted(key)) changes.upserts.push_back(record);
  }
  std::stable_sort(changes.upserts.begin(), changes.upserts.end(),
                   [](const Record& a, const Record& b) { return a.revision < b.revision; });
  if (revision == 0) return changes;
  auto next = tombstones_by_age_.lower_bound({revision + 1, RecordKey{}});
  for (; next != tombstones_by_age_.end(); ++next) {
    if (wanted(next->second)) changes.deletes.push_back({next->second, next->first});
  }
  return changes;
}

std::unique_ptr<Store::Subscription> MemoryStore::subscribe(Listener listener) {
  return subscribers_->add(std::move(listener));
}

}  // namespace terrace
