#include "northbound/grpc/call.h"

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include <grpcpp/server_context.h>

#include "rpc/channel.h"
#include "rpc/grpc_bytes.h"
#include "rpc/status.h"

namespace terrace {
namespace {

Problem stopping() {
  return make_problem(Problem::UNAVAILABLE, "server.stopping", "this platform is being stopped")
      .possible("the same call again, once it is back");
}

Problem no_request() {
  return problem(Problem::INVALID_ARGUMENT, "request.malformed", "the call came without a message");
}

Problem too_slow(std::size_t limit) {
  return make_problem(Problem::RESOURCE_EXHAUSTED, "stream.too-slow",
                      "the watcher does not keep up with what it asked to be told")
      .constraint("stream-backlog", std::to_string(limit) + " bytes", "more")
      .possible("watch again; fewer kinds are less to tell");
}

std::string header(const grpc::CallbackServerContext& context, const char* name) {
  const auto& headers = context.client_metadata();
  const auto found = headers.find(name);
  if (found == headers.end()) return {};
  return {found->second.data(), found->second.size()};
}

}  // namespace

// Reads the request, hands it to the strand, writes what comes back. On gRPC's side it ends by
// Finish, exactly once; it is kept (by GrpcCalls) until OnDone.
class GrpcCall final : public GrpcCalls::Reactor, public std::enable_shared_from_this<GrpcCall> {
 public:
  GrpcCall(GrpcCalls& calls, grpc::CallbackServerContext& context, std::string method,
           bool streaming)
      : calls_(calls), method_(std::move(method)), streaming_(streaming) {
    context_bytes_ = header(context, kContextHeader);
    call_.traceparent = header(context, kTraceHeader);
    if (context.deadline() != std::chrono::system_clock::time_point::max()) {
      call_.deadline = context.deadline();
    }
  }

  bool streaming() const { return streaming_; }

  void start() { StartRead(&request_); }

  // Any thread. What is queued goes first, unless `at_once`.
  void end(std::optional<Problem> problem, bool at_once = false) {
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return;
      ending_ = true;
      status_ = problem ? to_grpc(*problem) : grpc::Status::OK;
      if (at_once) drop_queue();
      if (writing_) return;  // OnWriteDone finishes
    }
    Finish(status_);
  }

 private:
  // gRPC's thread.
  void OnReadDone(bool ok) override {
    if (!ok) return end(no_request());
    calls_.executor_.post([self = shared_from_this()] { self->dispatch(); });
  }

  // The strand.
  void dispatch() {
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return;  // refused meanwhile, or the caller has left
    }
    const std::string bytes = to_bytes(request_);
    request_.Clear();
    if (!streaming_) {
      return calls_.dispatch_.unary(method_, call_, context_bytes_, bytes,
                                    [self = shared_from_this()](Result<std::string> answer) {
                                      if (!answer.ok()) return self->end(answer.problem());
                                      self->write(*answer);
                                      self->end(std::nullopt);
                                    });
    }
    subscription_ = calls_.dispatch_.stream(
        method_, call_, context_bytes_, bytes,
        [weak = weak_from_this()](Result<std::optional<std::string>> event) {
          const auto self = weak.lock();
          if (!self) return;
          if (!event.ok()) return self->end(event.problem());
          if (!*event) return self->end(std::nullopt);
          self->write(**event);
        });
  }

  // The strand. One write is on its way at a time, the rest waits here.
  void write(const std::string& bytes) {
    bool overflow = false;
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return;
      if (writing_) {
        overflow = streaming_ && backlog_ + bytes.size() > calls_.max_backlog_bytes_;
        if (!overflow) {
          backlog_ += bytes.size();
          queue_.push_back(bytes);
          return;
        }
      } else {
        writing_ = true;
        outgoing_ = to_buffer(bytes);
      }
    }
    if (overflow) return end(too_slow(calls_.max_backlog_bytes_), /*at_once=*/true);
    StartWrite(&outgoing_);
  }

  // gRPC's thread.
  void OnWriteDone(bool ok) override {
    bool more = false;
    {
      const std::lock_guard lock(mutex_);
      // A write that failed means that the caller is gone; OnDone must come all the same.
      if (!ok) drop_queue();
      if (!ok && !ending_) {
        ending_ = true;
        status_ = grpc::Status::CANCELLED;
      }
      more = !queue_.empty();
      if (more) {
        backlog_ -= queue_.front().size();
        outgoing_ = to_buffer(queue_.front());
        queue_.pop_front();
      } else {
        writing_ = false;
        if (!ending_) return;
      }
    }
    if (more) return StartWrite(&outgoing_);
    Finish(status_);
  }

  void OnCancel() override {
    if (streaming_) end(problem(Problem::CANCELLED, "rpc.cancelled", "the caller left"), true);
  }

  void OnDone() override {
    calls_.executor_.post([self = shared_from_this()] { self->subscription_.reset(); });
    calls_.leave(this);
  }

  void drop_queue() {
    queue_.clear();
    backlog_ = 0;
  }

  GrpcCalls& calls_;
  const std::string method_;
  const bool streaming_;
  Call call_;
  std::string context_bytes_;
  grpc::ByteBuffer request_, outgoing_;

  std::unique_ptr<Subscription> subscription_;  // the strand's

  std::mutex mutex_;
  bool writing_ = false;
  bool ending_ = false;
  grpc::Status status_;
  std::deque<std::string> queue_;
  std::size_t backlog_ = 0;
};

GrpcCalls::GrpcCalls(Executor& executor, Dispatch& dispatch, std::size_t max_backlog_bytes)
    : executor_(executor), dispatch_(dispatch), max_backlog_bytes_(max_backlog_bytes) {}

GrpcCalls::~GrpcCalls() = default;

GrpcCalls::Reactor* GrpcCalls::begin(grpc::CallbackServerContext& context,
                                     const std::string& method, bool streaming) {
  auto call = std::make_shared<GrpcCall>(*this, context, method, streaming);
  auto* reactor = call.get();
  bool refuse = false;
  {
    const std::lock_guard lock(mutex_);
    refuse = stopping_;
    calls_.emplace(reactor, std::move(call));
  }
  if (refuse) {
    reactor->end(stopping());
  } else {
    reactor->start();
  }
  return reactor;
}

void GrpcCalls::leave(const GrpcCall* call) {
  std::shared_ptr<GrpcCall> dropped;  // outside the lock
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(call);
  dropped = std::move(found->second);
  calls_.erase(found);
  changed_.notify_all();
}

void GrpcCalls::end_all(bool streams_only) {
  std::vector<std::shared_ptr<GrpcCall>> ended;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, call] : calls_) {
      if (call->streaming() || !streams_only) ended.push_back(call);
    }
  }
  // Without the lock: gRPC may tell a call's end within Finish.
  for (const auto& call : ended) call->end(stopping(), /*at_once=*/true);
}

void GrpcCalls::stop(Duration grace) {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  end_all(/*streams_only=*/true);
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, grace, [this] { return calls_.empty(); });
  }
  end_all(/*streams_only=*/false);
}

void GrpcCalls::wait_until_empty() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return calls_.empty(); });
}

}  // namespace terrace
