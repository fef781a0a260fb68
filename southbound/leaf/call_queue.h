// A driver is never called concurrently for one hold: this is what sees to it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>

namespace terrace {

// On the executor's strand.
class CallQueue {
 public:
  // A call to the driver: it runs `finished` once the driver has answered, never before it returns.
  using Call = std::function<void(std::function<void()> finished)>;

  // Makes the call now, or once those of the same id that came before have finished.
  void run(const std::string& id, Call call);
  bool busy(const std::string& id) const { return waiting_.contains(id); }

 private:
  void finished(const std::string& id);

  // An entry while a call is under way.
  std::map<std::string, std::deque<Call>> waiting_;
};

}  // namespace terrace
