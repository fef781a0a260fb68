// Of Operations alone: one that is under way.
#pragma once

#include "lifecycle/operations.h"

namespace terrace {

struct Operations::Open {
  record::v1::OperationRecord record;
};

}  // namespace terrace
