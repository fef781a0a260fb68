// What one tenant owns at a child, as its watch tells it, and the commits and releases that wait to
// see there what became of them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "recursion/platform.h"
#include "southbound/remote/fanout.h"
#include "southbound/remote/live_stream.h"

namespace terrace {

enum class SlowVerb { kCommit, kUndo, kKeep };

// One commit or release, until it is answered: once.
class Waiting {
 public:
  Waiting(SlowVerb verb, std::string hold_id, Reply<v1::Hold> reply)
      : verb_(verb), hold_id_(std::move(hold_id)), reply_(std::move(reply)) {}

  SlowVerb verb() const { return verb_; }
  const std::string& hold_id() const { return hold_id_; }
  bool answered() const { return answered_; }

  void answer(Result<v1::Hold> result) {
    if (std::exchange(answered_, true)) return;
    deadline.reset();
    reply_(std::move(result));
  }

  // The child recorded it; before that, what its watch shows may be older than the call.
  bool accepted = false;
  // The call was lost: why.
  std::optional<Problem> loss;
  std::unique_ptr<Executor::Timer> deadline;

 private:
  const SlowVerb verb_;
  const std::string hold_id_;
  const Reply<v1::Hold> reply_;
  bool answered_ = false;
};

// On the strand.
class TenantView {
 public:
  TenantView(Executor& executor, Random& random, Channel& channel,
             const RemotePlatformOptions& options, std::string tenant);
  // What waits is answered CANCELLED.
  ~TenantView();
  TenantView(const TenantView&) = delete;
  TenantView& operator=(const TenantView&) = delete;

  [[nodiscard]] std::unique_ptr<Subscription> observe(Platform::ObserveSink sink);

  // Answers once it is known (or known to be unknown) what became of it. `accepted` or `loss` is
  // set. Not answered inside this call.
  void await(const std::shared_ptr<Waiting>& waiting);

  // Answers it when this state of its hold, just told by the child, decides it.
  bool settle(const std::shared_ptr<Waiting>& waiting, const v1::Hold& hold);

  // As last seen; null: never.
  const v1::Hold* find_hold(const std::string& hold_id) const;
  // Whether what is seen is current.
  bool synced() const { return synced_; }

 private:
  using Key = std::pair<std::string, std::string>;  // kind, id

  std::unique_ptr<Channel::Message> next_request();
  void event(const v1::WatchEvent& event);
  void apply(std::map<Key, v1::WatchEvent>& items, const v1::WatchEvent& event);
  void snapshot_ended();
  void lost(const Problem& problem);
  std::vector<v1::WatchEvent> whole() const;

  // Answers `waiting` if what is seen decides it. `fresh`: seen just now, after the call.
  void judge(const std::shared_ptr<Waiting>& waiting, bool fresh);
  void judge_hold(const std::string& hold_id, bool gone);
  void forget_answered();

  Executor& executor_;
  const RemotePlatformOptions& options_;
  const std::shared_ptr<Fanout<v1::WatchEvent>> observers_ =
      std::make_shared<Fanout<v1::WatchEvent>>();
  std::map<Key, v1::WatchEvent> items_;     // as UPSERTs
  std::map<Key, v1::WatchEvent> incoming_;  // of a snapshot that has not ended
  std::optional<v1::ResumeToken> token_;
  bool resuming_ = false;
  bool synced_ = false;
  std::multimap<std::string, std::shared_ptr<Waiting>> waiting_;  // by hold id
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  LiveStream stream_;
};

}  // namespace terrace
