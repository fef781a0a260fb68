#include "northbound/grpc/services.h"

#include <string>
#include <utility>

#include <google/protobuf/descriptor.h>
#include <grpcpp/support/server_callback.h>

namespace terrace {

// To gRPC every method is a stream of bytes both ways: on the wire a unary call is one with a
// single message each way, and so one reactor serves all.
class GrpcEdge::SchemaService final : public grpc::Service {
 public:
  SchemaService(const google::protobuf::ServiceDescriptor& service, GrpcCalls& calls) {
    for (int i = 0; i < service.method_count(); ++i) add(*service.method(i), i, calls);
  }

 private:
  using Handler = grpc::internal::CallbackBidiHandler<grpc::ByteBuffer, grpc::ByteBuffer>;

  void add(const google::protobuf::MethodDescriptor& method, int index, GrpcCalls& calls) {
    // gRPC keeps the pointer.
    names_.push_back(std::make_unique<std::string>(Dispatch::method_name(method)));
    const std::string& name = *names_.back();
    AddMethod(new grpc::internal::RpcServiceMethod(
        name.c_str(), grpc::internal::RpcMethod::BIDI_STREAMING, nullptr));
    const bool streaming = method.server_streaming();
    MarkMethodRawCallback(
        index, new Handler([&calls, &name, streaming](grpc::CallbackServerContext* context) {
          return calls.begin(*context, name, streaming);
        }));
  }

  std::vector<std::unique_ptr<std::string>> names_;
};

class GrpcEdge::UnknownService final : public grpc::CallbackGenericService {
 public:
  explicit UnknownService(GrpcCalls& calls) : calls_(calls) {}
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return calls_.begin(*context, context->method(), /*streaming=*/false);
  }

 private:
  GrpcCalls& calls_;
};

GrpcEdge::GrpcEdge(Executor& executor, Dispatch& dispatch, const GrpcServerOptions& options)
    : calls_(executor, dispatch, options.max_stream_backlog_bytes) {
  const google::protobuf::ServiceDescriptor* last = nullptr;
  for (const auto* method : Dispatch::methods()) {
    if (method->service() == last) continue;
    last = method->service();
    services_.push_back(std::make_unique<SchemaService>(*last, calls_));
  }
  unknown_ = std::make_unique<UnknownService>(calls_);
}

GrpcEdge::~GrpcEdge() = default;

void GrpcEdge::register_with(grpc::ServerBuilder& builder) {
  for (const auto& service : services_) builder.RegisterService(service.get());
  builder.RegisterCallbackGenericService(unknown_.get());
}

void GrpcEdge::stop(Duration grace) {
  calls_.stop(grace);
}

void GrpcEdge::wait_until_empty() {
  calls_.wait_until_empty();
}

}  // namespace terrace
