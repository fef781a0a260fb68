// The hold book's records: writing, reading at start, time, and who watches.

#include <algorithm>
#include <utility>

#include "recursion/hold_book_entry.h"

namespace terrace {

using record::v1::HoldRecord;

// --- entries ---

void HoldBook::Entry::save(std::function<void(Status)> then) {
  book_.write(shared_from_this(), std::move(then));
}

void HoldBook::Entry::show() {
  if (!dry_) book_.tell(*this);
}

std::optional<Instant> HoldBook::Entry::deadline() const {
  if (state() == v1::Hold::COMMITTING) return from_micros(record_.commit_deadline_us());
  if (state() == v1::Hold::PLACING || state() == v1::Hold::HELD) return expires();
  return std::nullopt;
}

// --- writing ---

void HoldBook::write(const EntryPtr& entry, std::function<void(Status)> then) {
  if (entry->dry_) return executor_.post([then = std::move(then)] { then({}); });
  Batch batch;
  batch.put({config_.kind, entry->key().first, entry->key().second},
            entry->record().hold().ns_instance_id(), v1::Hold::State_Name(entry->state()),
            entry->record().SerializeAsString());
  store_.commit(std::move(batch),
                [this, entry, then = std::move(then)](Result<std::uint64_t> revision) {
                  if (!revision) return then(revision.problem());
                  entry->revision_ = *revision;
                  tell(*entry);
                  then({});
                });
}

// An obligation is recorded, however long the disk is full.
void HoldBook::persist(const EntryPtr& entry, std::function<void()> then) {
  write(entry, [this, entry, then = std::move(then)](Status written) {
    if (written) return then();
    entry->timer_ =
        executor_.after(std::chrono::seconds(1), [this, entry, then] { persist(entry, then); });
  });
}

// --- at start ---

Status HoldBook::load() {
  auto clock = store_.get({config_.kind + "-clock", "", "latest"});
  if (!clock) return clock.problem();
  google::protobuf::Timestamp latest;
  if (*clock && latest.ParseFromString((*clock)->body)) latest_ = from_timestamp(latest);
  Query query;
  query.kind = config_.kind;
  query.page_size = Query::kMaxPageSize;
  do {
    auto page = store_.list(query);
    if (!page) return page.problem();
    for (const auto& stored : page->records) {
      auto entry = std::make_shared<Entry>(*this, Key{stored.key.tenant, stored.key.id});
      if (!entry->record().ParseFromString(stored.body))
        return make_problem(Problem::DATA_LOSS, "hold.unreadable", "A hold's record is damaged.")
            .at_resource(to_string(stored.key));
      entry->revision_ = stored.revision;
      latest_ = std::max(latest_, from_timestamp(entry->record().hold().created()));
      const auto state = entry->state();
      if (!ended(state) && state != v1::Hold::PLACING) maker_.restore(entry->record());
      entries_[entry->key()] = std::move(entry);
    }
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return {};
}

void HoldBook::resume() {
  const auto open = entries_;
  // What is being placed comes last: it may wait for the release of what it replaces.
  for (const bool placing : {false, true})
    for (const auto& [key, entry] : open)
      if ((entry->state() == v1::Hold::PLACING) == placing) go_on(entry);
}

void HoldBook::go_on(const EntryPtr& entry) {
  // Released already, by one that replaces it.
  if (entry->busy_ != Entry::Busy::kIdle) return;
  switch (entry->state()) {
    case v1::Hold::PLACING: {
      // Its caller never heard; what it may have set aside below is released (R26), and asked
      // again, it is placed anew by whoever still wants it.
      if (entry->release_wanted()) return begin_release(entry);
      entry->busy_ = Entry::Busy::kHolding;
      Call call;
      call.context = entry->record().context();
      return release_replaced(entry, call, [this, entry] { make_hold(entry); });
    }
    case v1::Hold::COMMITTING:
      entry->busy_ = Entry::Busy::kCommitting;
      return make_commit(entry);
    case v1::Hold::RELEASING:
      return make_release(entry);
    default:
      if (entry->release_wanted() && !ended(entry->state())) return begin_release(entry);
      if (ended(entry->state()) && owes(entry->record())) return make_release(entry);
      arm(entry);
  }
}

// --- time ---

// One timer an entry: a hold's expiry, a commit's deadline, or the day its record is forgotten.
void HoldBook::arm(const EntryPtr& entry) {
  std::optional<Instant> at = entry->deadline();
  if (ended(entry->state())) at = entry->not_after();
  entry->timer_.reset();
  if (!at) return;
  // A moment later than the instant itself, which still counts as in time.
  wake(entry, std::max(Duration::zero(), *at - now()) + std::chrono::milliseconds(1));
}

void HoldBook::wake(const EntryPtr& entry, Duration delay) {
  entry->timer_ = executor_.after(delay, [this, weak = std::weak_ptr<Entry>(entry)] {
    if (const auto due_entry = weak.lock()) due(due_entry);
  });
}

void HoldBook::due(const EntryPtr& entry) {
  if (ended(entry->state())) return forget(entry);
  const auto deadline = entry->deadline();
  if (!deadline || now() < *deadline) return arm(entry);
  if (entry->state() == v1::Hold::HELD && entry->busy_ == Entry::Busy::kIdle)
    return begin_release(entry);
  if (entry->busy_ == Entry::Busy::kCommitting) {
    *entry->record().mutable_failure() =
        make_problem(Problem::DEADLINE_EXCEEDED, "commit.deadline",
                     "The commit was not finished in time and is rolled back.")
            .at_resource("hold/" + entry->key().second);
    entry->record().set_release_wanted(true);
  }
}

void HoldBook::forget(const EntryPtr& entry) {
  // Kept while it owes (R7). Whoever ends its release arms it again.
  if (entry->busy_ != Entry::Busy::kIdle || owes(entry->record())) return entry->timer_.reset();
  if (now() <= entry->not_after()) return arm(entry);
  Batch batch;
  batch.erase({config_.kind, entry->key().first, entry->key().second});
  // A clock set back over a restart must not make room for what is forgotten here (R7).
  batch.put({config_.kind + "-clock", "", "latest"}, "", "",
            to_timestamp(now()).SerializeAsString());
  store_.commit(std::move(batch), [this, entry](Result<std::uint64_t> erased) {
    if (!erased) return wake(entry, std::chrono::seconds(1));
    entries_.erase(entry->key());
    entry->timer_.reset();
    v1::WatchEvent event;
    event.set_type(v1::WatchEvent::DELETE);
    event.set_kind("hold");
    event.set_id(entry->key().second);
    tell_all(entry->key().first, event);
  });
}

// --- watching ---

class HoldBook::Watcher final : public Subscription {
 public:
  Watcher(HoldBook& book, std::string tenant, ObserveSink sink)
      : book_(book), tenant_(std::move(tenant)), sink_(std::move(sink)) {
    book_.watchers_.push_back(this);
  }
  ~Watcher() override { std::erase(book_.watchers_, this); }

  const std::string& tenant() const { return tenant_; }
  const ObserveSink& sink() const { return sink_; }
  std::weak_ptr<bool> alive() const { return alive_; }
  // Changes are told once the snapshot was.
  void start() { started_ = true; }
  bool started() const { return started_; }

 private:
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool started_ = false;
  HoldBook& book_;
  std::string tenant_;
  ObserveSink sink_;
};

namespace {

v1::WatchEvent upsert(const v1::Hold& hold, std::uint64_t revision) {
  v1::WatchEvent event;
  event.set_type(v1::WatchEvent::UPSERT);
  event.mutable_token()->set_revision(revision);
  *event.mutable_hold() = hold;
  return event;
}

}  // namespace

std::unique_ptr<Subscription> HoldBook::observe(const Call& call, ObserveSink sink) {
  auto watcher = std::make_unique<Watcher>(*this, tenant_of(call), std::move(sink));
  std::weak_ptr<bool> alive = watcher->alive();
  Watcher* const raw = watcher.get();
  executor_.post([this, alive, raw] {
    if (alive.expired()) return;
    for (const auto& [key, entry] : entries_) {
      if (key.first == raw->tenant()) raw->sink()(upsert(entry->record().hold(), entry->revision_));
      if (alive.expired()) return;
    }
    v1::WatchEvent end;
    end.set_type(v1::WatchEvent::SNAPSHOT_END);
    raw->start();
    raw->sink()(end);
  });
  return watcher;
}

void HoldBook::tell(const Entry& entry) {
  if (watchers_.empty()) return;
  tell_all(entry.key().first, upsert(entry.record().hold(), entry.revision_));
}

void HoldBook::tell_all(const std::string& tenant, const v1::WatchEvent& event) {
  const auto watchers = watchers_;
  for (Watcher* const watcher : watchers) {
    // A sink may have ended another's watch.
    if (std::find(watchers_.begin(), watchers_.end(), watcher) == watchers_.end()) continue;
    if (watcher->started() && watcher->tenant() == tenant) watcher->sink()(event);
  }
}

}  // namespace terrace
