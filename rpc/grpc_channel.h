// Channel over gRPC. Its headers stay in the .cc file.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/executor.h"
#include "rpc/channel.h"

namespace terrace {

struct GrpcChannelOptions {
  // A silent connection is asked for a sign of life after `keepalive`, and given up when none comes
  // within `keepalive_timeout`.
  Duration keepalive = std::chrono::seconds(10);
  Duration keepalive_timeout = std::chrono::seconds(5);
  // Pauses between attempts to connect grow from the first to the last.
  Duration reconnect_first = std::chrono::milliseconds(100);
  Duration reconnect_last = std::chrono::seconds(2);
  // Of one answer.
  std::size_t max_message_bytes = 64u << 20;
};

// To "unix:/path", "unix:relative" or "host:port" ("[::1]:7000"); plain, no TLS. Connects when
// first used and again whenever the connection broke; while it cannot, calls fail with UNAVAILABLE
// at once.
//
// The executor must outlive it. Destroying it waits for gRPC to let go of what was under way
// (cancelled, so at once).
class GrpcChannel final : public Channel {
 public:
  GrpcChannel(Executor& executor, const std::string& address, GrpcChannelOptions options = {});
  ~GrpcChannel() override;
  GrpcChannel(const GrpcChannel&) = delete;
  GrpcChannel& operator=(const GrpcChannel&) = delete;

  void unary(std::string_view method, const Call& call, const Message& request,
             const Message& prototype, MessageReply reply) override;
  [[nodiscard]] std::unique_ptr<Subscription> stream(std::string_view method, const Call& call,
                                                     const Message& request,
                                                     const Message& prototype,
                                                     MessageSink sink) override;

  // Whether there is a connection just now. Any thread.
  bool connected() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace terrace
