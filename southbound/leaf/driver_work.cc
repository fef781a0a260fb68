#include "southbound/leaf/driver_work.h"

#include <algorithm>
#include <utility>

namespace terrace {

void DriverWork::apply(const driver::v1::DesiredPart& part, std::function<void(Status)> done) {
  // Whoever comes first, answer or patience, takes `done` with it.
  struct Wait {
    std::function<void(Status)> done;
    std::unique_ptr<Executor::Timer> patience;
  };
  auto wait = std::make_shared<Wait>();
  wait->done = std::move(done);
  wait->patience = executor_.after(config_.apply_patience, [wait, id = part.hold_id()] {
    if (auto reply = std::exchange(wait->done, nullptr)) {
      reply(make_problem(Problem::DEADLINE_EXCEEDED, "driver.silent",
                         "the infrastructure did not answer in time")
                .at_resource("hold/" + id));
    }
  });
  queue_.run(part.hold_id(), [this, part, wait](std::function<void()> finished) {
    infrastructure_.apply(part, [part, wait, finished = std::move(finished)](
                                    Result<driver::v1::AppliedPart> applied) {
      wait->patience.reset();
      auto reply = std::exchange(wait->done, nullptr);
      finished();
      if (!reply) return;
      if (!applied) return reply(std::move(applied).problem());
      reply(check_applied(part, *applied));
    });
  });
}

void DriverWork::probe(const driver::v1::ProbeOrder& order, Reply<v1::ProbeResult> reply) {
  queue_.run(order.hold_id(),
             [this, order, reply = std::move(reply)](std::function<void()> finished) {
               infrastructure_.probe(
                   order, [reply, finished = std::move(finished)](Result<v1::ProbeResult> result) {
                     finished();
                     reply(std::move(result));
                   });
             });
}

// One after another; what stays silent is asked again until the patience of the whole run is over.
class DriverWork::ProbeRun : public std::enable_shared_from_this<ProbeRun> {
 public:
  ProbeRun(DriverWork& work, std::vector<InsideProbe> probes, Limits limits,
           std::function<void(Status)> done)
      : work_(work),
        probes_(std::move(probes)),
        limits_(std::move(limits)),
        done_(std::move(done)),
        give_up_(work.clock_.now() + work.config_.probe_patience) {}

  void next() {
    if (stopped()) {
      return done_(problem(Problem::CANCELLED, "commit.stopped", "stopped while probing"));
    }
    if (at_ == probes_.size()) return done_({});
    auto self = shared_from_this();
    work_.probe(probes_[at_].order,
                [self](Result<v1::ProbeResult> result) { self->answered(std::move(result)); });
  }

 private:
  bool stopped() const {
    if (limits_.stop && limits_.stop()) return true;
    return limits_.deadline && work_.clock_.now() >= *limits_.deadline;
  }

  void answered(Result<v1::ProbeResult> result) {
    if (result && result->verdict() == v1::ProbeResult::ANSWERED) {
      ++at_;
      return next();
    }
    if (work_.clock_.now() + work_.config_.probe_pause >= give_up_) {
      return done_(failure(std::move(result)));
    }
    auto self = shared_from_this();
    pause_ = work_.executor_.after(work_.config_.probe_pause, [self] {
      // The timer owns this closure: it must not go before what it runs.
      const auto timer = std::move(self->pause_);
      self->next();
    });
  }

  Problem failure(Result<v1::ProbeResult> result) const {
    const PathProbe& path = probes_[at_].path;
    const std::string size =
        path.packet_size == 0 ? "" : ", packets of " + std::to_string(path.packet_size) + " bytes";
    if (!result) {
      return make_problem(Problem::FAILED_PRECONDITION, "probe.silent",
                          path.str() + size + ": the probe could not be sent")
          .at_resource("path/" + path.path_id)
          .cause(std::move(result).problem());
    }
    const bool refused = result->verdict() == v1::ProbeResult::REFUSED;
    const std::string verdict = refused ? "refused" : "silent";
    return make_problem(Problem::FAILED_PRECONDITION, "probe." + verdict,
                        path.str() + size + ": " + verdict)
        .at_resource("path/" + path.path_id)
        .constraint("path-probe", "answered",
                    result->detail().empty() ? verdict : verdict + ": " + result->detail());
  }

  DriverWork& work_;
  const std::vector<InsideProbe> probes_;
  const Limits limits_;
  const std::function<void(Status)> done_;
  const Instant give_up_;
  std::size_t at_ = 0;
  std::unique_ptr<Executor::Timer> pause_;
};

void DriverWork::probe_paths(std::vector<InsideProbe> probes, Limits limits,
                             std::function<void(Status)> done) {
  std::make_shared<ProbeRun>(*this, std::move(probes), std::move(limits), std::move(done))->next();
}

class DriverWork::Removal : public std::enable_shared_from_this<Removal> {
 public:
  Removal(DriverWork& work, std::string id, std::function<void()> done,
          std::function<void(Problem)> failed_once)
      : work_(work),
        id_(std::move(id)),
        done_(std::move(done)),
        failed_once_(std::move(failed_once)),
        pause_(work.config_.first_pause) {}

  void attempt() {
    auto self = shared_from_this();
    work_.queue_.run(id_, [self](std::function<void()> finished) {
      self->work_.infrastructure_.remove(self->id_, [self, finished](Status status) {
        finished();
        self->removed(std::move(status));
      });
    });
  }

 private:
  void removed(Status status) {
    if (status) return done_();
    if (auto tell = std::exchange(failed_once_, nullptr)) tell(std::move(status).problem());
    auto self = shared_from_this();
    timer_ = work_.executor_.after(pause_, [self] {
      const auto timer = std::move(self->timer_);
      self->attempt();
    });
    pause_ = std::min(pause_ * 2, work_.config_.longest_pause);
  }

  DriverWork& work_;
  const std::string id_;
  const std::function<void()> done_;
  std::function<void(Problem)> failed_once_;
  Duration pause_;
  std::unique_ptr<Executor::Timer> timer_;
};

void DriverWork::remove(const std::string& id, std::function<void()> done,
                        std::function<void(Problem)> failed_once) {
  std::make_shared<Removal>(*this, id, std::move(done), std::move(failed_once))->attempt();
}

}  // namespace terrace
