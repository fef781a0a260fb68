#include "recursion/hold_book.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "recursion/decompose.h"
#include "recursion/hold_book_entry.h"

namespace terrace {
namespace {

// The namespace of every name-based id that is minted here (RFC 9562, 5.5).
constexpr char kRealmNamespace[] = "5b0f6f7e-6f0a-5d1c-9a53-6c1a2f7d9e10";

std::string digest_of(const google::protobuf::Message& message) {
  return sha256_hex(message.SerializeAsString());
}

Problem other_body(const std::string& id) {
  return make_problem(Problem::ALREADY_EXISTS, "hold.other-body",
                      "A hold with this id was placed with another request.")
      .at_resource("hold/" + id)
      .possible("Choose a new id for a new request; repeat a request exactly as it was sent.");
}

Problem no_longer_held(const v1::Hold& hold) {
  return make_problem(Problem::FAILED_PRECONDITION, "hold.not-held",
                      "Only a hold that is HELD can be committed.")
      .at_resource("hold/" + hold.id())
      .constraint("state", "HELD", v1::Hold::State_Name(hold.state()))
      .possible("Place a new hold.");
}

}  // namespace

Problem old_epoch(const std::string& id, std::uint64_t seen, std::uint64_t got) {
  Problem problem = make_problem(Problem::ABORTED, "epoch.old",
                                 "A newer worker or operation has taken over this instance.")
                        .at_resource("hold/" + id)
                        .constraint("epoch", ">= " + std::to_string(seen), std::to_string(got))
                        .possible("Raise the epoch and repeat, if you are its current worker.");
  problem.set_epoch_seen(seen);
  return problem;
}

bool ended(v1::Hold::State state) {
  switch (state) {
    case v1::Hold::RELEASED:
    case v1::Hold::EXPIRED:
    case v1::Hold::REFUSED:
    case v1::Hold::ROLLED_BACK:
    case v1::Hold::FAILED:
      return true;
    default:
      return false;
  }
}

bool owes(const record::v1::HoldRecord& record) {
  const auto& parts = record.delegation().part();
  return std::any_of(parts.begin(), parts.end(), [](const auto& part) {
    return part.state() != record::v1::DelegatedPart::RELEASED;
  });
}

std::string plan_digest(const v1::Proof& proof) {
  v1::Proof plan = proof;
  plan.clear_realm();
  for (auto& vnf : *plan.mutable_vnf()) {
    vnf.clear_vnf_instance_id();
    for (auto& cp : *vnf.mutable_cp()) cp.clear_mac();
  }
  for (auto& end : *plan.mutable_end()) end.clear_end_id();
  return digest_of(plan);
}

HoldBook::HoldBook(HoldBookConfig config, Maker& maker, Store& store, Executor& executor,
                   const Clock& clock)
    : config_(std::move(config)),
      maker_(maker),
      store_(store),
      executor_(executor),
      clock_(clock) {}

HoldBook::~HoldBook() = default;

std::unique_ptr<Subscription> HoldBook::publish(CatalogueSink sink) {
  return maker_.publish(std::move(sink));
}

Instant HoldBook::now() const {
  return latest_ = std::max(latest_, clock_.now());
}

HoldBook::EntryPtr HoldBook::find(const Key& key) const {
  const auto it = entries_.find(key);
  return it == entries_.end() ? nullptr : it->second;
}

const record::v1::HoldRecord* HoldBook::look_up(const std::string& tenant,
                                                const std::string& id) const {
  const auto entry = find({tenant, id});
  return entry ? &entry->record() : nullptr;
}

std::vector<const record::v1::HoldRecord*> HoldBook::records() const {
  std::vector<const record::v1::HoldRecord*> records;
  records.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) records.push_back(&entry->record());
  return records;
}

void HoldBook::answer(Reply<v1::Hold> reply, Result<v1::Hold> result) {
  executor_.post([reply = std::move(reply), result = std::move(result)] { reply(result); });
}

// --- hold ---

void HoldBook::hold(const Call& call, const v1::PlaceHoldRequest& request, Reply<v1::Hold> reply) {
  std::string digest = digest_of(request);
  const Key key{tenant_of(call), request.hold_id()};
  if (!request.dry()) {
    if (const auto known = find(key); known && replay(known, call, digest, reply)) return;
  }
  const auto not_after = admit(call, request);
  if (!not_after) return answer(std::move(reply), not_after.problem());

  auto entry = add(call, request, std::move(digest));
  *entry->hold().mutable_not_after() = to_timestamp(*not_after);
  entry->hold_waiters_.push_back(std::move(reply));
  entry->busy_ = Entry::Busy::kHolding;
  if (const Status filled = fill_in(*entry); !filled) return refused(entry, filled.problem());
  if (entry->dry_) return make_hold(entry);
  release_replaced(entry, call, [this, entry] { make_hold(entry); });
}

// Looked at before expiry and before everything else (R6). True when it answered or will.
bool HoldBook::replay(const EntryPtr& entry, const Call& call, const std::string& digest,
                      Reply<v1::Hold>& reply) {
  auto& record = entry->record();
  const std::uint64_t epoch = call.context.epoch();
  if (epoch < record.epoch()) {
    answer(std::move(reply), old_epoch(entry->key().second, record.epoch(), epoch));
  } else if (record.hold().tombstone()) {
    answer(std::move(reply), record.hold());
  } else if (record.hold().request_digest() != digest) {
    answer(std::move(reply), other_body(entry->key().second));
  } else if (entry->busy_ == Entry::Busy::kHolding) {
    record.set_epoch(epoch);
    entry->hold_waiters_.push_back(std::move(reply));
  } else if (record.hold().state() == v1::Hold::REFUSED) {
    answer(std::move(reply), record.hold().error());
  } else {
    record.set_epoch(epoch);
    answer(std::move(reply), record.hold());
  }
  return true;
}

// The attempt's not-after, or why it must not be begun (R7).
Result<Instant> HoldBook::admit(const Call& call, const v1::PlaceHoldRequest& request) const {
  if (!call.context.has_not_after_us()) return now() + config_.memory;
  const Instant not_after = from_micros(call.context.not_after_us());
  if (now() <= not_after || request.dry()) return not_after;
  return make_problem(Problem::FAILED_PRECONDITION, "hold.too-late",
                      "This attempt arrived after the instant its caller set for it.")
      .at_resource("hold/" + request.hold_id())
      .constraint("not-after", std::to_string(to_micros(not_after)),
                  std::to_string(to_micros(now())))
      .possible("Make a new attempt; check that both clocks are right.");
}

HoldBook::EntryPtr HoldBook::add(const Call& call, const v1::PlaceHoldRequest& request,
                                 std::string digest) {
  const Key key{tenant_of(call), request.hold_id()};
  auto entry = std::make_shared<Entry>(*this, key);
  entry->dry_ = request.dry();
  auto& record = entry->record();
  *record.mutable_request() = request;
  *record.mutable_context() = call.context;
  record.set_traceparent(call.traceparent);
  record.set_epoch(call.context.epoch());
  auto& hold = *record.mutable_hold();
  hold.set_id(request.hold_id());
  hold.set_tenant(key.first);
  hold.set_state(v1::Hold::PLACING);
  hold.set_ns_instance_id(request.ns_instance_id().empty() ? request.hold_id()
                                                           : request.ns_instance_id());
  hold.set_request_digest(std::move(digest));
  const Instant received = now();
  Duration life = config_.default_life;
  if (call.context.has_remaining_life_ms())
    life = std::chrono::milliseconds(call.context.remaining_life_ms());
  *hold.mutable_created() = to_timestamp(received);
  *hold.mutable_expires() = to_timestamp(received + std::min(life, config_.longest_life));
  if (!entry->dry_) entries_[key] = entry;
  return entry;
}

// What the maker may rely on: a normalised fragment and an envelope.
Status HoldBook::fill_in(Entry& entry) {
  const auto& request = entry.record().request();
  auto fragment = normalise(request.fragment());
  if (!fragment) return fragment.problem();
  *entry.hold().mutable_fragment() = *std::move(fragment);
  if (request.has_envelope()) {
    *entry.hold().mutable_envelope() = request.envelope();
    return {};
  }
  // The same order gets the same realm, however often it is asked for.
  const std::string name =
      config_.platform_id.str() + "/" + entry.key().first + "/" + entry.key().second;
  auto envelope = root_envelope(config_.pools, entry.record().hold().fragment(),
                                uuid_v5(kRealmNamespace, name));
  if (!envelope) return envelope.problem();
  *entry.hold().mutable_envelope() = *std::move(envelope);
  return {};
}

// R8: the earlier attempts this one names end first, recorded before this one is; it goes on once
// their values are free.
void HoldBook::release_replaced(const EntryPtr& entry, const Call& call,
                                std::function<void()> then) {
  if (call.context.replaces().empty()) return then();
  struct Left {
    int count = 1;
    Status status;
  };
  const auto left = std::make_shared<Left>();
  const auto one_freed = [this, entry, left, then = std::move(then)](Status status) {
    if (!status && left->status) left->status = std::move(status);
    if (--left->count > 0) return;
    left->status ? then() : refused(entry, left->status.problem());
  };
  for (const auto& id : call.context.replaces()) {
    const Key key{entry->key().first, id};
    if (key == entry->key()) continue;
    ++left->count;
    end_replaced(key, call, [one_freed](Result<v1::Hold> freed) {
      one_freed(freed ? Status() : std::move(freed).problem());
    });
  }
  // Durable in order: when this is, the releases above are.
  write(entry, one_freed);
}

// One on its way out is waited for, whatever epoch sent it there; any other is released, unless a
// newer worker made it (R9).
void HoldBook::end_replaced(const Key& key, const Call& call, Reply<v1::Hold> freed) {
  const auto older = find(key);
  const bool over = older && older->busy_ == Entry::Busy::kIdle && ended(older->state());
  if (over) return answer(std::move(freed), older->record().hold());
  if (older && (older->release_wanted() || older->busy_ == Entry::Busy::kReleasing)) {
    older->release_waiters_.push_back(std::move(freed));
    return;
  }
  v1::ReleaseHoldRequest request;
  request.set_hold_id(key.second);
  request.set_mode(v1::ReleaseHoldRequest::UNDO);
  release(call, request, std::move(freed));
}

void HoldBook::make_hold(const EntryPtr& entry) {
  if (entry->release_wanted())
    return held(entry, problem(Problem::CANCELLED, "hold.released", "Released while placing."));
  maker_.hold(entry, [this, entry](Status status) { held(entry, std::move(status)); });
}

void HoldBook::held(const EntryPtr& entry, Status status) {
  auto& hold = entry->hold();
  entry->made_ = status.ok();
  if (status && !hold.has_proof())
    status = problem(Problem::INTERNAL, "hold.no-proof", "The platform made no proof.");
  if (status) hold.set_plan_digest(plan_digest(hold.proof()));
  const auto& wanted = entry->record().request().plan_digest();
  if (status && !wanted.empty() && wanted != hold.plan_digest())
    status = make_problem(Problem::FAILED_PRECONDITION, "plan.changed",
                          "What is possible now is not what the plan says.")
                 .at_resource("hold/" + hold.id())
                 .constraint("plan", wanted, hold.plan_digest())
                 .possible("Ask for a new plan and compare.");
  if (!status) return refused(entry, std::move(status).problem());
  hold.set_state(v1::Hold::HELD);
  write(entry, [this, entry](Status written) {
    if (!written) return refused(entry, written.problem());
    entry->busy_ = Entry::Busy::kIdle;
    // Before one of those who wait can commit it.
    const bool unwanted = entry->release_wanted();
    if (unwanted) begin_release(entry);
    auto waiters = std::move(entry->hold_waiters_);
    for (auto& waiter : waiters) waiter(entry->record().hold());
    if (!entry->dry_ && !unwanted) arm(entry);
  });
}

void HoldBook::refused(const EntryPtr& entry, Problem problem) {
  auto& hold = entry->hold();
  problem.set_platform_id(config_.platform_id.str());
  hold.set_state(entry->release_wanted() ? v1::Hold::RELEASED : v1::Hold::REFUSED);
  *hold.mutable_error() = std::move(problem);
  hold.clear_proof();
  write(entry, [this, entry](Status) {
    entry->busy_ = Entry::Busy::kIdle;
    // Set aside and refused all the same (another plan, a full disk), or owed below. On its way
    // before those who wait can ask for the next best.
    const bool undo = !entry->dry_ && (entry->made_ || owes(entry->record()));
    if (undo) make_release(entry);
    auto waiters = std::move(entry->hold_waiters_);
    for (auto& waiter : waiters) waiter(entry->record().hold().error());
    if (entry->dry_ || undo) return;
    auto releases = std::move(entry->release_waiters_);
    for (auto& waiter : releases) waiter(entry->record().hold());
    arm(entry);
  });
}

// --- commit ---

void HoldBook::commit(const Call& call, const v1::CommitHoldRequest& request,
                      Reply<v1::Hold> reply) {
  const Key key{tenant_of(call), request.hold_id()};
  const auto entry = find(key);
  if (!entry)
    return answer(std::move(reply),
                  make_problem(Problem::NOT_FOUND, "hold.not-found", "There is no such hold.")
                      .at_resource("hold/" + request.hold_id())
                      .possible("List the holds; one that ended long ago is forgotten."));
  auto& record = entry->record();
  const std::uint64_t epoch = call.context.epoch();
  if (epoch < record.epoch())
    return answer(std::move(reply), old_epoch(key.second, record.epoch(), epoch));
  record.set_epoch(epoch);
  auto& hold = entry->hold();
  const bool bound = hold.has_bindings();
  if (bound && hold.bindings().SerializeAsString() != request.bindings().SerializeAsString())
    return answer(std::move(reply), other_body(key.second));
  // One that is being undone is answered when it is: with how it ended.
  if (entry->busy_ == Entry::Busy::kCommitting ||
      (bound && entry->busy_ == Entry::Busy::kReleasing)) {
    entry->commit_waiters_.push_back(std::move(reply));
    return;
  }
  if (bound && (ended(hold.state()) || hold.state() == v1::Hold::COMMITTED))
    return answer(std::move(reply), hold);
  const bool held = hold.state() == v1::Hold::HELD && entry->busy_ == Entry::Busy::kIdle;
  if (!held || now() > entry->expires()) return answer(std::move(reply), no_longer_held(hold));

  *hold.mutable_bindings() = request.bindings();
  hold.set_state(v1::Hold::COMMITTING);
  record.set_commit_deadline_us(to_micros(now() + config_.commit_deadline));
  entry->busy_ = Entry::Busy::kCommitting;
  entry->commit_waiters_.push_back(std::move(reply));
  write(entry, [this, entry](Status written) {
    if (!written) return committed(entry, std::move(written));
    make_commit(entry);
  });
}

void HoldBook::make_commit(const EntryPtr& entry) {
  arm(entry);
  maker_.commit(entry, [this, entry](Status status) { committed(entry, std::move(status)); });
}

void HoldBook::committed(const EntryPtr& entry, Status status) {
  if (status && entry->release_wanted())
    status = problem(Problem::CANCELLED, "commit.released", "Released while committing.");
  auto& record = entry->record();
  if (!status) {
    // A deadline that ended it is the reason to tell, not the cancellation it caused.
    if (!record.has_failure()) *record.mutable_failure() = std::move(status).problem();
    record.mutable_failure()->set_platform_id(config_.platform_id.str());
    return begin_release(entry);
  }
  entry->hold().set_state(v1::Hold::COMMITTED);
  write(entry, [this, entry](Status written) {
    if (!written) {
      *entry->record().mutable_failure() = written.problem();
      return begin_release(entry);
    }
    // Asked for while this was written: those who wait hear how that ended.
    if (entry->release_wanted()) return committed(entry, {});
    entry->busy_ = Entry::Busy::kIdle;
    entry->timer_.reset();
    auto waiters = std::move(entry->commit_waiters_);
    for (auto& waiter : waiters) waiter(entry->record().hold());
  });
}

// --- release ---

void HoldBook::release(const Call& call, const v1::ReleaseHoldRequest& request,
                       Reply<v1::Hold> reply) {
  const Key key{tenant_of(call), request.hold_id()};
  const auto entry = find(key);
  if (!entry) return entomb(key, call, std::move(reply));
  auto& record = entry->record();
  const std::uint64_t epoch = call.context.epoch();
  if (epoch < record.epoch())
    return answer(std::move(reply), old_epoch(key.second, record.epoch(), epoch));
  record.set_epoch(epoch);
  if (entry->busy_ == Entry::Busy::kIdle && ended(entry->state()))
    return answer(std::move(reply), record.hold());
  entry->release_waiters_.push_back(std::move(reply));
  if (entry->busy_ == Entry::Busy::kReleasing) return;
  const bool first = !record.release_wanted();
  record.set_release_wanted(true);
  if (entry->busy_ == Entry::Busy::kIdle) return begin_release(entry);
  // Recorded now; acts at the maker's next safe point.
  if (first) write(entry, [](Status) {});
}

// R7: released though never known. A hold that comes later finds it ended.
void HoldBook::entomb(const Key& key, const Call& call, Reply<v1::Hold> reply) {
  auto entry = std::make_shared<Entry>(*this, key);
  entry->record().set_epoch(call.context.epoch());
  auto& hold = entry->hold();
  hold.set_id(key.second);
  hold.set_tenant(key.first);
  hold.set_state(v1::Hold::RELEASED);
  hold.set_tombstone(true);
  *hold.mutable_created() = to_timestamp(now());
  const Instant not_after = call.context.has_not_after_us()
                                ? from_micros(call.context.not_after_us())
                                : now() + config_.memory;
  *hold.mutable_not_after() = to_timestamp(not_after);
  // An attempt that can no longer begin needs no tombstone.
  if (now() > not_after) return answer(std::move(reply), hold);
  entries_[key] = entry;
  write(entry, [this, entry, reply = std::move(reply)](Status written) {
    if (!written) return reply(written.problem());
    reply(entry->record().hold());
    arm(entry);
  });
}

void HoldBook::begin_release(const EntryPtr& entry) {
  entry->busy_ = Entry::Busy::kReleasing;
  entry->hold().set_state(v1::Hold::RELEASING);
  persist(entry, [this, entry] { make_release(entry); });
}

void HoldBook::make_release(const EntryPtr& entry) {
  entry->busy_ = Entry::Busy::kReleasing;
  maker_.release(entry, [this, entry](Status status) { released(entry, std::move(status)); });
}

void HoldBook::released(const EntryPtr& entry, Status status) {
  auto& record = entry->record();
  auto& hold = entry->hold();
  if (!status) {
    hold.set_state(v1::Hold::FAILED);
    *hold.mutable_error() = std::move(status).problem();
  } else if (!ended(hold.state())) {
    hold.set_state(record.has_failure()      ? v1::Hold::ROLLED_BACK
                   : record.release_wanted() ? v1::Hold::RELEASED
                                             : v1::Hold::EXPIRED);
    if (record.has_failure()) *hold.mutable_error() = record.failure();
  }
  // A customer's order has no end of its own after which it cannot be repeated: remembered from
  // now.
  if (!record.context().has_not_after_us())
    *hold.mutable_not_after() = to_timestamp(now() + config_.memory);
  persist(entry, [this, entry] {
    entry->busy_ = Entry::Busy::kIdle;
    auto commits = std::move(entry->commit_waiters_);
    auto releases = std::move(entry->release_waiters_);
    for (auto& waiter : commits) waiter(entry->record().hold());
    for (auto& waiter : releases) waiter(entry->record().hold());
    arm(entry);
  });
}

// --- probe ---

void HoldBook::probe(const Call& call, const v1::ProbeRequest& request,
                     Reply<v1::ProbeResult> reply) {
  const auto entry = find({tenant_of(call), request.hold_id()});
  const bool real =
      entry && (entry->state() == v1::Hold::COMMITTING || entry->state() == v1::Hold::COMMITTED);
  if (real) return maker_.probe(*entry, call, request, std::move(reply));
  Problem problem = make_problem(entry ? Problem::FAILED_PRECONDITION : Problem::NOT_FOUND,
                                 entry ? "hold.not-committed" : "hold.not-found",
                                 "Only what is committed can be probed.")
                        .at_resource("hold/" + request.hold_id());
  executor_.post([reply = std::move(reply), problem = std::move(problem)] { reply(problem); });
}

}  // namespace terrace
