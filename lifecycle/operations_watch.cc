// Operations, read and watched.

#include <utility>

#include "lifecycle/filter.h"
#include "lifecycle/operations_open.h"
#include "lifecycle/records.h"

namespace terrace {

using record::v1::OperationRecord;
using Operation = v1::NsLcmOpOcc;

namespace {

bool is_over(Operation::OperationState state) {
  return state == Operation::COMPLETED || state == Operation::ROLLED_BACK ||
         state == Operation::FAILED || state == Operation::PARTIALLY_COMPLETED;
}

}  // namespace

// --- reading and watching ---

Result<Operation> Operations::get(const std::string& tenant, const std::string& id) const {
  const auto it = open_.find({tenant, id});
  if (it != open_.end()) return it->second->record.operation();
  auto stored = store_.get({kOperationKind, tenant, id});
  if (!stored) return stored.problem();
  if (!stored->has_value()) return not_found(kOperationKind, id);
  auto record = parse<OperationRecord>(**stored);
  if (!record) return record.problem();
  return record->operation();
}

Result<v1::ListNsLcmOpOccsResponse> Operations::list(
    const std::string& tenant, const v1::ListNsLcmOpOccsRequest& request) const {
  const auto accept = parse_filter(request.page().filter(), Operation::default_instance());
  if (!accept) return accept.problem();
  Query query;
  query.kind = kOperationKind;
  query.tenant = tenant;
  if (!request.ns_instance_id().empty()) query.owner = request.ns_instance_id();
  auto listed = list_page<Operation>(
      store_, query, request.page(), *accept, [this](const Record& stored) -> Result<Operation> {
        const auto it = open_.find({stored.key.tenant, stored.key.id});
        if (it != open_.end()) return it->second->record.operation();
        auto record = parse<OperationRecord>(stored);
        if (!record) return record.problem();
        return record->operation();
      });
  if (!listed) return listed.problem();
  v1::ListNsLcmOpOccsResponse response;
  for (auto& item : listed->items) *response.add_operation() = std::move(item);
  response.set_next_page_token(listed->next_page_token);
  return response;
}

class Operations::Watch final : public Subscription {
 public:
  Watch(Operations& operations, Key key, NorthApi::EndingSink<Operation> into)
      : sink(std::move(into)), operations_(operations), key_(std::move(key)) {
    operations_.watches_.emplace(key_, this);
  }
  ~Watch() override {
    std::erase_if(operations_.watches_, [this](const auto& item) { return item.second == this; });
  }

  NorthApi::EndingSink<Operation> sink;
  const std::shared_ptr<bool> alive = std::make_shared<bool>(true);

 private:
  Operations& operations_;
  Key key_;
};

std::unique_ptr<Subscription> Operations::watch(const std::string& tenant, const std::string& id,
                                                NorthApi::EndingSink<Operation> sink) {
  auto watch = std::make_unique<Watch>(*this, Key{tenant, id}, std::move(sink));
  const std::weak_ptr<bool> alive = watch->alive;
  Watch* const raw = watch.get();
  executor_.post([this, alive, raw, tenant, id] {
    if (alive.expired()) return;
    const auto now = get(tenant, id);
    if (!now) return raw->sink(now.problem());
    raw->sink(std::optional<Operation>(*now));
    // Its end is told by tell(), unless that was before.
    if (!alive.expired() && !open_.contains({tenant, id})) raw->sink(std::optional<Operation>());
  });
  return watch;
}

void Operations::tell(const Key& key, const Operation& operation) {
  std::vector<std::pair<Watch*, std::weak_ptr<bool>>> told;
  for (auto [it, last] = watches_.equal_range(key); it != last; ++it)
    told.emplace_back(it->second, it->second->alive);
  for (const auto& [watch, alive] : told) {
    if (!alive.expired()) watch->sink(std::optional<Operation>(operation));
    if (!alive.expired() && is_over(operation.operation_state()))
      watch->sink(std::optional<Operation>());
  }
}

// The platform's tasks are the operation's, as they go on.
void Operations::observe(const std::string& tenant) {
  if (observed_.contains(tenant)) return;
  Call call;
  call.context.set_tenant(tenant);
  observed_[tenant] = platform_.observe(call, [this](Result<v1::WatchEvent> event) {
    if (event && event->has_hold()) progress(event->hold());
  });
}

void Operations::progress(const v1::Hold& hold) {
  for (auto& [key, open] : open_) {
    auto& operation = *open->record.mutable_operation();
    if (key.first != hold.tenant() || operation.hold_id() != hold.id()) continue;
    if (is_over(operation.operation_state())) continue;
    *operation.mutable_task() = hold.task();
    const bool undoing = hold.state() == v1::Hold::RELEASING &&
                         operation.lcm_operation_type() == Operation::INSTANTIATE;
    if (undoing && operation.operation_state() != Operation::ROLLING_BACK)
      enter(open->record, Operation::ROLLING_BACK);
    tell(key, operation);
  }
  // However it came to its end: a part's instance goes with its hold (R1).
  if (ended(hold.state())) hold_ended(hold.tenant(), hold.id());
}

}  // namespace terrace
