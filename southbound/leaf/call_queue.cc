#include "southbound/leaf/call_queue.h"

#include <utility>

namespace terrace {

void CallQueue::run(const std::string& id, Call call) {
  const auto [at, idle] = waiting_.try_emplace(id);
  if (!idle) {
    at->second.push_back(std::move(call));
    return;
  }
  call([this, id] { finished(id); });
}

void CallQueue::finished(const std::string& id) {
  const auto at = waiting_.find(id);
  if (at->second.empty()) {
    waiting_.erase(at);
    return;
  }
  Call next = std::move(at->second.front());
  at->second.pop_front();
  next([this, id] { finished(id); });
}

}  // namespace terrace
