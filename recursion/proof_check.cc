#include "recursion/proof_check.h"

#include <utility>

#include "recursion/envelope_check.h"
#include "recursion/proof.h"

namespace terrace {

namespace {

bool has_proof(const v1::Hold& hold) {
  return hold.state() == v1::Hold::HELD || hold.state() == v1::Hold::COMMITTING ||
         hold.state() == v1::Hold::COMMITTED;
}

// One hold call under way: what was asked, to be compared with what is answered.
struct Asked {
  Platform& next;
  std::string whose;
  Log log;
  Call call;
  v1::PlaceHoldRequest request;
  Reply<v1::Hold> reply;

  Status check(const v1::Hold& hold) const;
  Problem name(const Problem& violation) const;
  void answer(Result<v1::Hold> result);
  void release_and_refuse(Problem violation) const;
};

Status Asked::check(const v1::Hold& hold) const {
  if (!has_proof(hold)) return {};
  if (request.has_envelope()) {
    return check_proof(request.envelope(), request.fragment(), hold.proof());
  }
  if (!hold.has_envelope()) {
    return make_problem(Problem::FAILED_PRECONDITION, "proof.outside-envelope",
                        "the answer does not say which envelope it was chosen within")
        .at_path("envelope")
        .constraint("envelope", "the platform's own", "none");
  }
  // A customer's order, which may leave open what the answer has made explicit.
  const v1::Fragment& order = hold.has_fragment() ? hold.fragment() : request.fragment();
  if (Status status = check_envelope(hold.envelope(), order); !status) return status;
  return check_proof(hold.envelope(), order, hold.proof());
}

Problem Asked::name(const Problem& violation) const {
  Problem named = violation;
  named.set_what("the answer of " + whose + ": " + violation.what());
  named.add_where()->set_resource("platform/" + whose);
  return named;
}

void Asked::answer(Result<v1::Hold> result) {
  const Status status = result ? check(*result) : Status();
  if (status) return reply(std::move(result));
  Problem violation = name(status.problem());
  log.with(call).error(
      "proof refused",
      {{"hold", request.hold_id()}, {"platform", whose}, {"problem", describe(violation)}});
  // A dry hold set nothing aside; what is under way or real is for its owner to take down.
  if (request.dry() || result->state() != v1::Hold::HELD) return reply(std::move(violation));
  release_and_refuse(std::move(violation));
}

void Asked::release_and_refuse(Problem violation) const {
  v1::ReleaseHoldRequest release;
  release.set_hold_id(request.hold_id());
  release.set_mode(v1::ReleaseHoldRequest::UNDO);
  next.release(call, release,
               [about = log.with(call).with("hold", release.hold_id()), refuse = reply,
                violation = std::move(violation)](const Result<v1::Hold>& released) {
                 if (released) {
                   about.info("released after a refused proof");
                 } else {
                   about.warning("not released after a refused proof",
                                 {{"problem", describe(released.problem())}});
                 }
                 refuse(violation);
               });
}

}  // namespace

ProofCheck::ProofCheck(Platform& next, Executor& executor, std::string whose, Log log)
    : next_(next), executor_(executor), whose_(std::move(whose)), log_(std::move(log)) {}

std::unique_ptr<Subscription> ProofCheck::publish(CatalogueSink sink) {
  return next_.publish(std::move(sink));
}

void ProofCheck::hold(const Call& call, const v1::PlaceHoldRequest& request,
                      Reply<v1::Hold> reply) {
  if (request.has_envelope()) {
    if (Status status = check_envelope(request.envelope(), request.fragment()); !status) {
      executor_.post([reply, problem = status.problem()] { reply(problem); });
      return;
    }
  }
  auto asked = std::make_shared<Asked>(Asked{next_, whose_, log_, call, request, std::move(reply)});
  next_.hold(call, request, [asked](Result<v1::Hold> result) { asked->answer(std::move(result)); });
}

void ProofCheck::commit(const Call& call, const v1::CommitHoldRequest& request,
                        Reply<v1::Hold> reply) {
  next_.commit(call, request, std::move(reply));
}

void ProofCheck::release(const Call& call, const v1::ReleaseHoldRequest& request,
                         Reply<v1::Hold> reply) {
  next_.release(call, request, std::move(reply));
}

void ProofCheck::probe(const Call& call, const v1::ProbeRequest& request,
                       Reply<v1::ProbeResult> reply) {
  next_.probe(call, request, std::move(reply));
}

std::unique_ptr<Subscription> ProofCheck::observe(const Call& call, ObserveSink sink) {
  return next_.observe(call, std::move(sink));
}

}  // namespace terrace
