// A lower terraced, as a Platform: PROTOCOL's R5 to R9 and R26 as one who calls across a network
// must keep them. What it does is carry calls down and states up; it decides nothing.
//
// How the slow verbs are answered. Over the API, commit (InstantiateNs) and release (ReleaseHold)
// answer once recorded; what became of them is seen on a watch of all that the tenant owns there,
// one stream a tenant, opened with the tenant's first call, resumed and reconnected for as long as
// this lives. Nothing is polled. A commit or release is answered
//   with the refusal             when the child refuses the call;
//   with the hold as it settled  when the watch, or the answer itself, shows it settled;
//   with an unknown outcome      (outcome_unknown) when nothing is known any more: its deadline
//                                passed, or the call was lost and the child, heard again, shows
//                                nothing of it. The caller asks again (R6).
// While the child is away, a lost call stays pending: the snapshot that follows decides.
//
// A hold or probe whose call is lost is answered with that loss at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "recursion/platform.h"
#include "rpc/channel.h"

namespace terrace {

struct RemotePlatformOptions {
  // In problems: "child edge-2 ...".
  std::string name;
  // For the recorded answer of commit and release, where the call itself has no earlier deadline.
  Duration answer_timeout = std::chrono::seconds(10);
  // Pauses between attempts to open a stream double from the first to the last, with jitter.
  Duration reconnect_first = std::chrono::milliseconds(100);
  Duration reconnect_last = std::chrono::seconds(5);
  // A stream silent for longer (its server says BOOKMARK more often than that) counts as broken.
  Duration silence = std::chrono::seconds(20);
};

class RemotePlatform final : public Platform {
 public:
  // All must outlive it. Destroy it on the strand: what is pending is answered CANCELLED first.
  RemotePlatform(Executor& executor, const Clock& clock, Random& random, Channel& channel,
                 RemotePlatformOptions options);
  ~RemotePlatform() override;

  [[nodiscard]] std::unique_ptr<Subscription> publish(CatalogueSink sink) override;
  void hold(const Call& call, const v1::PlaceHoldRequest& request, Reply<v1::Hold> reply) override;
  // With the hold of a change (its instance is another's): UpdateNs.
  void commit(const Call& call, const v1::CommitHoldRequest& request,
              Reply<v1::Hold> reply) override;
  void release(const Call& call, const v1::ReleaseHoldRequest& request,
               Reply<v1::Hold> reply) override;
  void probe(const Call& call, const v1::ProbeRequest& request,
             Reply<v1::ProbeResult> reply) override;
  [[nodiscard]] std::unique_ptr<Subscription> observe(const Call& call, ObserveSink sink) override;

  // For the administrator's status.
  struct Condition {
    bool connected = false;
    std::string platform_id;  // empty: never heard
    std::uint64_t catalogue_revision = 0;
    std::optional<Instant> catalogue_expires;
    std::uint32_t offers = 0;
    std::optional<Problem> error;  // why it cannot be heard just now
  };
  Condition condition() const;

 private:
  class Impl;
  const std::shared_ptr<Impl> impl_;
};

}  // namespace terrace
