// Lifecycle operations: instantiate and terminate, over any Platform. A small saga of two steps
// that may be repeated, hold and commit (or release); everything else is the platform's.
//
// An operation is in the store before anything happens, and goes on after a restart. All on the
// executor's strand.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "lifecycle/api.h"
#include "lifecycle/instances.h"
#include "recursion/hold_book.h"
#include "recursion/platform.h"

namespace terrace {

class Operations {
 public:
  // `book` is the platform's own, to look holds up in.
  Operations(Platform& platform, const HoldBook& book, const Descriptors& descriptors,
             Instances& instances, Store& store, Executor& executor, const Clock& clock,
             Random& random);
  ~Operations();

  Status load();
  // Goes on with what was open.
  void resume();

  void instantiate(const Call& call, const v1::InstantiateRequest& request,
                   Reply<v1::NsLcmOpOcc> reply);
  void terminate(const Call& call, const v1::TerminateRequest& request,
                 Reply<v1::NsLcmOpOcc> reply);
  Result<v1::NsLcmOpOcc> get(const std::string& tenant, const std::string& id) const;
  Result<v1::ListNsLcmOpOccsResponse> list(const std::string& tenant,
                                           const v1::ListNsLcmOpOccsRequest& request) const;
  std::unique_ptr<Subscription> watch(const std::string& tenant, const std::string& id,
                                      NorthApi::EndingSink<v1::NsLcmOpOcc> sink);
  // The hold's instance goes with it (R1).
  void hold_ended(const std::string& tenant, const std::string& hold_id);

  std::size_t running() const { return open_.size(); }

 private:
  using Key = Instances::Key;
  struct Open;
  class Watch;

  std::string trace_of(const Call& call);
  Result<v1::NsLcmOpOcc> replay(const Key& key, const std::string& digest) const;
  Status check_instance(const Key& key, v1::NsState wanted);
  Result<v1::PlaceHoldRequest> order(const std::string& tenant, const std::string& operation_id,
                                     const v1::InstantiateRequest& request);
  Status check_held(const std::string& tenant, const std::string& hold_id) const;
  void begin(const Key& instance, record::v1::OperationRecord record, Reply<v1::NsLcmOpOcc> reply);
  void go_on(const Key& key);
  void hold(const Key& key);
  void commit(const Key& key);
  void release(const Key& key);
  void settle(const Key& key, Result<v1::Hold> answer);
  void settled_instance(const Key& key, const v1::Hold* hold);
  void enter(record::v1::OperationRecord& record, v1::NsLcmOpOcc::OperationState state);
  void end(const Key& key);
  void observe(const std::string& tenant);
  void progress(const v1::Hold& hold);
  void tell(const Key& key, const v1::NsLcmOpOcc& operation);
  Call call_of(const record::v1::OperationRecord& record) const;

  Platform& platform_;
  const HoldBook& book_;
  const Descriptors& descriptors_;
  Instances& instances_;
  Store& store_;
  Executor& executor_;
  const Clock& clock_;
  Random& random_;
  std::map<Key, std::unique_ptr<Open>> open_;
  std::multimap<Key, Watch*> watches_;
  std::map<std::string, std::unique_ptr<Subscription>> observed_;
};

}  // namespace terrace
