// The one idea: a Platform is offered upward and consumed downward. Six verbs.
//
// Everything runs on the platform's Executor: calls come in on it and replies go out on it, never
// inside the call itself. A reply comes exactly once. Messages passed by reference live until the
// call returns; an implementation copies what it keeps.
//
// Who implements it: HoldBook around an Engine (a platform made of child platforms) or around a
// Leaf (infrastructure); RemotePlatform (a lower terraced, over the API); decorators.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/call.h"
#include "base/clock.h"
#include "base/result.h"
#include "terrace/v1/common.pb.h"
#include "terrace/v1/hold.pb.h"
#include "terrace/v1/probe.pb.h"
#include "terrace/v1/watch.pb.h"

namespace terrace {

// The tenant of a call: "default" when the caller named none.
std::string tenant_of(const Call& call);

// True for an error that says nothing about what the callee did (R9: unknown is never an end
// state): CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE. Everything else is a
// refusal.
bool outcome_unknown(const Problem& problem);

class Platform {
 public:
  virtual ~Platform() = default;

  // The catalogue: a SNAPSHOT, then DELTAs, forever. A Problem means that the publisher cannot be
  // heard just now; what was published last stays good until it expires, and the next event after a
  // Problem is a SNAPSHOT.
  using CatalogueSink = std::function<void(Result<v1::CatalogueEvent>)>;
  [[nodiscard]] virtual std::unique_ptr<Subscription> publish(CatalogueSink sink) = 0;

  // Replies with the hold in state HELD (or, on replay, whatever it has become since; an ended hold
  // is answered as it ended), or refuses: RESOURCE_EXHAUSTED, FAILED_PRECONDITION (stale terms,
  // loop, depth), INVALID_ARGUMENT, ALREADY_EXISTS (same id, other body), NOT_FOUND (no such
  // function). `dry`: the same answer and nothing set aside.
  virtual void hold(const Call& call, const v1::PlaceHoldRequest& request,
                    Reply<v1::Hold> reply) = 0;

  // Replies once settled: the hold COMMITTED, ROLLED_BACK or FAILED (its `error` says why), or
  // refuses: FAILED_PRECONDITION for one that is not (or no longer) held, NOT_FOUND, ABORTED for an
  // old epoch. Asked again while it goes on: another reply to the same commit.
  virtual void commit(const Call& call, const v1::CommitHoldRequest& request,
                      Reply<v1::Hold> reply) = 0;

  // Replies once nothing is left: the hold in an ended state. Legal in any state, harmless twice;
  // an id never known becomes a tombstone. Refuses only an old epoch (ABORTED).
  virtual void release(const Call& call, const v1::ReleaseHoldRequest& request,
                       Reply<v1::Hold> reply) = 0;

  // Replies with a verdict, or NOT_FOUND / FAILED_PRECONDITION when it cannot be sent from there.
  virtual void probe(const Call& call, const v1::ProbeRequest& request,
                     Reply<v1::ProbeResult> reply) = 0;

  // Everything the call's tenant owns here: UPSERTs, SNAPSHOT_END, then every change. A Problem
  // means that the platform cannot be heard just now; what follows it is a whole snapshot again.
  using ObserveSink = std::function<void(Result<v1::WatchEvent>)>;
  [[nodiscard]] virtual std::unique_ptr<Subscription> observe(const Call& call,
                                                              ObserveSink sink) = 0;
};

}  // namespace terrace
