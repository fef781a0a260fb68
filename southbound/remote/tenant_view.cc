#include "southbound/remote/tenant_view.h"

#include "terrace/v1/hold_service.pb.h"

namespace terrace {
namespace {

Call call_for(const std::string& tenant) {
  Call call;
  call.context.set_tenant(tenant);
  return call;
}

std::pair<std::string, std::string> key_of(const v1::WatchEvent& event) {
  switch (event.resource_case()) {
    case v1::WatchEvent::kHold:
      return {"hold", event.hold().id()};
    case v1::WatchEvent::kNsInstance:
      return {"ns-instance", event.ns_instance().id()};
    case v1::WatchEvent::kOperation:
      return {"operation", event.operation().id()};
    case v1::WatchEvent::RESOURCE_NOT_SET:
      break;
  }
  return {event.kind(), event.id()};
}

bool has_ended(v1::Hold::State state) {
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

Problem no_longer_held(const v1::Hold& hold) {
  auto builder = make_problem(Problem::FAILED_PRECONDITION, "hold.not-held",
                              "the hold ended before it was committed")
                     .at_resource("hold/" + hold.id())
                     .constraint("hold-state", "HELD", v1::Hold::State_Name(hold.state()));
  Problem problem = std::move(builder);
  if (hold.has_error()) *problem.add_causes() = hold.error();
  return problem;
}

// A state that answers the verb for good; unset: it is still on its way, or nothing is known.
std::optional<Result<v1::Hold>> settled(const Waiting& waiting, const v1::Hold& hold) {
  switch (waiting.verb()) {
    case SlowVerb::kCommit:
      if (hold.state() == v1::Hold::COMMITTED || hold.state() == v1::Hold::ROLLED_BACK ||
          hold.state() == v1::Hold::FAILED) {
        return hold;
      }
      if (has_ended(hold.state())) return Result<v1::Hold>(no_longer_held(hold));
      return std::nullopt;
    case SlowVerb::kUndo:
      if (has_ended(hold.state())) return hold;
      return std::nullopt;
    case SlowVerb::kKeep:
      // COMMITTED is also the state before it: only after the child said that it recorded it.
      if (has_ended(hold.state())) return hold;
      if (waiting.accepted && hold.state() == v1::Hold::COMMITTED) return hold;
      return std::nullopt;
  }
  return std::nullopt;
}

// Whether the child is at work on it: then its next state is waited for.
bool under_way(const Waiting& waiting, v1::Hold::State state) {
  if (!waiting.accepted) {
    // A lost commit that arrived; a lost release shows as RELEASING once it acts.
    return waiting.verb() == SlowVerb::kCommit ? state == v1::Hold::COMMITTING
                                               : state == v1::Hold::RELEASING;
  }
  if (waiting.verb() != SlowVerb::kCommit) return true;  // recorded, acts at the next safe point
  return state == v1::Hold::COMMITTING || state == v1::Hold::RELEASING;
}

}  // namespace

TenantView::TenantView(Executor& executor, Random& random, Channel& channel,
                       const RemotePlatformOptions& options, std::string tenant)
    : executor_(executor),
      options_(options),
      stream_(executor, random, channel, options, "/terrace.v1.HoldService/Watch", call_for(tenant),
              v1::WatchEvent::default_instance(),
              {.request = [this] { return next_request(); },
               .event =
                   [this](const Channel::Message& message) {
                     event(static_cast<const v1::WatchEvent&>(message));
                   },
               .lost = [this](const Problem& problem) { lost(problem); },
               .stale = [this] { token_.reset(); }}) {}

TenantView::~TenantView() {
  const Problem closed = problem(Problem::CANCELLED, "remote.closed",
                                 options_.name + " is no longer used by this platform");
  for (auto& [hold_id, waiting] : waiting_) {
    waiting->deadline.reset();
    executor_.post([waiting = waiting, closed] { waiting->answer(closed); });
  }
}

std::unique_ptr<Subscription> TenantView::observe(Platform::ObserveSink sink) {
  auto added = observers_->add(std::move(sink));
  executor_.post([this, weak = std::weak_ptr<bool>(alive_), id = added.id] {
    if (weak.expired()) return;
    if (synced_) {
      observers_->prime(id, whole());
    } else if (stream_.lost()) {
      observers_->tell_problem(id, *stream_.lost());
    }
  });
  return std::move(added.subscription);
}

std::unique_ptr<Channel::Message> TenantView::next_request() {
  auto request = std::make_unique<v1::WatchRequest>();
  resuming_ = token_.has_value();
  if (resuming_) *request->mutable_resume() = *token_;
  incoming_.clear();
  return request;
}

void TenantView::event(const v1::WatchEvent& event) {
  switch (event.type()) {
    case v1::WatchEvent::UPSERT:
    case v1::WatchEvent::DELETE:
      if (!synced_) return apply(resuming_ ? items_ : incoming_, event);
      apply(items_, event);
      if (event.has_token()) token_ = event.token();
      observers_->tell(event);
      if (const auto [kind, id] = key_of(event); kind == "hold") {
        judge_hold(id, /*gone=*/event.type() == v1::WatchEvent::DELETE);
      }
      return;
    case v1::WatchEvent::SNAPSHOT_END:
      if (event.has_token()) token_ = event.token();
      return snapshot_ended();
    case v1::WatchEvent::BOOKMARK:
      // Before the snapshot's end a token would skip the rest of it.
      if (synced_ && event.has_token()) token_ = event.token();
      return;
    default:
      return;  // a sort of event that is newer than this platform
  }
}

void TenantView::apply(std::map<Key, v1::WatchEvent>& items, const v1::WatchEvent& event) {
  if (event.type() == v1::WatchEvent::DELETE) {
    items.erase(key_of(event));
  } else {
    items.insert_or_assign(key_of(event), event);
  }
}

void TenantView::snapshot_ended() {
  if (!resuming_) items_.swap(incoming_);
  incoming_.clear();
  synced_ = true;
  observers_->prime_all(whole());
  std::vector<std::shared_ptr<Waiting>> all;
  for (const auto& [hold_id, waiting] : waiting_) all.push_back(waiting);
  for (const auto& waiting : all) judge(waiting, /*fresh=*/true);
  forget_answered();
}

void TenantView::lost(const Problem& problem) {
  synced_ = false;
  observers_->tell_problem(problem);
}

std::vector<v1::WatchEvent> TenantView::whole() const {
  std::vector<v1::WatchEvent> events;
  events.reserve(items_.size() + 1);
  for (const auto& [key, event] : items_) events.push_back(event);
  v1::WatchEvent end;
  end.set_type(v1::WatchEvent::SNAPSHOT_END);
  if (token_) *end.mutable_token() = *token_;
  events.push_back(std::move(end));
  return events;
}

void TenantView::await(const std::shared_ptr<Waiting>& waiting) {
  forget_answered();
  waiting_.emplace(waiting->hold_id(), waiting);
  executor_.post([this, weak = std::weak_ptr<bool>(alive_), waiting] {
    if (weak.expired()) return;
    // What was seen may be older than the call: an end is an end, all else proves nothing.
    judge(waiting, /*fresh=*/false);
    if (!waiting->answered() && waiting->loss && synced_) waiting->answer(*waiting->loss);
  });
}

bool TenantView::settle(const std::shared_ptr<Waiting>& waiting, const v1::Hold& hold) {
  if (auto result = settled(*waiting, hold)) waiting->answer(*std::move(result));
  return waiting->answered();
}

void TenantView::judge(const std::shared_ptr<Waiting>& waiting, bool fresh) {
  if (waiting->answered()) return;
  const auto* hold = find_hold(waiting->hold_id());
  if (hold) {
    if (auto result = settled(*waiting, *hold)) return waiting->answer(*std::move(result));
    if (!fresh || under_way(*waiting, hold->state())) return;
  }
  if (!fresh) return;
  waiting->answer(
      waiting->loss ? *waiting->loss
                    : Problem(make_problem(Problem::UNKNOWN, "remote.not-shown",
                                           options_.name + " took the call and shows nothing of it")
                                  .at_resource("hold/" + waiting->hold_id())));
}

void TenantView::judge_hold(const std::string& hold_id, bool gone) {
  std::vector<std::shared_ptr<Waiting>> concerned;
  const auto [first, last] = waiting_.equal_range(hold_id);
  for (auto it = first; it != last; ++it) concerned.push_back(it->second);
  if (concerned.empty()) return;
  for (const auto& waiting : concerned) judge(waiting, /*fresh=*/gone);
  forget_answered();
}

void TenantView::forget_answered() {
  std::erase_if(waiting_, [](const auto& entry) { return entry.second->answered(); });
}

const v1::Hold* TenantView::find_hold(const std::string& hold_id) const {
  const auto found = items_.find({"hold", hold_id});
  return found == items_.end() ? nullptr : &found->second.hold();
}

}  // namespace terrace
