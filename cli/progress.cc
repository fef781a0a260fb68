#include "cli/progress.h"

#include <ostream>

#include "cli/methods.h"
#include "cli/words.h"
#include "terrace/v1/ns_lifecycle_service.pb.h"

namespace terrace::cli {

std::string Progress::line(const v1::Task& task) const {
  std::string text = "  " + state(terminal_, task.state()) + "  " + task.name();
  const std::string time = took(task.started(), task.finished());
  if (!time.empty()) text += terminal_.paint(Colour::kDim, "  " + time);
  if (!task.detail().empty()) text += terminal_.paint(Colour::kDim, "  " + task.detail());
  if (task.has_error()) text += "  " + describe(task.error());
  return text;
}

void Progress::redraw(const v1::NsLcmOpOcc& operation) {
  auto& out = terminal_.progress();
  if (lines_ > 0) out << "\x1b[" << lines_ << "A\x1b[J";
  for (const auto& task : operation.task()) out << line(task) << '\n';
  lines_ = operation.task_size();
}

void Progress::append(const v1::NsLcmOpOcc& operation) {
  auto& out = terminal_.progress();
  for (const auto& task : operation.task()) {
    auto& told = told_[task.name()];
    if (told == task.state()) continue;
    told = task.state();
    if (told != v1::Task::PENDING) out << line(task) << '\n';
  }
}

void Progress::show(const v1::NsLcmOpOcc& operation) {
  auto& out = terminal_.progress();
  if (terminal_.live && !terminal_.json())
    redraw(operation);
  else
    append(operation);
  if (operation.operation_state() != state_) {
    state_ = operation.operation_state();
    if (is_final(state_) || state_ == v1::NsLcmOpOcc::ROLLING_BACK) {
      out << "  " << state(terminal_, state_) << "  "
          << took(operation.start_time(), operation.state_entered_time()) << '\n';
      lines_ = 0;
    }
  }
  out.flush();
}

Result<v1::NsLcmOpOcc> follow(Client& client, const Terminal& terminal,
                              const std::string& operation_id) {
  v1::WatchNsLcmOpOccRequest request;
  request.set_operation_id(operation_id);
  Progress progress(terminal);
  v1::NsLcmOpOcc last;
  const Status ended =
      client.watch<v1::NsLcmOpOcc>(kWatchOperation, request, [&](const v1::NsLcmOpOcc& operation) {
        last = operation;
        progress.show(operation);
        return true;
      });
  if (!ended) {
    Problem problem = ended.problem();
    if (!last.id().empty())
      problem.add_possible("It goes on without us: terrace op watch " + operation_id);
    return problem;
  }
  return last;
}

int conclude(const Terminal& terminal, const v1::NsLcmOpOcc& operation, const std::string& done) {
  if (terminal.json()) terminal.out << to_json(operation);
  if (operation.operation_state() == v1::NsLcmOpOcc::COMPLETED) {
    if (!terminal.json()) terminal.out << done << '\n';
    return 0;
  }
  if (operation.has_error()) return fail(terminal, operation.error());
  return fail(
      terminal,
      make_problem(Problem::ABORTED, "operation.not-completed", "The operation did not complete.")
          .at_resource("operation/" + operation.id())
          .constraint("operationState", "COMPLETED",
                      v1::NsLcmOpOcc::OperationState_Name(operation.operation_state())));
}

}  // namespace terrace::cli
