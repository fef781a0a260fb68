// Holds every answer against its envelope (R13, R15): a Platform around what we serve, and around
// each child we use.
#pragma once

#include <memory>
#include <string>

#include "base/executor.h"
#include "base/log.h"
#include "recursion/platform.h"

namespace terrace {

// A hold with an ill-formed envelope is refused before the call: INVALID_ARGUMENT
// "envelope.malformed". The proof of a hold that is answered (HELD, and on replay COMMITTING or
// COMMITTED) must be within its envelope: the request's, or, when it had none, the one that the
// answer echoes. A violation is replied as check_proof words it, with whose answer it was, once
// what was held has been released (one call, same context; repeating it until it is confirmed is
// the owner's, R11; only what a HELD answer set aside is released, never a dry one nor what is
// committed already).
class ProofCheck final : public Platform {
 public:
  // `whose`: the platform behind `next`, for the refusal. `next` outlives every call under way;
  // `executor` outlives this.
  ProofCheck(Platform& next, Executor& executor, std::string whose, Log log = {});

  [[nodiscard]] std::unique_ptr<Subscription> publish(CatalogueSink sink) override;
  void hold(const Call& call, const v1::PlaceHoldRequest& request, Reply<v1::Hold> reply) override;
  void commit(const Call& call, const v1::CommitHoldRequest& request,
              Reply<v1::Hold> reply) override;
  void release(const Call& call, const v1::ReleaseHoldRequest& request,
               Reply<v1::Hold> reply) override;
  void probe(const Call& call, const v1::ProbeRequest& request,
             Reply<v1::ProbeResult> reply) override;
  [[nodiscard]] std::unique_ptr<Subscription> observe(const Call& call, ObserveSink sink) override;

 private:
  Platform& next_;
  Executor& executor_;
  const std::string whose_;
  const Log log_;
};

}  // namespace terrace
