#include "recursion/child_calls.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace terrace {

// One call, repeated. Keeps itself alive by what it waits for.
class ChildCalls::Repeated : public std::enable_shared_from_this<Repeated> {
 public:
  using Send = std::function<void(const Call&, Reply<v1::Hold>)>;

  Repeated(const ChildCalls& calls, Send send, Call call, Duration timeout,
           std::function<bool()> stop, Reply<v1::Hold> reply)
      : executor_(calls.executor_),
        clock_(calls.clock_),
        patience_(calls.patience_),
        send_(std::move(send)),
        call_(std::move(call)),
        timeout_(timeout),
        stop_(std::move(stop)),
        reply_(std::move(reply)),
        pause_(patience_.first_pause) {}

  // Whichever comes first, the answer or the time-out, ends a try; what comes later is of an older
  // try and is dropped. A late good answer is not lost: the next try asks for the same thing.
  void attempt() {
    const int number = ++try_;
    call_.deadline = clock_.now() + timeout_;
    timer_ = executor_.after(timeout_, [self = shared_from_this(), number] {
      self->settle(number, problem(Problem::DEADLINE_EXCEEDED, "child.silent",
                                   "A platform below did not answer in time."));
    });
    send_(call_, [self = shared_from_this(), number](Result<v1::Hold> answer) {
      self->settle(number, std::move(answer));
    });
  }

 private:
  void settle(int number, Result<v1::Hold> answer) {
    if (number != try_ || !reply_) return;
    const bool unknown = !answer && outcome_unknown(answer.problem());
    if (!unknown || stop_()) return finish(std::move(answer));
    // Until the pause is over, no older try may settle it.
    ++try_;
    timer_ = executor_.after(pause_, [self = shared_from_this(), answer = std::move(answer)] {
      if (self->stop_()) return self->finish(answer);
      self->attempt();
    });
    pause_ = std::min(pause_ * 2, patience_.longest_pause);
  }

  void finish(Result<v1::Hold> answer) {
    auto reply = std::exchange(reply_, nullptr);
    // The timer holds the last reference in its own callback: let it go outside.
    executor_.post([timer = std::shared_ptr<Executor::Timer>(std::move(timer_))] {});
    reply(std::move(answer));
  }

  Executor& executor_;
  const Clock& clock_;
  const Patience patience_;
  Send send_;
  Call call_;
  const Duration timeout_;
  std::function<bool()> stop_;
  Reply<v1::Hold> reply_;
  Duration pause_;
  int try_ = 0;
  std::unique_ptr<Executor::Timer> timer_;
};

void ChildCalls::repeat(std::function<void(const Call&, Reply<v1::Hold>)> send, Call call,
                        Duration timeout, std::function<bool()> stop, Reply<v1::Hold> reply) const {
  std::make_shared<Repeated>(*this, std::move(send), std::move(call), timeout, std::move(stop),
                             std::move(reply))
      ->attempt();
}

void ChildCalls::hold(Platform& child, Call call, v1::PlaceHoldRequest request, Duration timeout,
                      Instant give_up, Reply<v1::Hold> reply) const {
  repeat(
      [&child, request = std::move(request)](const Call& at, Reply<v1::Hold> answer) {
        child.hold(at, request, std::move(answer));
      },
      std::move(call), timeout, [&clock = clock_, give_up] { return clock.now() >= give_up; },
      std::move(reply));
}

void ChildCalls::commit(Platform& child, Call call, v1::CommitHoldRequest request,
                        std::function<bool()> stop, Reply<v1::Hold> reply) const {
  repeat(
      [&child, request = std::move(request)](const Call& at, Reply<v1::Hold> answer) {
        child.commit(at, request, std::move(answer));
      },
      std::move(call), patience_.call_timeout, std::move(stop), std::move(reply));
}

void ChildCalls::release(Platform& child, Call call, v1::ReleaseHoldRequest request,
                         Reply<v1::Hold> reply, std::function<bool()> abandon) const {
  repeat(
      [&child, request = std::move(request)](const Call& at, Reply<v1::Hold> answer) {
        child.release(at, request, std::move(answer));
      },
      std::move(call), patience_.call_timeout,
      [abandon = std::move(abandon)] { return abandon && abandon(); }, std::move(reply));
}

}  // namespace terrace
