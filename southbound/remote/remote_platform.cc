#include "southbound/remote/remote_platform.h"

#include <algorithm>
#include <map>
#include <utility>

#include "southbound/remote/catalogue_feed.h"
#include "southbound/remote/tenant_view.h"
#include "terrace/v1/hold_service.pb.h"
#include "terrace/v1/ns_lifecycle_service.pb.h"

namespace terrace {
namespace {

constexpr const char* kPlaceHold = "/terrace.v1.HoldService/PlaceHold";
constexpr const char* kGetHold = "/terrace.v1.HoldService/GetHold";
constexpr const char* kReleaseHold = "/terrace.v1.HoldService/ReleaseHold";
constexpr const char* kProbe = "/terrace.v1.HoldService/Probe";
constexpr const char* kInstantiateNs = "/terrace.v1.NsLifecycleService/InstantiateNs";
constexpr const char* kUpdateNs = "/terrace.v1.NsLifecycleService/UpdateNs";

bool has_ended(const v1::NsLcmOpOcc& operation) {
  switch (operation.operation_state()) {
    case v1::NsLcmOpOcc::COMPLETED:
    case v1::NsLcmOpOcc::PARTIALLY_COMPLETED:
    case v1::NsLcmOpOcc::FAILED:
    case v1::NsLcmOpOcc::ROLLED_BACK:
      return true;
    default:
      return false;
  }
}

}  // namespace

class RemotePlatform::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Executor& executor, const Clock& clock, Random& random, Channel& channel,
       RemotePlatformOptions options)
      : executor_(executor),
        clock_(clock),
        random_(random),
        channel_(channel),
        options_(std::move(options)) {}

  void close() { views_.clear(); }

  std::unique_ptr<Subscription> publish(CatalogueSink sink) {
    return feed().subscribe(std::move(sink));
  }

  std::unique_ptr<Subscription> observe(const Call& call, ObserveSink sink) {
    return view(call).observe(std::move(sink));
  }

  void hold(const Call& call, const v1::PlaceHoldRequest& request, Reply<v1::Hold> reply) {
    view(call);  // the watch is open before there is something to see
    const bool change =
        !request.ns_instance_id().empty() && request.ns_instance_id() != request.hold_id();
    const std::pair key{tenant_of(call), request.hold_id()};
    if (!request.dry()) instance_of_[key] = change ? request.ns_instance_id() : request.hold_id();
    call_unary<v1::Hold>(
        channel_, kPlaceHold, call, request,
        [weak = weak_from_this(), key, reply = std::move(reply)](Result<v1::Hold> answer) {
          const auto self = weak.lock();
          const bool refused = !answer.ok() && !outcome_unknown(answer.problem());
          if (self && refused) self->instance_of_.erase(key);
          reply(std::move(answer));
        });
  }

  void commit(const Call& call, const v1::CommitHoldRequest& request, Reply<v1::Hold> reply) {
    auto waiting = begin(SlowVerb::kCommit, call, request.hold_id(), std::move(reply));
    with_instance(call, waiting, [this, call, request, waiting](const std::string& instance_id) {
      send_commit(call, request, instance_id, waiting);
    });
  }

  void release(const Call& call, const v1::ReleaseHoldRequest& request, Reply<v1::Hold> reply) {
    const bool keep = request.mode() == v1::ReleaseHoldRequest::KEEP;
    auto waiting =
        begin(keep ? SlowVerb::kKeep : SlowVerb::kUndo, call, request.hold_id(), std::move(reply));
    if (!keep) instance_of_.erase({tenant_of(call), request.hold_id()});
    call_unary<v1::Hold>(channel_, kReleaseHold, answered_soon(call), request,
                         [weak = weak_from_this(), call, waiting](Result<v1::Hold> answer) {
                           const auto self = weak.lock();
                           if (!self) return;
                           if (!answer.ok())
                             return self->failed(call, waiting, std::move(answer).problem());
                           self->release_recorded(call, waiting, *answer);
                         });
  }

  void probe(const Call& call, const v1::ProbeRequest& request, Reply<v1::ProbeResult> reply) {
    call_unary<v1::ProbeResult>(channel_, kProbe, call, request, std::move(reply));
  }

  Condition condition() const {
    Condition condition;
    condition.connected = feed_ && feed_->heard();
    if (!feed_) return condition;
    condition.error = feed_->lost();
    const auto& catalogue = feed_->catalogue();
    if (!catalogue) return condition;
    condition.platform_id = catalogue->platform_id();
    condition.catalogue_revision = catalogue->revision();
    condition.offers = static_cast<std::uint32_t>(catalogue->offer_size());
    condition.catalogue_expires = Instant(std::chrono::seconds(catalogue->expires().seconds()) +
                                          Duration(catalogue->expires().nanos()));
    return condition;
  }

 private:
  CatalogueFeed& feed() {
    if (!feed_) feed_ = std::make_unique<CatalogueFeed>(executor_, random_, channel_, options_);
    return *feed_;
  }

  TenantView& view(const Call& call) {
    auto& view = views_[tenant_of(call)];
    if (!view) {
      view = std::make_unique<TenantView>(executor_, random_, channel_, options_, tenant_of(call));
    }
    return *view;
  }

  // Of a call that is answered once recorded.
  Call answered_soon(Call call) const {
    const Instant latest = clock_.now() + options_.answer_timeout;
    call.deadline = call.deadline ? std::min(*call.deadline, latest) : latest;
    return call;
  }

  std::shared_ptr<Waiting> begin(SlowVerb verb, const Call& call, const std::string& hold_id,
                                 Reply<v1::Hold> reply) {
    view(call);
    auto waiting = std::make_shared<Waiting>(verb, hold_id, std::move(reply));
    if (call.deadline) {
      waiting->deadline =
          executor_.after(*call.deadline - clock_.now(),
                          [weak = std::weak_ptr<Waiting>(waiting), problem = not_settled(hold_id)] {
                            if (const auto pending = weak.lock()) pending->answer(problem);
                          });
    }
    return waiting;
  }

  Problem not_settled(const std::string& hold_id) const {
    return make_problem(Problem::DEADLINE_EXCEEDED, "remote.not-settled",
                        options_.name + " has not settled it in time; it may yet")
        .at_resource("hold/" + hold_id)
        .possible("the same call again: it is answered with what it has become");
  }

  // The instance that a hold is of: its own, or, for a change, another's. Known from the hold that
  // was placed or the watch; after a restart the child is asked.
  void with_instance(const Call& call, const std::shared_ptr<Waiting>& waiting,
                     std::function<void(const std::string&)> then) {
    const auto& hold_id = waiting->hold_id();
    if (const auto known = instance_of_.find({tenant_of(call), hold_id});
        known != instance_of_.end()) {
      return then(known->second);
    }
    if (const auto* hold = view(call).find_hold(hold_id)) {
      return then(hold->ns_instance_id().empty() ? hold_id : hold->ns_instance_id());
    }
    v1::GetHoldRequest request;
    request.set_hold_id(hold_id);
    call_unary<v1::Hold>(
        channel_, kGetHold, answered_soon(call), request,
        [weak = weak_from_this(), call, waiting, then = std::move(then)](Result<v1::Hold> answer) {
          const auto self = weak.lock();
          if (!self || waiting->answered()) return;
          if (!answer.ok()) return self->failed(call, waiting, std::move(answer).problem());
          then(answer->ns_instance_id().empty() ? waiting->hold_id() : answer->ns_instance_id());
        });
  }

  void send_commit(const Call& call, const v1::CommitHoldRequest& commit,
                   const std::string& instance_id, const std::shared_ptr<Waiting>& waiting) {
    auto answered = [weak = weak_from_this(), call, waiting](Result<v1::NsLcmOpOcc> answer) {
      const auto self = weak.lock();
      if (!self) return;
      if (!answer.ok()) return self->failed(call, waiting, std::move(answer).problem());
      self->commit_recorded(call, waiting, *answer);
    };
    if (instance_id == commit.hold_id()) {
      v1::InstantiateRequest request;
      request.set_ns_instance_id(instance_id);
      request.set_operation_id(commit.hold_id());
      request.set_hold_id(commit.hold_id());
      *request.mutable_bindings() = commit.bindings();
      return call_unary<v1::NsLcmOpOcc>(channel_, kInstantiateNs, answered_soon(call), request,
                                        std::move(answered));
    }
    v1::UpdateRequest request;
    request.set_ns_instance_id(instance_id);
    request.set_operation_id(commit.hold_id());
    request.set_hold_id(commit.hold_id());
    *request.mutable_bindings() = commit.bindings();
    call_unary<v1::NsLcmOpOcc>(channel_, kUpdateNs, answered_soon(call), request,
                               std::move(answered));
  }

  void commit_recorded(const Call& call, const std::shared_ptr<Waiting>& waiting,
                       const v1::NsLcmOpOcc& operation) {
    if (waiting->answered()) return;
    waiting->accepted = true;
    view(call).await(waiting);
    if (!has_ended(operation)) return;
    // It was settled before we asked: the watch may have no more to say about it.
    v1::GetHoldRequest request;
    request.set_hold_id(waiting->hold_id());
    call_unary<v1::Hold>(channel_, kGetHold, answered_soon(call), request,
                         [weak = weak_from_this(), call, waiting](Result<v1::Hold> hold) {
                           const auto self = weak.lock();
                           if (!self || !hold.ok()) return;
                           self->view(call).settle(waiting, *hold);
                         });
  }

  void release_recorded(const Call& call, const std::shared_ptr<Waiting>& waiting,
                        const v1::Hold& hold) {
    if (waiting->answered()) return;
    waiting->accepted = true;
    if (!view(call).settle(waiting, hold)) view(call).await(waiting);
  }

  void failed(const Call& call, const std::shared_ptr<Waiting>& waiting, Problem problem) {
    if (waiting->answered()) return;
    if (!outcome_unknown(problem)) return waiting->answer(std::move(problem));
    waiting->loss = std::move(problem);
    view(call).await(waiting);
  }

  Executor& executor_;
  const Clock& clock_;
  Random& random_;
  Channel& channel_;
  const RemotePlatformOptions options_;
  std::unique_ptr<CatalogueFeed> feed_;
  std::map<std::string, std::unique_ptr<TenantView>> views_;  // by tenant
  // By tenant and hold, until released: which instance a commit is for.
  std::map<std::pair<std::string, std::string>, std::string> instance_of_;
};

RemotePlatform::RemotePlatform(Executor& executor, const Clock& clock, Random& random,
                               Channel& channel, RemotePlatformOptions options)
    : impl_(std::make_shared<Impl>(executor, clock, random, channel, std::move(options))) {}

RemotePlatform::~RemotePlatform() {
  impl_->close();
}

std::unique_ptr<Subscription> RemotePlatform::publish(CatalogueSink sink) {
  return impl_->publish(std::move(sink));
}

void RemotePlatform::hold(const Call& call, const v1::PlaceHoldRequest& request,
                          Reply<v1::Hold> reply) {
  impl_->hold(call, request, std::move(reply));
}

void RemotePlatform::commit(const Call& call, const v1::CommitHoldRequest& request,
                            Reply<v1::Hold> reply) {
  impl_->commit(call, request, std::move(reply));
}

void RemotePlatform::release(const Call& call, const v1::ReleaseHoldRequest& request,
                             Reply<v1::Hold> reply) {
  impl_->release(call, request, std::move(reply));
}

void RemotePlatform::probe(const Call& call, const v1::ProbeRequest& request,
                           Reply<v1::ProbeResult> reply) {
  impl_->probe(call, request, std::move(reply));
}

std::unique_ptr<Subscription> RemotePlatform::observe(const Call& call, ObserveSink sink) {
  return impl_->observe(call, std::move(sink));
}

RemotePlatform::Condition RemotePlatform::condition() const {
  return impl_->condition();
}

}  // namespace terrace
