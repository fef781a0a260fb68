// The calls that gRPC serves: each a reactor between gRPC's threads and the strand.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "base/clock.h"
#include "base/executor.h"
#include "northbound/dispatch.h"

namespace terrace {

class GrpcCall;

// Any thread.
class GrpcCalls {
 public:
  using Reactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

  GrpcCalls(Executor& executor, Dispatch& dispatch, std::size_t max_backlog_bytes);
  ~GrpcCalls();
  GrpcCalls(const GrpcCalls&) = delete;
  GrpcCalls& operator=(const GrpcCalls&) = delete;

  // A new call; it lives until gRPC is done with it.
  Reactor* begin(grpc::CallbackServerContext& context, const std::string& method, bool streaming);

  // As GrpcServer::stop, up to the shutdown of the server itself.
  void stop(Duration grace);
  void wait_until_empty();

 private:
  friend class GrpcCall;
  void leave(const GrpcCall* call);
  // Refuses those under way (only streams, or all).
  void end_all(bool streams_only);

  Executor& executor_;
  Dispatch& dispatch_;
  const std::size_t max_backlog_bytes_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::map<const GrpcCall*, std::shared_ptr<GrpcCall>> calls_;
};

}  // namespace terrace
