// One table from method name to NorthApi: what every edge of the API does alike. Bytes in, bytes
// out, so that the gRPC edge and the local channel run the same path.
//
// Before NorthApi sees a request, it is refused (INVALID_ARGUMENT unless said) when
//   request.too-large        more than max_message_bytes (RESOURCE_EXHAUSTED), before it is parsed
//   request.malformed        it does not parse
//   request.unknown-field    anywhere in it: the caller relies on what we do not know
//   request.unknown-enum     a value the schema does not have
//   request.malformed-id     hold_id, operation_id, ns_instance_id (wherever in the request's own
//                            fields), ids of the context: not a UUID in lower case
//   request.missing-id       the id a method cannot do without
//   request.bad-context      the context does not parse, or its parts are not well-formed
// and when there is no such method (UNIMPLEMENTED, request.no-such-method).
//
// On the executor's strand; replies never inside the call.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/call.h"
#include "base/executor.h"
#include "lifecycle/api.h"

namespace google::protobuf {
class MethodDescriptor;
}  // namespace google::protobuf

namespace terrace {

struct DispatchOptions {
  std::size_t max_message_bytes = 4u << 20;
  // A stream that has been silent for so long says BOOKMARK, with the last token when there is one.
  Duration heartbeat = std::chrono::seconds(5);
};

class Dispatch {
 public:
  // One stream's events as bytes; unset: the good end. That or a Problem is the last.
  using ByteSink = std::function<void(Result<std::optional<std::string>>)>;

  Dispatch(Executor& executor, NorthApi& api, DispatchOptions options = {});
  ~Dispatch();
  Dispatch(const Dispatch&) = delete;
  Dispatch& operator=(const Dispatch&) = delete;

  // `method` as in "/terrace.v1.HoldService/PlaceHold"; `context`: a serialised CallContext.
  // `call.context` is filled from it.
  void unary(std::string_view method, Call call, std::string_view context, std::string_view request,
             Reply<std::string> reply);
  [[nodiscard]] std::unique_ptr<Subscription> stream(std::string_view method, Call call,
                                                     std::string_view context,
                                                     std::string_view request, ByteSink sink);

  // Null when there is no such method. Any thread.
  static const google::protobuf::MethodDescriptor* find(std::string_view method);
  // "/terrace.v1.HoldService/PlaceHold". Any thread.
  static std::string method_name(const google::protobuf::MethodDescriptor& method);
  // All of them, services in the order of their names. Any thread.
  static std::vector<const google::protobuf::MethodDescriptor*> methods();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace terrace
