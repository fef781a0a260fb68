// A Channel straight into a Dispatch in the same process: both edges run (every message is
// serialised, checked and parsed as over gRPC), no socket does. For simulations and labs.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "northbound/dispatch.h"
#include "rpc/channel.h"

namespace terrace {

class LocalChannel final : public Channel {
 public:
  // Both ends run on `executor`. A call whose deadline passes first is answered DEADLINE_EXCEEDED;
  // what it started goes on. All three must outlive the channel.
  LocalChannel(Executor& executor, const Clock& clock, Dispatch& dispatch);
  ~LocalChannel() override;

  void unary(std::string_view method, const Call& call, const Message& request,
             const Message& prototype, MessageReply reply) override;
  [[nodiscard]] std::unique_ptr<Subscription> stream(std::string_view method, const Call& call,
                                                     const Message& request,
                                                     const Message& prototype,
                                                     MessageSink sink) override;

 private:
  class Pending;
  class Stream;
  std::shared_ptr<Pending> begin(const Call& call, const Message& prototype, MessageReply sink);

  Executor& executor_;
  const Clock& clock_;
  Dispatch& dispatch_;
  std::vector<std::shared_ptr<Pending>> pending_;  // and some that have ended
  std::size_t sweep_at_ = 16;
};

}  // namespace terrace
