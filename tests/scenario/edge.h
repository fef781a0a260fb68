// A platform's API from outside, in a simulation.
#pragma once

#include <string>

#include "tests/support/sandbox.h"

namespace terrace {

// A platform's API as its customers see it, both edges included. Gone before the platform is.
class Edge {
 public:
  Edge(Sandbox& sandbox, const std::string& name)
      : dispatch_(sandbox.sim(), sandbox.stack(name).api()),
        channel_(sandbox.sim(), sandbox.sim(), dispatch_) {}
  Channel& channel() { return channel_; }

 private:
  Dispatch dispatch_;
  LocalChannel channel_;
};

// An order for one instance of a function.
inline v1::PlaceHoldRequest take_one(Sandbox& sandbox, const std::string& function) {
  auto request = sandbox.take_all(function);
  auto& slots = *request.mutable_fragment()->mutable_slot();
  slots.DeleteSubrange(1, slots.size() - 1);
  return request;
}

}  // namespace terrace
