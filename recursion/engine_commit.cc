#include "recursion/engine_commit.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "base/time.h"

namespace terrace {
namespace {

constexpr char kAgainNamespace[] = "b8ce1c2e-55c5-5a0d-90a4-1f4bb5a0d7e3";

// Ended below without a commit: its life ran out while a sibling was being waited for (R8).
bool ran_out(const Result<v1::Hold>& answer) {
  if (answer) return answer->state() == v1::Hold::EXPIRED;
  return answer.problem().type() == "hold.not-held" || answer.problem().type() == "hold.not-found";
}

bool same_values(v1::Proof a, v1::Proof b) {
  for (auto* const proof : {&a, &b}) {
    for (auto& vnf : *proof->mutable_vnf()) vnf.clear_vnf_instance_id();
    for (auto& end : *proof->mutable_end()) end.clear_end_id();
  }
  return a.SerializeAsString() == b.SerializeAsString();
}

}  // namespace

CommitWork::CommitWork(EngineCore& core, std::shared_ptr<HoldEntry> entry,
                       std::function<void(Status)> done)
    : core_(core), entry_(std::move(entry)), done_(std::move(done)) {}

void CommitWork::start() {
  for (const auto* const part : active_parts(record()))
    core_.want(part->child(), part->request().hold_id());
  auto composition = compose(record());
  if (!composition) return done_(std::move(composition).problem());
  composition_ = *std::move(composition);
  // At the root nobody binds: what lies behind the customers' SAPs is known from the order.
  incoming_ = record().request().has_envelope() ? record().hold().bindings()
                                                : root_bindings(record().hold().fragment());
  probes_ = across_probes(record().hold().fragment(), composition_.division, composition_.proofs,
                          composition_.paths);

  auto& schedule = *delegation().mutable_schedule();
  add_task(schedule, "bind");
  std::vector<std::string> commits;
  for (const auto* const part : composition_.parts) {
    commits.push_back("commit " + part->name());
    add_task(schedule, commits.back(), {"bind"});
  }
  for (std::size_t i = 0; i < probes_.size(); ++i)
    add_task(schedule, "probe " + std::to_string(i + 1), commits).set_detail(probes_[i].str());
  TaskRunner::run(
      schedule, core_.clock(),
      [self = shared_from_this()](const v1::Task& task, Done done) {
        self->perform(task, std::move(done));
      },
      [self = shared_from_this()] {
        *self->record().mutable_hold()->mutable_task() = self->delegation().schedule();
        self->entry_->show();
      },
      [self = shared_from_this()](Status status) { self->done_(std::move(status)); });
}

void CommitWork::perform(const v1::Task& task, Done done) {
  const std::string kind = task_kind(task);
  if (entry_->release_wanted())
    return done(problem(Problem::CANCELLED, "commit.released", "Released while committing."));
  if (kind == "bind") return bind(std::move(done));
  if (kind == "commit") return commit_part(task_object(task), std::move(done));
  if (kind == "probe")
    return probe(std::stoul(task_object(task)) - 1, core_.config().probe_tries, std::move(done));
  done(problem(Problem::UNIMPLEMENTED, "task.unknown", "No task of that kind: " + kind));
}

// What each part must know of the others, recorded before it is sent (R6).
void CommitWork::bind(Done done) {
  const auto bindings = part_bindings(composition_.paths, composition_.parts.size(), incoming_);
  for (std::size_t i = 0; i < composition_.parts.size(); ++i) {
    auto& part = *composition_.parts[i];
    *part.mutable_bindings() = bindings[i];
    *part.mutable_bindings()->mutable_end() = bindings_for(i).end();
    if (part.state() == DelegatedPart::HELD) part.set_state(DelegatedPart::COMMIT_SENT);
  }
  entry_->save(std::move(done));
}

// All ends of each link of this part that continues: the same list at every end (R16).
v1::Bindings CommitWork::bindings_for(std::size_t part) const {
  v1::Bindings bindings;
  for (const auto& link : composition_.parts[part]->request().envelope().link()) {
    if (!link.has_stitching()) continue;
    const auto& cuts = std::as_const(*entry_).record().delegation().cut();
    const bool cut_here = std::any_of(
        cuts.begin(), cuts.end(), [&](const auto& cut) { return cut.link_id() == link.link_id(); });
    const auto add = [&](const auto& ends) {
      for (const auto& end : ends)
        if (end.link_id() == link.link_id()) *bindings.add_end() = end;
    };
    if (!cut_here) {
      add(incoming_.end());
      continue;
    }
    for (const auto& proof : composition_.proofs) add(proof.end());
  }
  return bindings;
}

void CommitWork::commit_part(const std::string& name, Done done) {
  const DelegatedPart* const part = find_part(record(), name);
  Platform* const child = core_.child(part->child());
  if (part->state() == DelegatedPart::COMMITTED && child != nullptr) return done({});
  if (child == nullptr)
    return done(problem(Problem::FAILED_PRECONDITION, "child.gone", "A platform below is gone."));
  v1::CommitHoldRequest request;
  request.set_hold_id(part->request().hold_id());
  *request.mutable_bindings() = part->bindings();
  // R8: an attempt whose commit was sent is not abandoned by a time-out; only by a release.
  core_.calls().commit(
      *child, core_.call(*entry_, *part, Step::kMake), request,
      [entry = entry_] { return entry->release_wanted(); },
      [self = shared_from_this(), name, done = std::move(done)](Result<v1::Hold> answer) {
        self->committed(name, std::move(answer), done);
      });
}

void CommitWork::committed(const std::string& name, Result<v1::Hold> answer, Done done) {
  DelegatedPart* const part = find_part(record(), name);
  if (answer && answer->state() == v1::Hold::COMMITTED) {
    part->set_state(DelegatedPart::COMMITTED);
    return done({});
  }
  if (ran_out(answer)) return hold_again(name, std::move(done));
  if (!answer && answer.problem().has_epoch_seen()) {
    core_.outrank(answer.problem().epoch_seen());
    return commit_part(name, std::move(done));
  }
  if (!answer) return done(restated(answer.problem()));
  if (answer->has_error()) return done(restated(answer->error()));
  done(make_problem(Problem::ABORTED, "part.ended", "A part ended while it was being committed.")
           .constraint("state", "COMMITTED", v1::Hold::State_Name(answer->state())));
}

// R8: a new attempt whose envelope is exactly the old proof; if that is refused, all is undone.
void CommitWork::hold_again(const std::string& name, Done done) {
  DelegatedPart& part = *find_part(record(), name);
  const std::string earlier = part.request().hold_id();
  if (!again_.insert(name).second)
    return done(problem(Problem::ABORTED, "part.expired",
                        "A part was not kept until it could be committed."));
  core_.unwant(part.child(), earlier);
  part.clear_replaces();
  part.add_replaces(earlier);
  part.mutable_request()->set_hold_id(uuid_v5(kAgainNamespace, earlier));
  *part.mutable_request()->mutable_envelope() =
      exact_envelope(part.request().envelope(), part.proof());
  part.set_not_after_us(to_micros(core_.clock().now() + 2 * core_.config().hold_patience));
  core_.want(part.child(), part.request().hold_id());
  entry_->save([self = shared_from_this(), name, done = std::move(done)](Status saved) {
    if (!saved) return done(std::move(saved));
    const DelegatedPart& again = *find_part(self->record(), name);
    self->core_.calls().hold(
        *self->core_.child(again.child()), self->core_.call(*self->entry_, again, Step::kMake),
        again.request(), self->core_.config().hold_patience / 3,
        self->core_.clock().now() + self->core_.config().hold_patience,
        [self, name, done](Result<v1::Hold> answer) {
          if (!answer) return done(restated(answer.problem()));
          if (answer->state() != v1::Hold::HELD ||
              !same_values(answer->proof(), find_part(self->record(), name)->proof()))
            return done(problem(Problem::ABORTED, "part.expired",
                                "A part could not be held again as it was."));
          self->held_again(name, answer->proof(), done);
        });
  });
}

// A new attempt's ends have names of their own, by which it knows itself in the list it is told.
void CommitWork::held_again(const std::string& name, const v1::Proof& proof, Done done) {
  DelegatedPart& part = *find_part(record(), name);
  for (auto& end : *part.mutable_bindings()->mutable_end())
    for (int i = 0; i < proof.end_size(); ++i)
      if (end.end_id() == part.proof().end(i).end_id()) end.set_end_id(proof.end(i).end_id());
  *part.mutable_proof() = proof;
  entry_->save([self = shared_from_this(), name, done = std::move(done)](Status saved) {
    if (!saved) return done(std::move(saved));
    self->commit_part(name, done);
  });
}

// R20: who cut a link probes across it.
void CommitWork::probe(std::size_t number, int tries_left, Done done) {
  const PathProbe& wanted = probes_.at(number);
  const DelegatedPart& part = *composition_.parts.at(wanted.part);
  v1::ProbeRequest request;
  request.set_hold_id(part.request().hold_id());
  request.set_sapd_id(wanted.sapd_id);
  request.set_path_id(wanted.path_id);
  request.set_destination(wanted.target.address());
  request.set_protocol(wanted.target.protocol());
  request.set_port(wanted.target.port());
  request.set_packet_size(wanted.packet_size);
  *request.mutable_timeout() = to_proto(core_.config().probe_timeout);
  Call call = core_.call(*entry_, part, Step::kMake);
  call.deadline = core_.clock().now() + 5 * core_.config().probe_timeout;
  core_.child(part.child())
      ->probe(call, request,
              [self = shared_from_this(), number, tries_left,
               done = std::move(done)](Result<v1::ProbeResult> result) {
                if (result && result->verdict() == v1::ProbeResult::ANSWERED) return done({});
                if (tries_left > 1 && !self->entry_->release_wanted())
                  return self->probe(number, tries_left - 1, done);
                const std::string verdict =
                    result ? v1::ProbeResult::Verdict_Name(result->verdict()) : "UNKNOWN";
                const auto& probe = self->probes_.at(number);
                ProblemBuilder failed(Problem::FAILED_PRECONDITION,
                                      verdict == "REFUSED" ? "probe.refused" : "probe.silent",
                                      "Test traffic does not get through: " + probe.str() + ".");
                done(std::move(failed)
                         .at_path("nfpd: " + probe.path_id)
                         .constraint("probe", "ANSWERED",
                                     verdict + (result ? " " + result->detail() : "")));
              });
}

}  // namespace terrace
