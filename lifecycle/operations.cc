#include "lifecycle/operations_open.h"

#include <fmt/format.h>

#include <utility>

#include "base/digest.h"
#include "base/ids.h"
#include "base/time.h"
#include "lifecycle/records.h"
#include "recursion/routes.h"

namespace terrace {

using record::v1::OperationRecord;
using Operation = v1::NsLcmOpOcc;

namespace {

template <class R>
void later(Executor& executor, Reply<R> reply, Result<R> result) {
  executor.post([reply = std::move(reply), result = std::move(result)] { reply(result); });
}

}  // namespace

Operations::Operations(Platform& platform, const HoldBook& book, const Descriptors& descriptors,
                       Instances& instances, Store& store, Executor& executor, const Clock& clock,
                       Random& random)
    : platform_(platform),
      book_(book),
      descriptors_(descriptors),
      instances_(instances),
      store_(store),
      executor_(executor),
      clock_(clock),
      random_(random) {}

Operations::~Operations() = default;

// --- at start ---

Status Operations::load() {
  for (const auto state : {Operation::PROCESSING, Operation::ROLLING_BACK}) {
    Query query;
    query.kind = kOperationKind;
    query.state = Operation::OperationState_Name(state);
    query.page_size = Query::kMaxPageSize;
    do {
      auto page = store_.list(query);
      if (!page) return page.problem();
      for (const auto& stored : page->records) {
        auto record = parse<OperationRecord>(stored);
        if (!record) return record.problem();
        auto open = std::make_unique<Open>();
        open->record = *std::move(record);
        open_[{stored.key.tenant, stored.key.id}] = std::move(open);
      }
      query.page_token = page->next_page_token;
    } while (!query.page_token.empty());
  }
  return {};
}

void Operations::resume() {
  std::vector<Key> keys;
  for (const auto& [key, open] : open_) keys.push_back(key);
  for (const auto& key : keys) go_on(key);
  // Instances of parts whose hold ended while nobody was looking.
  std::vector<Key> orphans;
  for (const auto& [key, record] : instances_.all()) {
    if (!record.delegated()) continue;
    // Or ends from now on: a release that was under way goes on by itself.
    observe(key.first);
    if (!record.instance().operation_id().empty()) continue;
    const auto* const hold = book_.look_up(key.first, record.instance().hold_id());
    if (hold == nullptr || ended(hold->hold().state())) orphans.push_back(key);
  }
  for (const auto& [tenant, id] : orphans) hold_ended(tenant, id);
}

// --- instantiate ---

// W3C trace context: the caller's, or a new one that begins here.
std::string Operations::trace_of(const Call& call) {
  if (!call.traceparent.empty()) return call.traceparent;
  std::string trace;
  for (int i = 0; i < 3; ++i) trace += fmt::format("{:016x}", random_.next());
  return "00-" + trace.substr(0, 32) + "-" + trace.substr(32) + "-01";
}

Result<Operation> Operations::replay(const Key& key, const std::string& digest) const {
  const auto it = open_.find(key);
  if (it != open_.end()) {
    if (it->second->record.request_digest() == digest) return it->second->record.operation();
    return already_exists(kOperationKind, key.second);
  }
  auto stored = store_.get({kOperationKind, key.first, key.second});
  if (!stored) return stored.problem();
  if (!stored->has_value()) return not_found(kOperationKind, key.second);
  auto record = parse<OperationRecord>(**stored);
  if (!record) return record.problem();
  if (record->request_digest() != digest) return already_exists(kOperationKind, key.second);
  return record->operation();
}

Status Operations::check_instance(const Key& key, v1::NsState wanted) {
  const auto* const record = instances_.find(key);
  if (record == nullptr) return not_found(kNsInstanceKind, key.second);
  const auto& instance = record->instance();
  if (!instance.operation_id().empty())
    return make_problem(Problem::FAILED_PRECONDITION, "ns.busy",
                        "Another operation on this instance is under way.")
        .at_resource("ns-instance/" + key.second)
        .at_resource("operation/" + instance.operation_id())
        .possible("Wait for it (terrace op watch " + instance.operation_id() + ").");
  if (instance.ns_state() == wanted) return {};
  return make_problem(Problem::FAILED_PRECONDITION, "ns.state",
                      "The instance is not in the state this operation needs.")
      .at_resource("ns-instance/" + key.second)
      .constraint("nsState", v1::NsState_Name(wanted), v1::NsState_Name(instance.ns_state()));
}

// What is asked of the platform: the NSD on board as an order.
Result<v1::PlaceHoldRequest> Operations::order(const std::string& tenant,
                                               const std::string& operation_id,
                                               const v1::InstantiateRequest& request) {
  const auto* const record = instances_.find({tenant, request.ns_instance_id()});
  auto fragment = descriptors_.fragment(tenant, record->instance().nsd_id());
  if (!fragment) return fragment.problem();
  *fragment->mutable_params() = request.body();
  v1::PlaceHoldRequest hold;
  hold.set_hold_id(operation_id);
  hold.set_ns_instance_id(request.ns_instance_id());
  hold.set_plan_digest(request.plan_digest());
  *hold.mutable_fragment() = *std::move(fragment);
  return hold;
}

Status Operations::check_held(const std::string& tenant, const std::string& hold_id) const {
  const auto* const record = book_.look_up(tenant, hold_id);
  if (record == nullptr) return not_found(kHoldKind, hold_id);
  const auto state = record->hold().state();
  if (state == v1::Hold::HELD || state == v1::Hold::COMMITTING || state == v1::Hold::COMMITTED)
    return {};
  return make_problem(Problem::FAILED_PRECONDITION, "hold.not-held",
                      "Only a hold that is HELD can be committed.")
      .at_resource("hold/" + hold_id)
      .constraint("state", "HELD", v1::Hold::State_Name(state))
      .possible("Place a new hold.");
}

void Operations::instantiate(const Call& call, const v1::InstantiateRequest& request,
                             Reply<Operation> reply) {
  const std::string tenant = tenant_of(call);
  const bool with_hold = !request.hold_id().empty();
  std::string operation_id = request.operation_id();
  if (operation_id.empty()) operation_id = with_hold ? request.hold_id() : uuid_v4(random_);
  // R9, before anything is recorded: an operation begun by who is fenced out would stand in the way
  // of its successor's.
  const auto* const fenced = with_hold ? book_.look_up(tenant, request.hold_id()) : nullptr;
  if (fenced != nullptr && call.context.epoch() < fenced->epoch())
    return later<Operation>(executor_, std::move(reply),
                            old_epoch(request.hold_id(), fenced->epoch(), call.context.epoch()));
  const std::string digest = sha256_hex(request.SerializeAsString());
  auto known = replay({tenant, operation_id}, digest);
  if (known || known.problem().code() != Problem::NOT_FOUND)
    return later(executor_, std::move(reply), std::move(known));
  if (request.on_failure() == v1::HOLD)
    return later<Operation>(
        executor_, std::move(reply),
        make_problem(Problem::UNIMPLEMENTED, "on-failure.hold",
                     "Operations cannot rest in FAILED_TEMP yet; they roll back by themselves.")
            .at_path("on_failure")
            .possible("Order with ROLLBACK, or leave it out."));

  OperationRecord record;
  Key instance{tenant, request.ns_instance_id()};
  if (with_hold) {
    if (Status held = check_held(tenant, request.hold_id()); !held)
      return later<Operation>(executor_, std::move(reply), held.problem());
    const auto& hold = book_.look_up(tenant, request.hold_id())->hold();
    instance.second = hold.ns_instance_id();
    if (instances_.find(instance) == nullptr)
      instances_.add_delegated(instance, hold.fragment().nsd().id());
    record.mutable_hold()->set_hold_id(request.hold_id());
    *record.mutable_bindings() = request.bindings();
  }
  if (Status allowed = check_instance(instance, v1::NOT_INSTANTIATED); !allowed)
    return later<Operation>(executor_, std::move(reply), allowed.problem());
  if (!with_hold) {
    auto hold = order(tenant, operation_id, request);
    if (!hold) return later<Operation>(executor_, std::move(reply), hold.problem());
    *record.mutable_hold() = *std::move(hold);
  }
  auto& operation = *record.mutable_operation();
  operation.set_id(operation_id);
  operation.set_lcm_operation_type(Operation::INSTANTIATE);
  operation.set_on_failure(v1::ROLLBACK);
  operation.set_trace_id(trace_of(call));
  record.set_request_digest(digest);
  *record.mutable_context() = call.context;
  begin(instance, std::move(record), std::move(reply));
}

// --- terminate ---

void Operations::terminate(const Call& call, const v1::TerminateRequest& request,
                           Reply<Operation> reply) {
  const std::string tenant = tenant_of(call);
  const std::string operation_id =
      request.operation_id().empty() ? uuid_v4(random_) : request.operation_id();
  const std::string digest = sha256_hex(request.SerializeAsString());
  auto known = replay({tenant, operation_id}, digest);
  if (known || known.problem().code() != Problem::NOT_FOUND)
    return later(executor_, std::move(reply), std::move(known));
  const Key instance{tenant, request.ns_instance_id()};
  if (Status allowed = check_instance(instance, v1::INSTANTIATED); !allowed)
    return later<Operation>(executor_, std::move(reply), allowed.problem());
  OperationRecord record;
  record.mutable_hold()->set_hold_id(instances_.find(instance)->instance().hold_id());
  auto& operation = *record.mutable_operation();
  operation.set_id(operation_id);
  operation.set_lcm_operation_type(Operation::TERMINATE);
  operation.set_trace_id(trace_of(call));
  record.set_request_digest(digest);
  *record.mutable_context() = call.context;
  begin(instance, std::move(record), std::move(reply));
}

// --- on its way ---

// Recorded, answered, and on its way: one that could not be recorded has touched nothing.
void Operations::begin(const Key& instance, OperationRecord record, Reply<Operation> reply) {
  auto& operation = *record.mutable_operation();
  const Key key{instance.first, operation.id()};
  operation.set_tenant(key.first);
  operation.set_ns_instance_id(instance.second);
  operation.set_hold_id(record.hold().hold_id());
  *operation.mutable_start_time() = to_timestamp(clock_.now());
  enter(record, Operation::PROCESSING);
  auto& ns = *instances_.find(instance);
  ns.mutable_instance()->set_operation_id(operation.id());
  Batch batch;
  instances_.write(batch, instance, ns);
  batch.put({kOperationKind, key.first, key.second}, instance.second,
            Operation::OperationState_Name(Operation::PROCESSING), record.SerializeAsString());
  const Operation answer = operation;
  auto open = std::make_unique<Open>();
  open->record = std::move(record);
  open_[key] = std::move(open);
  store_.commit(
      std::move(batch), [this, key, instance, answer, reply = std::move(reply)](auto revision) {
        if (revision) {
          reply(answer);
          return go_on(key);
        }
        if (auto* const unwritten = instances_.find(instance)) {
          unwritten->mutable_instance()->clear_operation_id();
          // Made for this operation alone.
          const bool made =
              unwritten->delegated() && answer.lcm_operation_type() == Operation::INSTANTIATE;
          if (made) instances_.erase(instance);
        }
        open_.erase(key);
        reply(revision.problem());
      });
}

void Operations::go_on(const Key& key) {
  observe(key.first);
  const auto& record = open_.at(key)->record;
  if (record.operation().lcm_operation_type() == Operation::TERMINATE) return release(key);
  if (record.hold().has_fragment()) return hold(key);
  commit(key);
}

Call Operations::call_of(const OperationRecord& record) const {
  Call call;
  call.context = record.context();
  call.traceparent = record.operation().trace_id();
  return call;
}

void Operations::hold(const Key& key) {
  const auto& record = open_.at(key)->record;
  platform_.hold(call_of(record), record.hold(), [this, key](Result<v1::Hold> answer) {
    if (!open_.contains(key)) return;
    const bool go =
        answer && (answer->state() == v1::Hold::HELD || answer->state() == v1::Hold::COMMITTING ||
                   answer->state() == v1::Hold::COMMITTED);
    if (go) return commit(key);
    // Being undone since before a restart: its end is when every release is confirmed (R11).
    if (answer && answer->state() == v1::Hold::RELEASING) return release(key);
    settle(key, std::move(answer));
  });
}

void Operations::commit(const Key& key) {
  const auto& record = open_.at(key)->record;
  v1::CommitHoldRequest request;
  request.set_hold_id(record.hold().hold_id());
  *request.mutable_bindings() = record.bindings();
  platform_.commit(call_of(record), request, [this, key](Result<v1::Hold> answer) {
    if (open_.contains(key)) settle(key, std::move(answer));
  });
}

void Operations::release(const Key& key) {
  const auto& record = open_.at(key)->record;
  v1::ReleaseHoldRequest request;
  request.set_hold_id(record.hold().hold_id());
  request.set_mode(v1::ReleaseHoldRequest::UNDO);
  Call call = call_of(record);
  // The instance's owner here is not fenced out by whoever made it (R26).
  if (const auto* const hold = book_.look_up(key.first, request.hold_id()))
    call.context.set_epoch(std::max<std::uint64_t>(call.context.epoch(), hold->epoch()));
  platform_.release(call, request, [this, key](Result<v1::Hold> answer) {
    if (open_.contains(key)) settle(key, std::move(answer));
  });
}

// --- settled ---

void Operations::enter(OperationRecord& record, Operation::OperationState state) {
  record.mutable_operation()->set_operation_state(state);
  *record.mutable_operation()->mutable_state_entered_time() = to_timestamp(clock_.now());
}

void Operations::settle(const Key& key, Result<v1::Hold> answer) {
  auto& record = open_.at(key)->record;
  auto& operation = *record.mutable_operation();
  const bool terminate = operation.lcm_operation_type() == Operation::TERMINATE;
  if (answer && !answer->task().empty()) *operation.mutable_task() = answer->task();
  const bool good = answer && (terminate ? answer->state() != v1::Hold::FAILED
                                         : answer->state() == v1::Hold::COMMITTED);
  if (good) {
    enter(record, Operation::COMPLETED);
  } else {
    const bool stuck = terminate || (answer && answer->state() == v1::Hold::FAILED);
    enter(record, stuck ? Operation::FAILED : Operation::ROLLED_BACK);
    if (!answer) {
      *operation.mutable_error() = answer.problem();
    } else if (answer->has_error()) {
      *operation.mutable_error() = answer->error();
    } else {
      *operation.mutable_error() =
          make_problem(Problem::ABORTED, "operation.hold-ended", "Its hold ended before it did.")
              .constraint("state", "COMMITTED", v1::Hold::State_Name(answer->state()));
    }
  }
  settled_instance(key, good && !terminate ? &*answer : nullptr);
  end(key);
}

// The instance as the operation leaves it: `hold` made it so, or there is nothing.
void Operations::settled_instance(const Key& key, const v1::Hold* hold) {
  const auto& operation = open_.at(key)->record.operation();
  auto* const record = instances_.find({key.first, operation.ns_instance_id()});
  if (record == nullptr) return;
  auto& instance = *record->mutable_instance();
  instance.clear_operation_id();
  const bool still_there = operation.lcm_operation_type() == Operation::TERMINATE &&
                           operation.operation_state() == Operation::FAILED;
  if (still_there) return;
  if (hold == nullptr) {
    instance.set_ns_state(v1::NOT_INSTANTIATED);
    instance.clear_proof();
    instance.clear_envelope();
    instance.clear_customer_route();
    // A delegated instance is found again by it.
    if (!record->delegated()) instance.clear_hold_id();
    return;
  }
  instance.set_ns_state(v1::INSTANTIATED);
  instance.set_hold_id(hold->id());
  instance.set_flavour_id(hold->fragment().params().ns_flavour_id());
  *instance.mutable_proof() = hold->proof();
  *instance.mutable_envelope() = hold->envelope();
  instance.clear_customer_route();
  for (auto& route : customer_routes(hold->fragment(), hold->proof()))
    *instance.add_customer_route() = std::move(route);
}

// Written, however long the disk is full; then told.
void Operations::end(const Key& key) {
  const auto& record = open_.at(key)->record;
  const Key instance{key.first, record.operation().ns_instance_id()};
  Batch batch;
  const auto* const ns = instances_.find(instance);
  const bool gone =
      ns != nullptr && ns->delegated() && ns->instance().ns_state() == v1::NOT_INSTANTIATED;
  if (gone) {
    batch.erase({kNsInstanceKind, instance.first, instance.second});
  } else if (ns != nullptr) {
    instances_.write(batch, instance, *ns);
  }
  batch.put({kOperationKind, key.first, key.second}, instance.second,
            Operation::OperationState_Name(record.operation().operation_state()),
            record.SerializeAsString());
  store_.commit(std::move(batch), [this, key, instance, gone](auto revision) {
    if (!revision) {
      auto timer = std::make_shared<std::unique_ptr<Executor::Timer>>();
      *timer = executor_.after(std::chrono::seconds(1), [this, key, timer] {
        executor_.post([timer] {});
        end(key);
      });
      return;
    }
    if (gone) instances_.erase(instance);
    const Operation operation = open_.at(key)->record.operation();
    open_.erase(key);
    tell(key, operation);
  });
}

void Operations::hold_ended(const std::string& tenant, const std::string& hold_id) {
  const auto* const hold = book_.look_up(tenant, hold_id);
  const Key key{tenant, hold == nullptr ? hold_id : hold->hold().ns_instance_id()};
  auto* const record = instances_.find(key);
  if (record == nullptr || record->instance().hold_id() != hold_id) return;
  if (!record->instance().operation_id().empty()) return;
  Batch batch;
  if (record->delegated()) {
    instances_.erase(key);
    batch.erase({kNsInstanceKind, key.first, key.second});
  } else {
    record->mutable_instance()->set_ns_state(v1::NOT_INSTANTIATED);
    record->mutable_instance()->clear_proof();
    record->mutable_instance()->clear_hold_id();
    instances_.write(batch, key, *record);
  }
  store_.commit(std::move(batch), {});
}

}  // namespace terrace
