// The network between two simulated machines: a Channel into another node's API that can lose calls
// and replies, and knows when the other side is down.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "rpc/channel.h"
#include "tests/support/node_executor.h"

namespace terrace {

// What happens to a call, looked up before it is sent.
enum class Fate { kDeliver, kLoseCall, kLoseReply };

class SimChannel final : public Channel {
 public:
  // The other side's own channel into itself, or null while it is down.
  using Target = std::function<Channel*()>;
  // The method's last word ("PlaceHold") and the request.
  using Decide = std::function<Fate(const std::string& method, const Message& request)>;

  SimChannel(SimExecutor& sim, NodeExecutor& here, NodeExecutor& there, Target target);
  ~SimChannel() override;

  void unary(std::string_view method, const Call& call, const Message& request,
             const Message& prototype, MessageReply reply) override;
  [[nodiscard]] std::unique_ptr<Subscription> stream(std::string_view method, const Call& call,
                                                     const Message& request,
                                                     const Message& prototype,
                                                     MessageSink sink) override;

  void decide(Decide decide) { decide_ = std::move(decide); }
  // The other side went down: what is under way fails.
  void cut();
  // By method's last word: calls that were sent, with their requests as text.
  const std::multimap<std::string, std::string>& sent() const { return sent_; }

 private:
  struct Pending;
  class Stream;

  SimExecutor& sim_;
  NodeExecutor& here_;
  NodeExecutor& there_;
  Target target_;
  Decide decide_;
  std::map<std::uint64_t, std::shared_ptr<Pending>> pending_;
  std::uint64_t last_ = 0;
  std::multimap<std::string, std::string> sent_;
};

}  // namespace terrace
