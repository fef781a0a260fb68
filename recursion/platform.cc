#include "recursion/platform.h"

namespace terrace {

std::string tenant_of(const Call& call) {
  return call.context.tenant().empty() ? "default" : call.context.tenant();
}

bool outcome_unknown(const Problem& problem) {
  switch (problem.code()) {
    case Problem::CANCELLED:
    case Problem::UNKNOWN:
    case Problem::DEADLINE_EXCEEDED:
    case Problem::INTERNAL:
    case Problem::UNAVAILABLE:
      return true;
    default:
      return false;
  }
}

}  // namespace terrace
