#include "lifecycle/store_watch.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lifecycle/records.h"
#include "terrace/record/v1/record.pb.h"

namespace terrace {
namespace {

const std::vector<std::string> kWatched{kHoldKind, kNsInstanceKind, kOperationKind};

// Of kinds that an older or newer caller may name and that there is nothing of here: none.
std::vector<std::string> kinds_of(const v1::WatchRequest& request) {
  if (request.kind().empty()) return kWatched;
  std::vector<std::string> kinds;
  for (const auto& kind : kWatched)
    if (std::find(request.kind().begin(), request.kind().end(), kind) != request.kind().end())
      kinds.push_back(kind);
  return kinds;
}

bool fill(const Record& record, v1::WatchEvent& event) {
  if (record.key.kind == kHoldKind) {
    auto stored = parse<record::v1::HoldRecord>(record);
    if (stored) *event.mutable_hold() = std::move(*stored->mutable_hold());
    return stored.ok();
  }
  if (record.key.kind == kNsInstanceKind) {
    auto stored = parse<record::v1::NsRecord>(record);
    if (stored) *event.mutable_ns_instance() = std::move(*stored->mutable_instance());
    return stored.ok();
  }
  auto stored = parse<record::v1::OperationRecord>(record);
  if (stored) *event.mutable_operation() = std::move(*stored->mutable_operation());
  return stored.ok();
}

class StoreWatch final : public Subscription {
 public:
  StoreWatch(Store& store, std::string tenant, std::vector<std::string> kinds,
             NorthApi::Sink<v1::WatchEvent> sink)
      : store_(store),
        tenant_(std::move(tenant)),
        kinds_(std::move(kinds)),
        sink_(std::move(sink)) {
    // First the feed, then what there is: nothing falls between.
    feed_ = store_.subscribe([this](const Change& change) { on_change(change); });
  }

  std::weak_ptr<bool> alive() const { return alive_; }

  void begin(const v1::WatchRequest& request) {
    std::uint64_t from = 0;
    if (request.has_resume()) {
      if (request.resume().incarnation() != store_.incarnation()) return too_old();
      from = request.resume().revision();
    }
    auto changes = store_.changes_since(from, kinds_);
    if (!changes && changes.problem().code() == Problem::OUT_OF_RANGE) return too_old();
    if (!changes) return end(std::move(changes).problem());
    current_ = changes->revision;
    const std::weak_ptr<bool> alive = alive_;
    for (const auto& record : changes->upserts) {
      if (record.key.tenant == tenant_) upsert(record, record.revision);
      if (alive.expired()) return;
    }
    if (from > 0) {
      for (const auto& deletion : changes->deletes) {
        if (deletion.key.tenant == tenant_) erase(deletion.key, deletion.revision);
        if (alive.expired()) return;
      }
    }
    v1::WatchEvent event;
    event.set_type(v1::WatchEvent::SNAPSHOT_END);
    send(std::move(event), current_);
  }

 private:
  void on_change(const Change& change) {
    if (!begun_() || change.revision <= *current_ || change.key.tenant != tenant_) return;
    if (std::find(kinds_.begin(), kinds_.end(), change.key.kind) == kinds_.end()) return;
    if (change.record) {
      upsert(*change.record, change.revision);
    } else {
      erase(change.key, change.revision);
    }
  }

  bool begun_() const { return current_.has_value() && !over_; }

  void upsert(const Record& record, std::uint64_t revision) {
    v1::WatchEvent event;
    event.set_type(v1::WatchEvent::UPSERT);
    event.set_kind(record.key.kind);
    event.set_id(record.key.id);
    if (fill(record, event)) send(std::move(event), revision);
  }

  void erase(const RecordKey& key, std::uint64_t revision) {
    v1::WatchEvent event;
    event.set_type(v1::WatchEvent::DELETE);
    event.set_kind(key.kind);
    event.set_id(key.id);
    send(std::move(event), revision);
  }

  void send(v1::WatchEvent event, std::optional<std::uint64_t> revision) {
    // Halfway through what was missed there is nothing to resume from: deletes come last.
    if (!told_ && event.type() != v1::WatchEvent::SNAPSHOT_END) return sink_(std::move(event));
    told_ = true;
    event.mutable_token()->set_incarnation(store_.incarnation());
    event.mutable_token()->set_revision(revision.value_or(0));
    sink_(std::move(event));
  }

  void too_old() {
    end(make_problem(Problem::OUT_OF_RANGE, "watch.too-old",
                     "What changed since this token is no longer known.")
            .at_path("resume")
            .possible("Watch again without a token: a whole snapshot comes first."));
  }

  void end(Problem problem) {
    over_ = true;
    sink_(std::move(problem));
  }

  Store& store_;
  const std::string tenant_;
  const std::vector<std::string> kinds_;
  NorthApi::Sink<v1::WatchEvent> sink_;
  std::unique_ptr<Store::Subscription> feed_;
  std::optional<std::uint64_t> current_;
  bool over_ = false;
  // The snapshot, or what was missed, has been told.
  bool told_ = false;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

std::unique_ptr<Subscription> watch_store(Store& store, Executor& executor,
                                          const std::string& tenant,
                                          const v1::WatchRequest& request,
                                          NorthApi::Sink<v1::WatchEvent> sink) {
  auto watch = std::make_unique<StoreWatch>(store, tenant, kinds_of(request), std::move(sink));
  executor.post([alive = watch->alive(), raw = watch.get(), request] {
    if (!alive.expired()) raw->begin(request);
  });
  return watch;
}

}  // namespace terrace
