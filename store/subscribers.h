// Who listens to a store. Shared by the store, the work it has posted and the subscriptions, for
// each may outlive the others.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "store/store.h"

namespace terrace {

class Subscribers : public std::enable_shared_from_this<Subscribers> {
 public:
  // Any thread.
  std::unique_ptr<Store::Subscription> add(Store::Listener listener);
  // On the strand: calls everybody for every change. A listener may subscribe (and is told from
  // the next call on) and unsubscribe anybody (who is not called again).
  void tell(const std::vector<Change>& changes);

 private:
  class Entry;
  using Number = std::uint64_t;

  std::shared_ptr<const Store::Listener> find(Number number);

  std::mutex mutex_;
  std::map<Number, std::shared_ptr<const Store::Listener>> listeners_;
  Number next_ = 0;
};

// Posts what became of a batch: its changes to the subscribers, then the result to `done`.
void post_outcome(Executor& executor, std::shared_ptr<Subscribers> subscribers,
                  std::vector<Change> changes, Result<std::uint64_t> result, Store::Done done);

}  // namespace terrace
