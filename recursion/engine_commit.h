// Of the engine alone: one commit on its way: bind, commit every part in parallel, probe what was
// stitched.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "recursion/composition.h"
#include "recursion/engine_core.h"
#include "recursion/path_probes.h"
#include "recursion/task_runner.h"

namespace terrace {

class CommitWork : public std::enable_shared_from_this<CommitWork> {
 public:
  CommitWork(EngineCore& core, std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done);
  // Once. Also after a restart: what was committed is asked about again.
  void start();

 private:
  using Done = TaskRunner::Done;

  void perform(const v1::Task& task, Done done);
  void bind(Done done);
  v1::Bindings bindings_for(std::size_t part) const;
  void commit_part(const std::string& name, Done done);
  void committed(const std::string& name, Result<v1::Hold> answer, Done done);
  void hold_again(const std::string& name, Done done);
  void held_again(const std::string& name, const v1::Proof& proof, Done done);
  void probe(std::size_t number, int tries_left, Done done);

  record::v1::HoldRecord& record() { return entry_->record(); }
  record::v1::Delegation& delegation() { return *record().mutable_delegation(); }

  EngineCore& core_;
  std::shared_ptr<HoldEntry> entry_;
  std::function<void(Status)> done_;
  Composition composition_;
  v1::Bindings incoming_;
  std::vector<PathProbe> probes_;
  // Parts that were held a second time.
  std::set<std::string> again_;
};

}  // namespace terrace
