// The API over gRPC: a thin edge around Dispatch, with reflection (v1alpha) and the standard health
// service. gRPC's headers stay in the .cc files.
//
// Every status that is not OK carries exactly one Problem (rpc/status.h), also for a method or
// service that does not exist. Only what gRPC refuses before we see it (a message beyond 16 times
// the limit, a broken frame) comes without; a client's adapter makes a Problem of it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "northbound/dispatch.h"

namespace terrace {

struct GrpcServerOptions {
  // "unix:/path" or "host:port"; port 0: any free one. At least one.
  std::vector<std::string> listen;
  // As in DispatchOptions; gRPC's own limit is set far above.
  std::size_t max_message_bytes = 4u << 20;
  // What may wait for a slow watcher; beyond it, its stream ends with RESOURCE_EXHAUSTED
  // (stream.too-slow).
  std::size_t max_stream_backlog_bytes = 64u << 20;
};

class GrpcServer {
 public:
  // Listens from here on. Executor and dispatch must outlive the server. A stale socket file
  // (nobody listens on it) is replaced.
  //   INVALID_ARGUMENT  server.bad-address
  //   UNAVAILABLE       server.cannot-listen   says which address and why
  static Result<std::unique_ptr<GrpcServer>> start(Executor& executor, Dispatch& dispatch,
                                                   GrpcServerOptions options);
  // stop()s with no grace.
  virtual ~GrpcServer() = default;

  // Graceful: new calls are refused and streams end (UNAVAILABLE, server.stopping), calls under way
  // get `grace` to be answered, then the same refusal. Returns when gRPC has let go of everything.
  // Not on the strand, which must still run. Repeating it is harmless.
  virtual void stop(Duration grace) = 0;

  // The port bound for each address of `listen`, 0 for sockets.
  virtual const std::vector<int>& ports() const = 0;
};

}  // namespace terrace
