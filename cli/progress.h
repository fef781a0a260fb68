// An operation as it goes on: its tasks redrawn in place on a terminal, else a line a change.
#pragma once

#include <map>
#include <string>

#include "cli/client.h"
#include "cli/terminal.h"
#include "terrace/v1/ns.pb.h"

namespace terrace::cli {

class Progress {
 public:
  explicit Progress(const Terminal& terminal) : terminal_(terminal) {}
  // The operation as it now is.
  void show(const v1::NsLcmOpOcc& operation);

 private:
  void redraw(const v1::NsLcmOpOcc& operation);
  void append(const v1::NsLcmOpOcc& operation);
  std::string line(const v1::Task& task) const;

  const Terminal& terminal_;
  // Drawn last time, to go back over.
  int lines_ = 0;
  std::map<std::string, v1::Task::State> told_;
  v1::NsLcmOpOcc::OperationState state_ = v1::NsLcmOpOcc::OPERATION_STATE_UNSPECIFIED;
};

// Follows an operation, showing its progress, until it ends; its last state.
Result<v1::NsLcmOpOcc> follow(Client& client, const Terminal& terminal,
                              const std::string& operation_id);

// The last words on an operation that was waited for: in JSON all of it, else what `done` says
// ("instantiated"). The exit status: 0 only when COMPLETED; else its error is told.
int conclude(const Terminal& terminal, const v1::NsLcmOpOcc& operation, const std::string& done);

}  // namespace terrace::cli
