// The task engine: a schedule is data, a list of named tasks that need one another; the runner
// starts what is ready, in parallel, and ends when all is done or the first failure has settled.
// A task's first word is its kind ("hold part-1"), which the performer looks up.
//
// The schedule lies in a record and outlives the runner: whoever runs it writes the record before
// an effect is relied on. Run again after a restart, what was RUNNING runs again (tasks are
// level-triggered), what was DONE stays done.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "terrace/v1/ns.pb.h"

namespace terrace {

using Schedule = google::protobuf::RepeatedPtrField<v1::Task>;

// Adds a pending task, or resets one of that name to pending.
v1::Task& add_task(Schedule& schedule, const std::string& name,
                   std::vector<std::string> needs = {});
// The first word, and the rest.
std::string task_kind(const v1::Task& task);
std::string task_object(const v1::Task& task);

// On the executor's strand. Kept alive by what it waits for.
class TaskRunner : public std::enable_shared_from_this<TaskRunner> {
 public:
  using Done = std::function<void(Status)>;
  // Carries out one task and calls `done` once, now or later. It may add tasks to the schedule.
  using Perform = std::function<void(const v1::Task& task, Done done)>;

  // `schedule` outlives the run. `changed` (may be empty) is called after each change of a state.
  static void run(Schedule& schedule, const Clock& clock, Perform perform,
                  std::function<void()> changed, Done finished);

 private:
  TaskRunner(Schedule& schedule, const Clock& clock, Perform perform, std::function<void()> changed,
             Done finished);

  void step();
  bool start_ready();
  void settle(const std::string& name, Status status);
  bool ready(const v1::Task& task) const;
  v1::Task* find(const std::string& name) const;
  void changed() const;

  Schedule& schedule_;
  const Clock& clock_;
  Perform perform_;
  std::function<void()> changed_;
  Done finished_;
  int running_ = 0;
  bool stepping_ = false;
  Status status_;
};

}  // namespace terrace
