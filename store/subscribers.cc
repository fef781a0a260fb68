#include "store/subscribers.h"

#include <utility>

namespace terrace {

class Subscribers::Entry final : public Store::Subscription {
 public:
  Entry(std::shared_ptr<Subscribers> all, Number number) : all_(std::move(all)), number_(number) {}
  ~Entry() override {
    std::shared_ptr<const Store::Listener> last;  // goes after the lock has
    const std::lock_guard lock(all_->mutex_);
    if (auto node = all_->listeners_.extract(number_)) last = std::move(node.mapped());
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

 private:
  const std::shared_ptr<Subscribers> all_;
  const Number number_;
};

std::unique_ptr<Store::Subscription> Subscribers::add(Store::Listener listener) {
  auto shared = std::make_shared<const Store::Listener>(std::move(listener));
  const std::lock_guard lock(mutex_);
  const Number number = next_++;
  listeners_.emplace(number, std::move(shared));
  return std::make_unique<Entry>(shared_from_this(), number);
}

std::shared_ptr<const Store::Listener> Subscribers::find(Number number) {
  const std::lock_guard lock(mutex_);
  const auto found = listeners_.find(number);
  return found == listeners_.end() ? nullptr : found->second;
}

void Subscribers::tell(const std::vector<Change>& changes) {
  std::vector<Number> numbers;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, listener] : listeners_) numbers.push_back(number);
  }
  for (const auto& change : changes) {
    for (const Number number : numbers) {
      // Looked up each time: a listener before may have ended this one.
      if (const auto listener = find(number)) (*listener)(change);
    }
  }
}

void post_outcome(Executor& executor, std::shared_ptr<Subscribers> subscribers,
                  std::vector<Change> changes, Result<std::uint64_t> result, Store::Done done) {
  executor.post([subscribers = std::move(subscribers), changes = std::move(changes),
                 result = std::move(result), done = std::move(done)] {
    subscribers->tell(changes);
    if (done) done(result);
  });
}

}  // namespace terrace
