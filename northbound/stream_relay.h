// Between a stream of NorthApi and an edge: events to bytes, heartbeats in silence, one last word.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/call.h"
#include "base/executor.h"
#include "lifecycle/api.h"
#include "northbound/dispatch.h"

namespace terrace {

// On the strand. Kept alive by the source's sink and by the edge's subscription.
class StreamRelay : public std::enable_shared_from_this<StreamRelay> {
 public:
  StreamRelay(Executor& executor, Duration heartbeat, Dispatch::ByteSink sink);

  // The sink to give to the stream, by its type (the pointers are only tags).
  NorthApi::Sink<v1::WatchEvent> sink_for(NorthApi::Sink<v1::WatchEvent>*);
  NorthApi::Sink<v1::CatalogueEvent> sink_for(NorthApi::Sink<v1::CatalogueEvent>*);
  NorthApi::EndingSink<v1::NsLcmOpOcc> sink_for(NorthApi::EndingSink<v1::NsLcmOpOcc>*);

  // The last word; nothing after it.
  void end(std::optional<Problem> problem);

  // What the edge holds: destroying it ends source, heartbeat and telling. `source` may be null.
  static std::unique_ptr<Subscription> subscription(std::shared_ptr<StreamRelay> relay,
                                                    std::unique_ptr<Subscription> source);

 private:
  class Held;
  void pass(std::string bytes);
  // Event: WatchEvent or CatalogueEvent, both of which have BOOKMARK.
  template <class Event>
  void start_heartbeat();
  template <class Event>
  void beat();

  Executor& executor_;
  const Duration heartbeat_;
  const Dispatch::ByteSink sink_;
  bool ended_ = false;
  // Good to resume from; unset before a snapshot's end.
  std::optional<v1::ResumeToken> token_;
  bool silent_ = true;  // since the last beat
  std::unique_ptr<Executor::Timer> timer_;
};

}  // namespace terrace
