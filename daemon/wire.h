// The whole daemon, put together from its configuration: the only place that knows everything.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "daemon/config.h"
#include "rpc/channel.h"
#include "store/store.h"

namespace terrace {

// What is put around parts of the daemon as they are made. Empty: nothing is.
struct Wrapping {
  std::function<std::unique_ptr<Store>(std::unique_ptr<Store>)> store;
  // The way to each platform below.
  std::function<std::unique_ptr<Channel>(std::unique_ptr<Channel>)> channel;
};

class Daemon {
 public:
  // Serves when it returns: the store is open, what was open in it goes on, the API listens (R26).
  // Waits for all that, so not on a thread that any of it needs. Problems as of the store, the leaf
  // and GrpcServer::start; UNIMPLEMENTED "config.no-driver" for a kind of infrastructure that this
  // binary has no driver for.
  static Result<std::unique_ptr<Daemon>> start(Config config, const std::string& version, Log log,
                                               Wrapping wrapping = {});

  // stop()s with no grace.
  virtual ~Daemon() = default;

  // Lets calls under way finish within `grace`, then ends. What was begun goes on at the next
  // start; what was made (functions, links) runs on meanwhile.
  virtual void stop(Duration grace) = 0;

  // Where it listens, with the ports that were chosen: "127.0.0.1:43211".
  virtual std::vector<std::string> addresses() const = 0;
};

}  // namespace terrace
