// Calls to children that outlive lost messages: the same attempt is asked again until its outcome
// is known (R6, R8, R9: unknown is never an end state).
//
// On the executor's strand. A call lives by itself until it replies.
#pragma once

#include <functional>

#include "base/clock.h"
#include "base/executor.h"
#include "recursion/platform.h"

namespace terrace {

struct Patience {
  // Of one try.
  Duration call_timeout = std::chrono::seconds(10);
  // Between tries: doubles from the first to the longest.
  Duration first_pause = std::chrono::milliseconds(50);
  Duration longest_pause = std::chrono::seconds(5);
};

class ChildCalls {
 public:
  ChildCalls(Executor& executor, const Clock& clock, Patience patience)
      : executor_(executor), clock_(clock), patience_(patience) {}

  // Until an answer, or until `give_up` has passed: then the last problem, its outcome unknown. The
  // child may still hold what was asked for, so a release is owed. `timeout` is one try's.
  void hold(Platform& child, Call call, v1::PlaceHoldRequest request, Duration timeout,
            Instant give_up, Reply<v1::Hold> reply) const;

  // Until an answer, or until `stop` says so: then the last problem, unknown.
  void commit(Platform& child, Call call, v1::CommitHoldRequest request, std::function<bool()> stop,
              Reply<v1::Hold> reply) const;

  // Until confirmed, or refused in a way that repeating cannot mend, however long that takes (R11).
  // `abandon` (may be empty) ends the repetition: another obligation took over.
  void release(Platform& child, Call call, v1::ReleaseHoldRequest request, Reply<v1::Hold> reply,
               std::function<bool()> abandon = {}) const;

 private:
  class Repeated;
  void repeat(std::function<void(const Call&, Reply<v1::Hold>)> send, Call call, Duration timeout,
              std::function<bool()> stop, Reply<v1::Hold> reply) const;

  Executor& executor_;
  const Clock& clock_;
  Patience patience_;
};

}  // namespace terrace
