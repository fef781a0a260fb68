#include "recursion/task_runner.h"

#include <algorithm>
#include <utility>

#include "base/time.h"

namespace terrace {

v1::Task& add_task(Schedule& schedule, const std::string& name, std::vector<std::string> needs) {
  auto it = std::find_if(schedule.begin(), schedule.end(),
                         [&](const v1::Task& task) { return task.name() == name; });
  v1::Task& task = it == schedule.end() ? *schedule.Add() : *it;
  task.Clear();
  task.set_name(name);
  task.set_state(v1::Task::PENDING);
  for (auto& need : needs) task.add_needs(std::move(need));
  return task;
}

std::string task_kind(const v1::Task& task) {
  return task.name().substr(0, task.name().find(' '));
}

std::string task_object(const v1::Task& task) {
  const auto space = task.name().find(' ');
  return space == std::string::npos ? "" : task.name().substr(space + 1);
}

TaskRunner::TaskRunner(Schedule& schedule, const Clock& clock, Perform perform,
                       std::function<void()> changed, Done finished)
    : schedule_(schedule),
      clock_(clock),
      perform_(std::move(perform)),
      changed_(std::move(changed)),
      finished_(std::move(finished)) {}

void TaskRunner::run(Schedule& schedule, const Clock& clock, Perform perform,
                     std::function<void()> changed, Done finished) {
  for (auto& task : schedule)
    if (task.state() == v1::Task::RUNNING) task.set_state(v1::Task::PENDING);
  const std::shared_ptr<TaskRunner> runner(
      new TaskRunner(schedule, clock, std::move(perform), std::move(changed), std::move(finished)));
  runner->step();
}

// Starts what can be started. A task that settles at once makes others ready: hence the loop, and
// the flag that keeps it the only one.
void TaskRunner::step() {
  if (stepping_) return;
  stepping_ = true;
  while (status_.ok() && start_ready()) {
  }
  stepping_ = false;
  if (running_ > 0 || !finished_) return;
  auto finished = std::exchange(finished_, nullptr);
  finished(std::move(status_));
}

bool TaskRunner::start_ready() {
  bool started = false;
  // By index: performing a task may add tasks.
  for (int i = 0; i < schedule_.size() && status_.ok(); ++i) {
    v1::Task& task = schedule_[i];
    if (task.state() != v1::Task::PENDING || !ready(task)) continue;
    task.set_state(v1::Task::RUNNING);
    *task.mutable_started() = to_timestamp(clock_.now());
    ++running_;
    started = true;
    changed();
    const v1::Task copy = task;
    perform_(copy, [self = shared_from_this(), name = copy.name()](Status status) {
      self->settle(name, std::move(status));
    });
  }
  return started;
}

void TaskRunner::settle(const std::string& name, Status status) {
  --running_;
  if (v1::Task* const task = find(name)) {
    task->set_state(status ? v1::Task::DONE : v1::Task::FAILED);
    *task->mutable_finished() = to_timestamp(clock_.now());
    if (!status) *task->mutable_error() = status.problem();
  }
  if (!status && status_.ok()) status_ = std::move(status);
  changed();
  step();
}

bool TaskRunner::ready(const v1::Task& task) const {
  return std::all_of(task.needs().begin(), task.needs().end(), [this](const std::string& need) {
    const v1::Task* const needed = find(need);
    return needed == nullptr || needed->state() == v1::Task::DONE;
  });
}

v1::Task* TaskRunner::find(const std::string& name) const {
  const auto it = std::find_if(schedule_.begin(), schedule_.end(),
                               [&](const v1::Task& task) { return task.name() == name; });
  return it == schedule_.end() ? nullptr : &*it;
}

void TaskRunner::changed() const {
  if (changed_) changed_();
}

}  // namespace terrace
