// The one watch over all that a caller owns: snapshot or what was missed, then every change, out of
// the store's feed. A token is the store's incarnation and revision.
#pragma once

#include <memory>

#include "base/executor.h"
#include "lifecycle/api.h"
#include "store/store.h"

namespace terrace {

// On the executor's strand; the sink is posted, never called inside.
std::unique_ptr<Subscription> watch_store(Store& store, Executor& executor,
                                          const std::string& tenant,
                                          const v1::WatchRequest& request,
                                          NorthApi::Sink<v1::WatchEvent> sink);

}  // namespace terrace
