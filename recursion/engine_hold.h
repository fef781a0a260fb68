// Of the engine alone: one hold on its way. Rounds of: place, hold every part in parallel, verify;
// a refusal makes another round that keeps what still fits.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "recursion/engine_core.h"
#include "recursion/stitched_link.h"
#include "recursion/task_runner.h"

namespace terrace {

class HoldWork : public std::enable_shared_from_this<HoldWork> {
 public:
  HoldWork(EngineCore& core, std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done);
  // Once. Also after a restart, with the record as it was saved.
  void start();

 private:
  using Done = TaskRunner::Done;

  void perform(const v1::Task& task, Done done);
  void place_round(Done done);
  Status check_terms() const;
  Status plan(Placement& placement);
  Status stitch(const Placement& placement, std::vector<StitchedLink>& links);
  void hand_over(std::vector<v1::PlaceHoldRequest> requests,
                 const std::vector<std::string>& children);
  v1::PlaceHoldRequest request_for(const Placement& placement, v1::Fragment fragment) const;
  DelegatedPart& new_part(const std::string& child, v1::PlaceHoldRequest request);
  void give_up(DelegatedPart& part);

  void hold_part(const std::string& name, Done done);
  void held(const std::string& name, Result<v1::Hold> answer);
  void refused(DelegatedPart& part, const Problem& problem);
  bool segment_taken(const DelegatedPart& part, const Problem& problem);

  void verify(Done done);
  void finished(Status status);

  record::v1::HoldRecord& record() { return entry_->record(); }
  record::v1::Delegation& delegation() { return *record().mutable_delegation(); }
  const record::v1::HoldRecord& record() const { return std::as_const(*entry_).record(); }

  EngineCore& core_;
  std::shared_ptr<HoldEntry> entry_;
  std::function<void(Status)> done_;
  // The last reason a child gave, restated as our own (R24).
  Problem last_refusal_;
  // Ids that an underlay turned out to have given to somebody else.
  std::map<std::string, std::set<std::uint32_t>> taken_;
  // Set when the id the parent chose is taken: only he can choose another.
  bool hopeless_ = false;
  // False once a part of this round turned out not to be held.
  bool complete_ = true;
};

}  // namespace terrace
