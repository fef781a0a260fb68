// One feed told to several: each is first told the whole (primed), then every change.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/call.h"
#include "base/result.h"

namespace terrace {

// On the strand. Sinks may subscribe and unsubscribe while they are told.
template <class Event>
class Fanout : public std::enable_shared_from_this<Fanout<Event>> {
 public:
  using Sink = std::function<void(Result<Event>)>;

  struct Added {
    std::uint64_t id;
    std::unique_ptr<Subscription> subscription;
  };
  Added add(Sink sink) {
    const std::uint64_t id = next_id_++;
    listeners_.emplace(id, Listener{std::move(sink), false});
    return {id, std::make_unique<Held>(this->weak_from_this(), id)};
  }

  // Tells one the whole; from now on it is told changes. Nothing when it has left or has the whole.
  void prime(std::uint64_t id, const std::vector<Event>& whole) {
    const auto found = listeners_.find(id);
    if (found == listeners_.end() || found->second.primed) return;
    found->second.primed = true;
    for (const auto& event : whole) tell_one(id, event);
  }
  void prime_all(const std::vector<Event>& whole) {
    for (const auto id : ids()) prime(id, whole);
  }

  void tell(const Event& event) {
    for (const auto id : ids()) {
      const auto found = listeners_.find(id);
      if (found != listeners_.end() && found->second.primed) tell_one(id, event);
    }
  }

  // To all, or one; the next thing they are told is the whole.
  void tell_problem(const Problem& problem) {
    for (const auto id : ids()) tell_problem(id, problem);
  }
  void tell_problem(std::uint64_t id, const Problem& problem) {
    const auto found = listeners_.find(id);
    if (found == listeners_.end()) return;
    found->second.primed = false;
    tell_one(id, problem);
  }

  bool empty() const { return listeners_.empty(); }

 private:
  struct Listener {
    Sink sink;
    bool primed = false;
  };
  class Held final : public Subscription {
   public:
    Held(std::weak_ptr<Fanout> fanout, std::uint64_t id) : fanout_(std::move(fanout)), id_(id) {}
    ~Held() override {
      if (const auto fanout = fanout_.lock()) fanout->listeners_.erase(id_);
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    const std::weak_ptr<Fanout> fanout_;
    const std::uint64_t id_;
  };

  std::vector<std::uint64_t> ids() const {
    std::vector<std::uint64_t> ids;
    for (const auto& [id, listener] : listeners_) ids.push_back(id);
    return ids;
  }
  void tell_one(std::uint64_t id, Result<Event> event) {
    const auto found = listeners_.find(id);
    if (found == listeners_.end()) return;
    const Sink sink = found->second.sink;  // it may leave while it is told
    sink(std::move(event));
  }

  std::map<std::uint64_t, Listener> listeners_;
  std::uint64_t next_id_ = 1;
};

}  // namespace terrace
