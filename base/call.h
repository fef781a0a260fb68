// What a call is, whoever carries it: beside the message its context, deadline and trace; one
// reply; or a stream that lasts as long as its subscription.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "terrace/v1/common.pb.h"

namespace terrace {

// What travels beside a message.
struct Call {
  v1::CallContext context;
  // When the caller stops waiting. The work may go on.
  std::optional<Instant> deadline;
  // W3C trace context.
  std::string traceparent;
};

// Called exactly once, on the executor's strand, never inside the call it answers.
template <class T>
using Reply = std::function<void(Result<T>)>;

// Ends what it stands for when destroyed. Destroy it on the executor.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

}  // namespace terrace
