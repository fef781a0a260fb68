// Says in the log what is asked of a platform and what comes of it: a Platform around a Platform.
// One line a verb when it is answered, with what identifies the order: tenant, root operation,
// path, hold, trace.
#pragma once

#include <memory>
#include <string>

#include "base/ids.h"
#include "base/log.h"
#include "recursion/platform.h"

namespace terrace {

class Logged final : public Platform {
 public:
  // `self`: the platform that speaks, the path's last. `next` and `clock` outlive this, and this
  // outlives every call under way.
  Logged(Platform& next, const Clock& clock, PlatformId self, Log log);

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
  Reply<v1::Hold> told(const char* verb, const Call& call, const std::string& hold_id,
                       Reply<v1::Hold> reply) const;

  Log line(const Call& call, const std::string& hold_id) const;

  Platform& next_;
  const Clock& clock_;
  const PlatformId self_;
  const Log log_;
};

}  // namespace terrace
