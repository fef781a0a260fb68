// Refuses what must not even be begun: a Platform around the platform that a daemon serves.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/executor.h"
#include "base/ids.h"
#include "recursion/platform.h"

namespace terrace {

// Before any work (R10, R13):
// - FAILED_PRECONDITION "path.loop" for a hold whose path this platform is in already,
// - FAILED_PRECONDITION "path.depth" for one whose path is longer than the limit,
// - INVALID_ARGUMENT "request.unknown-field" / "request.unknown-value" at the path in the message,
// - INVALID_ARGUMENT "request.malformed" for an empty or impossible id or tenant.
// Releases, commits and probes are admitted whatever their path: what was once admitted can always
// be ended. Everything else goes through unchanged.
class Admission final : public Platform {
 public:
  // `max_depth`: platforms passed on the way down before this one. `next` outlives this.
  Admission(Platform& next, Executor& executor, PlatformId self, std::size_t max_depth);

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
  Status check_path(const Call& call) const;

  Platform& next_;
  Executor& executor_;
  const PlatformId self_;
  const std::size_t max_depth_;
};

}  // namespace terrace
