#include "rpc/grpc_channel.h"

#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_callback.h>

#include "rpc/grpc_bytes.h"
#include "rpc/status.h"

namespace terrace {
namespace {

using Message = Channel::Message;
using Stub = grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer>;

int to_ms(Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

// gRPC 1.51 frees the queue that all channels' callbacks run on when the last channel goes, and
// when another is made after that, frees it once too often now and then. So one idle channel, which
// has made a call and thereby holds the queue, is kept for the life of the process.
void keep_grpc() {
  // Volatile, or the optimiser forgets the pointer and a leak checker finds what it pointed to.
  static std::shared_ptr<grpc::Channel>* volatile kept = [] {
    auto* const channel = new std::shared_ptr<grpc::Channel>(
        grpc::CreateChannel("unix:/dev/null/nobody", grpc::InsecureChannelCredentials()));
    Stub stub(*channel);
    grpc::ClientContext context;
    const grpc::Slice nothing;
    const grpc::ByteBuffer request(&nothing, 1);
    grpc::ByteBuffer response;
    std::promise<void> failed;
    stub.UnaryCall(&context, "/none/None", grpc::StubOptions(), &request, &response,
                   [&failed](const grpc::Status&) { failed.set_value(); });
    failed.get_future().wait();
    return channel;
  }();
  static_cast<void>(kept);
}

std::shared_ptr<grpc::Channel> connect(const std::string& address,
                                       const GrpcChannelOptions& options) {
  keep_grpc();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, to_ms(options.keepalive));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, to_ms(options.keepalive_timeout));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, to_ms(options.reconnect_first));
  // In gRPC also how long a connection may take to come about: a far platform needs a second.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, to_ms(options.reconnect_last));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, to_ms(options.reconnect_last));
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  // A connection of one's own: otherwise channels to one address share it, and its back-off.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

void fill(grpc::ClientContext& context, const Call& call) {
  const std::string bytes = call.context.SerializeAsString();
  if (!bytes.empty()) context.AddMetadata(kContextHeader, bytes);
  if (!call.traceparent.empty()) context.AddMetadata(kTraceHeader, call.traceparent);
  if (call.deadline) context.set_deadline(*call.deadline);
}

std::unique_ptr<Message> parsed(const grpc::ByteBuffer& buffer, const Message& prototype) {
  std::unique_ptr<Message> message(prototype.New());
  if (!parse(buffer, *message)) message.reset();
  return message;
}

Problem malformed(const std::string& peer, const Message& prototype) {
  return make_problem(Problem::INTERNAL, "rpc.malformed",
                      peer + " answered with something that is no " + prototype.GetTypeName())
      .at_resource("peer/" + peer);
}

// The calls under way, so that the channel can end them and wait until gRPC has let go of them.
class CallsUnderWay {
 public:
  // `abort` keeps the call alive; it may run on any thread, also after the call has left.
  void enter(const void* call, std::function<void()> abort) {
    const std::lock_guard lock(mutex_);
    calls_.emplace(call, std::move(abort));
  }
  void leave(const void* call) {
    std::function<void()> dropped;  // outside the lock: it may be the last to hold the call
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(call);
    dropped = std::move(found->second);
    calls_.erase(found);
    if (calls_.empty()) changed_.notify_all();
  }
  void abort_all() {
    std::vector<std::function<void()>> aborts;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [call, abort] : calls_) aborts.push_back(abort);
    }
    // Without the lock: gRPC may tell the end of a call within its cancellation.
    for (const auto& abort : aborts) abort();
    aborts.clear();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return calls_.empty(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<const void*, std::function<void()>> calls_;
};

// What calls share; outlives them, because the channel waits for them.
struct Connection {
  Connection(Executor& its_executor, const std::string& address, const GrpcChannelOptions& options)
      : executor(its_executor), peer(address), channel(connect(address, options)), stub(channel) {}

  Executor& executor;
  const std::string peer;
  const std::shared_ptr<grpc::Channel> channel;
  Stub stub;
  CallsUnderWay calls;
};

class UnaryCall : public std::enable_shared_from_this<UnaryCall> {
 public:
  UnaryCall(Connection& connection, std::string_view method, const Message& prototype,
            Channel::MessageReply reply)
      : connection_(connection), method_(method), prototype_(prototype), reply_(std::move(reply)) {}

  void start(const Call& call, const Message& request) {
    fill(context_, call);
    request_ = to_buffer(request);
    const auto self = shared_from_this();
    connection_.calls.enter(this, [self] { self->context_.TryCancel(); });
    connection_.stub.UnaryCall(&context_, method_, {}, &request_, &response_,
                               [self](const grpc::Status& status) { self->done(status); });
  }

 private:
  // On a thread of gRPC's.
  void done(const grpc::Status& status) {
    if (status.ok()) {
      answer_ = parsed(response_, prototype_);
      if (!answer_) problem_ = malformed(connection_.peer, prototype_);
    } else {
      problem_ = from_grpc(status, connection_.peer);
    }
    connection_.executor.post([self = shared_from_this()] {
      if (self->answer_) return self->reply_(std::move(self->answer_));
      self->reply_(std::move(self->problem_));
    });
    connection_.calls.leave(this);
  }

  Connection& connection_;
  const std::string method_;
  const Message& prototype_;
  const Channel::MessageReply reply_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_, response_;
  std::unique_ptr<Message> answer_;
  Problem problem_;
};

// One message at a time: read on gRPC's thread, told on the strand, and only then the next read.
// For that read, which starts outside gRPC's reactions, it keeps a hold (gRPC's word: no OnDone
// yet).
class StreamCall final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                         public std::enable_shared_from_this<StreamCall> {
 public:
  StreamCall(Connection& connection, std::string_view method, const Message& prototype,
             Channel::MessageSink sink)
      : connection_(connection), method_(method), prototype_(prototype), sink_(std::move(sink)) {}

  void start(const Call& call, const Message& request) {
    fill(context_, call);
    request_ = to_buffer(request);
    connection_.calls.enter(this, [self = shared_from_this()] { self->abort(); });
    connection_.stub.PrepareBidiStreamingCall(&context_, method_, {}, this);
    StartWriteLast(&request_, {});
    AddHold();
    StartRead(&incoming_);
    StartCall();
  }

  // The strand: nothing more is told.
  void cancel() {
    told_end_ = true;
    abort();
  }

 private:
  // Any thread.
  void abort() {
    context_.TryCancel();
    drop_hold(/*even_if_reading=*/false);
  }

  void drop_hold(bool even_if_reading) {
    {
      const std::lock_guard lock(mutex_);
      if (!holding_ || (reading_ && !even_if_reading)) return;
      holding_ = false;
    }
    RemoveHold();
  }

  // On a thread of gRPC's.
  void OnReadDone(bool ok) override {
    if (!ok) return drop_hold(/*even_if_reading=*/true);
    arrived_ = parsed(incoming_, prototype_);
    {
      const std::lock_guard lock(mutex_);
      reading_ = false;
    }
    connection_.executor.post([self = shared_from_this()] { self->tell(); });
  }

  // On the strand, after a read.
  void tell() {
    if (!told_end_) {
      if (arrived_) {
        sink_(std::move(arrived_));
      } else {
        told_end_ = true;
        sink_(malformed(connection_.peer, prototype_));
      }
    }
    if (told_end_) return abort();
    {
      const std::lock_guard lock(mutex_);
      if (!holding_) return;
      reading_ = true;
    }
    incoming_.Clear();
    StartRead(&incoming_);
  }

  void OnDone(const grpc::Status& status) override {
    std::optional<Problem> problem;
    if (!status.ok()) problem = from_grpc(status, connection_.peer);
    connection_.executor.post([self = shared_from_this(), problem = std::move(problem)] {
      if (self->told_end_) return;
      self->told_end_ = true;
      if (problem) return self->sink_(*problem);
      self->sink_(std::unique_ptr<Message>());
    });
    connection_.calls.leave(this);
  }

  Connection& connection_;
  const std::string method_;
  const Message& prototype_;
  const Channel::MessageSink sink_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_, incoming_;
  std::unique_ptr<Message> arrived_;  // gRPC's thread's while reading, else the strand's
  bool told_end_ = false;             // the strand's

  std::mutex mutex_;
  bool holding_ = true;
  bool reading_ = true;
};

class StreamSubscription final : public Subscription {
 public:
  explicit StreamSubscription(std::shared_ptr<StreamCall> call) : call_(std::move(call)) {}
  ~StreamSubscription() override { call_->cancel(); }
  StreamSubscription(const StreamSubscription&) = delete;
  StreamSubscription& operator=(const StreamSubscription&) = delete;

 private:
  const std::shared_ptr<StreamCall> call_;
};

}  // namespace

class GrpcChannel::Impl {
 public:
  Impl(Executor& executor, const std::string& address, const GrpcChannelOptions& options)
      : connection(executor, address, options) {}

  Connection connection;
};

GrpcChannel::GrpcChannel(Executor& executor, const std::string& address, GrpcChannelOptions options)
    : impl_(std::make_unique<Impl>(executor, address, options)) {}

GrpcChannel::~GrpcChannel() {
  impl_->connection.calls.abort_all();
}

void GrpcChannel::unary(std::string_view method, const Call& call, const Message& request,
                        const Message& prototype, MessageReply reply) {
  std::make_shared<UnaryCall>(impl_->connection, method, prototype, std::move(reply))
      ->start(call, request);
}

std::unique_ptr<Subscription> GrpcChannel::stream(std::string_view method, const Call& call,
                                                  const Message& request, const Message& prototype,
                                                  MessageSink sink) {
  auto stream = std::make_shared<StreamCall>(impl_->connection, method, prototype, std::move(sink));
  stream->start(call, request);
  return std::make_unique<StreamSubscription>(std::move(stream));
}

bool GrpcChannel::connected() const {
  return impl_->connection.channel->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY;
}

}  // namespace terrace
