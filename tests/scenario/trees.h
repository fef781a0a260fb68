// Trees and words that the scenarios share.
#pragma once

#include <string>

#include "tests/support/sandbox.h"

namespace terrace {

// The tree of PROTOCOL.md's walked order.
inline void three_tiers(Sandbox& sandbox) {
  sandbox.leaf("edge", {"firewall"}, {"ap-client"});
  sandbox.platform("regional", {"edge"}, {"nat", "loadbalancer"});
  sandbox.leaf("wholesale", {"web"});
  sandbox.platform("top", {"regional", "wholesale"});
  sandbox.up();
}

inline std::string error_of(const Result<v1::Hold>& hold) {
  if (!hold) return describe(hold.problem());
  return v1::Hold::State_Name(hold->state()) + " " +
         (hold->has_error() ? describe(hold->error()) : "");
}

inline v1::PlaceHoldRequest order_of(Sandbox& sandbox) {
  v1::PlaceHoldRequest request;
  request.set_hold_id(sandbox.new_id());
  *request.mutable_fragment() = sandbox.web_shop();
  return request;
}

}  // namespace terrace
