// Waits for links to come and go, by the kernel's notifications.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "linux/netns.h"

namespace terrace::kernel {

// Subscribed from open() on, so open it before what it waits for is set off; then nothing is
// missed, and nothing is polled. One thread at a time.
class LinkWatch {
 public:
  static Result<LinkWatch> open(const NetNs& ns);
  LinkWatch(LinkWatch&&) noexcept;
  LinkWatch& operator=(LinkWatch&&) noexcept;
  ~LinkWatch();

  // Until none (or all) of the names are links of the namespace. DEADLINE_EXCEEDED
  // ("linux.deadline") names those that remain (or are missing).
  Status wait_gone(const std::vector<std::string>& names, Duration within);
  Status wait_present(const std::vector<std::string>& names, Duration within);
  // Until all of them are in operation (Link::running). A bridge's port forwards only then: what is
  // sent before, such as the first ARP request, is lost, and asked again a second later.
  Status wait_running(const std::vector<std::string>& names, Duration within);

 private:
  struct State;
  explicit LinkWatch(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace terrace::kernel
