// The way to another platform: calls by method name, messages in and out. gRPC is one
// (rpc/grpc_channel.h), the way into a platform in the same process another
// (northbound/local_channel.h); tests put faults around either.
//
// Calls are made on the executor's strand; replies and events come on it, never inside the call. A
// call's context, deadline and trace travel beside the message.
//
// Every error is a Problem: the one the other side sent, or, where the transport itself failed, one
// of type "rpc.*" (UNAVAILABLE rpc.unreachable, DEADLINE_EXCEEDED rpc.deadline, UNIMPLEMENTED
// rpc.no-such-method, RESOURCE_EXHAUSTED rpc.too-large, CANCELLED rpc.cancelled, else rpc.failed).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <google/protobuf/message.h>

#include "base/call.h"
#include "base/result.h"

namespace terrace {

class Channel {
 public:
  using Message = google::protobuf::Message;
  using MessageReply = std::function<void(Result<std::unique_ptr<Message>>)>;
  // Null: the stream ended well. That or a Problem is the last thing told.
  using MessageSink = std::function<void(Result<std::unique_ptr<Message>>)>;

  // Ends what is under way: each reply and stream still gets its last word (CANCELLED), if the
  // executor still runs.
  virtual ~Channel() = default;

  // `method`: "/terrace.v1.HoldService/PlaceHold". `prototype`: any instance of the response's
  // type, outliving the call (a default instance); the reply is a new message of it.
  virtual void unary(std::string_view method, const Call& call, const Message& request,
                     const Message& prototype, MessageReply reply) = 0;

  // A server stream, until it ends or the subscription is destroyed; then nothing more is told.
  // The next event is fetched once the sink has returned from the last: a slow reader slows the
  // stream.
  [[nodiscard]] virtual std::unique_ptr<Subscription> stream(std::string_view method,
                                                             const Call& call,
                                                             const Message& request,
                                                             const Message& prototype,
                                                             MessageSink sink) = 0;
};

// Typed: call_unary<v1::Hold>(channel, "/terrace.v1.HoldService/PlaceHold", call, request, reply).
template <class Response>
void call_unary(Channel& channel, std::string_view method, const Call& call,
                const google::protobuf::Message& request, Reply<Response> reply) {
  channel.unary(method, call, request, Response::default_instance(),
                [reply = std::move(reply)](Result<std::unique_ptr<Channel::Message>> result) {
                  if (!result.ok()) return reply(std::move(result).problem());
                  reply(std::move(static_cast<Response&>(**result)));
                });
}

// Typed; the sink gets a null pointer at a good end.
template <class Response>
[[nodiscard]] std::unique_ptr<Subscription> call_stream(
    Channel& channel, std::string_view method, const Call& call,
    const google::protobuf::Message& request,
    std::function<void(Result<std::unique_ptr<Response>>)> sink) {
  return channel.stream(method, call, request, Response::default_instance(),
                        [sink = std::move(sink)](Result<std::unique_ptr<Channel::Message>> result) {
                          if (!result.ok()) return sink(std::move(result).problem());
                          sink(std::unique_ptr<Response>(
                              static_cast<Response*>(std::move(result).value().release())));
                        });
}

// The names under which a call's context and trace travel.
inline constexpr const char* kContextHeader = "terrace-context-bin";
inline constexpr const char* kTraceHeader = "traceparent";

}  // namespace terrace
