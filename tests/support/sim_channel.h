// The network between two simulated machines: a Channel into another node's API that can lose calls
// and replies, and knows when the other side is down.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
  // Changes a good answer on its way back.
  using Bend = std::function<void(const std::string& method, const Message& request,
                                  Message& answer)>;
  // One call with what came back; null while, or because, nothing did.
  struct Exchange {
    std::string method;
    v1::CallContext context;
    std::shared_ptr<const Message> request;
    std::shared_ptr<const Message> answer;
    std::optional<Problem> refusal;
  };

  SimChannel(SimExecutor& sim, NodeExecutor& here, NodeExecutor& there, Target target);
  ~SimChannel() override;

  void unary(std::string_view method, const Call& call, const Message& request,
             const Message& prototype, MessageReply reply) override;
  [[nodiscard]] std::unique_ptr<Subscription> stream(std::string_view method, const Call& call,
                                                     const Message& request,
                                                     const Message& prototype,
                                                     MessageSink sink) override;

  void decide(Decide decide) { decide_ = std::move(decide); }
  void bend(Bend bend) { bend_ = std::move(bend); }
  // The connection broke, or the other side went down: what is under way fails.
  void cut();
  // This side went down: nobody waits any more.
  void forget() { pending_.clear(); }
  // From now on every call is kept, in the order sent.
  void record() { recording_ = true; }
  const std::vector<std::shared_ptr<Exchange>>& exchanges() const { return exchanges_; }

 private:
  struct Pending;
  class Stream;
  using Answer = Result<std::unique_ptr<Message>>;
  std::shared_ptr<Exchange> note(const std::string& method, const Call& call,
                                 const Message& request);
  void came_back(const std::string& method, const Message& request, Exchange* kept,
                 Answer& answer) const;

  SimExecutor& sim_;
  NodeExecutor& here_;
  NodeExecutor& there_;
  Target target_;
  Decide decide_;
  std::map<std::uint64_t, std::shared_ptr<Pending>> pending_;
  std::uint64_t last_ = 0;
  Bend bend_;
  bool recording_ = false;
  std::vector<std::shared_ptr<Exchange>> exchanges_;
};

}  // namespace terrace
