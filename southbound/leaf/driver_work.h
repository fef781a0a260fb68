// What a leaf does through its driver: make a part so and see that it carries traffic; take it
// down, however often that fails.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "recursion/maker.h"
#include "southbound/leaf/call_queue.h"
#include "southbound/leaf/config.h"
#include "southbound/leaf/desired.h"
#include "southbound/leaf/infrastructure.h"

namespace terrace {

// All on the strand. What is started ends with exactly one reply; references outlive it.
class DriverWork {
 public:
  DriverWork(const LeafConfig& config, Infrastructure& infrastructure, Executor& executor,
             const Clock& clock)
      : config_(config), infrastructure_(infrastructure), executor_(executor), clock_(clock) {}
  DriverWork(const DriverWork&) = delete;
  DriverWork& operator=(const DriverWork&) = delete;

  // Applies, and compares what was made with what was wanted. DEADLINE_EXCEEDED "driver.silent"
  // when the driver does not answer in time; later calls for that hold wait until it has.
  void apply(const driver::v1::DesiredPart& part, std::function<void(Status)> done);

  // Probes every path, again while functions start, until all have answered. FAILED_PRECONDITION
  // "probe.silent" or "probe.refused", naming the path; CANCELLED when `stop` says so, or the
  // deadline has passed.
  struct Limits {
    std::function<bool()> stop;
    std::optional<Instant> deadline;
  };
  void probe_paths(std::vector<InsideProbe> probes, Limits limits,
                   std::function<void(Status)> done);

  // Repeats with growing pauses until the driver has confirmed it; `done` runs once it has.
  // `failed_once` (may be empty) runs after a first attempt that failed.
  void remove(const std::string& id, std::function<void()> done,
              std::function<void(Problem)> failed_once = {});

  void probe(const driver::v1::ProbeOrder& order, Reply<v1::ProbeResult> reply);

 private:
  class ProbeRun;
  class Removal;

  const LeafConfig& config_;
  Infrastructure& infrastructure_;
  Executor& executor_;
  const Clock& clock_;
  CallQueue queue_;
};

}  // namespace terrace
