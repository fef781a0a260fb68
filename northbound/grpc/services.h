// What gRPC calls: services made from the schema's descriptors (so that reflection lists them), all
// of whose methods, and everything they do not know, end in one kind of call.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_builder.h>

#include "base/executor.h"
#include "northbound/dispatch.h"
#include "northbound/grpc/call.h"
#include "northbound/grpc/server.h"

namespace terrace {

class GrpcEdge {
 public:
  GrpcEdge(Executor& executor, Dispatch& dispatch, const GrpcServerOptions& options);
  ~GrpcEdge();

  void register_with(grpc::ServerBuilder& builder);

  // New calls are refused, streams end, the rest gets `grace` and then the same refusal.
  void stop(Duration grace);
  // Until gRPC has let go of every call.
  void wait_until_empty();

 private:
  class SchemaService;
  class UnknownService;

  GrpcCalls calls_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::CallbackGenericService> unknown_;
};

}  // namespace terrace
