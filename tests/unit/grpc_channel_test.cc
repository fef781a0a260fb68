// GrpcChannel and GrpcServer together, over sockets.
#include "rpc/grpc_channel.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/asio_executor.h"
#include "northbound/grpc/server.h"
#include "tests/support/fake_north_api.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace terrace {
namespace {

constexpr const char* kGetNs = "/terrace.v1.NsLifecycleService/GetNs";
constexpr const char* kWatch = "/terrace.v1.HoldService/Watch";
constexpr const char* kWatchOperation = "/terrace.v1.NsLifecycleService/WatchNsLcmOpOcc";
constexpr const char* kId = "6f1c2a3b-0000-4000-8000-000000000001";

// Ends with what is told when its subscription goes.
class OnEnd final : public Subscription {
 public:
  explicit OnEnd(std::function<void()> end) : end_(std::move(end)) {}
  ~OnEnd() override { end_(); }
  OnEnd(const OnEnd&) = delete;
  OnEnd& operator=(const OnEnd&) = delete;

 private:
  const std::function<void()> end_;
};

// Answers GetNs, or keeps the reply; hands out the watches' sinks.
class Api final : public FakeNorthApi {
 public:
  using FakeNorthApi::FakeNorthApi;
  bool keep = false;
  std::vector<Reply<v1::NsInstance>> kept;
  Sink<v1::WatchEvent> watch_sink;
  Told<int> watch_begun, watch_ended;
  Told<Call> get_ns_begun;

  void get_ns(const Call& call, const v1::GetNsRequest& request,
              Reply<v1::NsInstance> reply) override {
    note("get_ns", call);
    get_ns_begun.push(call);
    if (keep) return kept.push_back(std::move(reply));
    v1::NsInstance instance;
    instance.set_id(request.ns_instance_id());
    instance.set_tenant(call.context.tenant());
    executor_.post([reply = std::move(reply), instance] { reply(instance); });
  }
  std::unique_ptr<Subscription> watch(const Call&, const v1::WatchRequest&,
                                      Sink<v1::WatchEvent> sink) override {
    watch_sink = std::move(sink);
    watch_begun.push(1);
    return std::make_unique<OnEnd>([this] { watch_ended.push(1); });
  }
  std::unique_ptr<Subscription> watch_ns_lcm_op_occ(const Call&, const v1::WatchNsLcmOpOccRequest&,
                                                    EndingSink<v1::NsLcmOpOcc> sink) override {
    executor_.post([sink] {
      for (int i = 0; i < 3; ++i) {
        v1::NsLcmOpOcc operation;
        operation.set_id(std::to_string(i));
        sink(std::optional<v1::NsLcmOpOcc>(operation));
      }
      sink(std::optional<v1::NsLcmOpOcc>());
    });
    return std::make_unique<OnEnd>([] {});
  }
};

class GrpcChannelTest : public testing::Test {
 protected:
  void SetUp() override { start_server(); }
  void TearDown() override {
    if (server_) server_->stop(Duration::zero());
    run_on(executor_, [this] { stream_.reset(); });
    channel_.reset();
    executor_.stop();
  }

  void start_server() {
    auto server = GrpcServer::start(executor_, dispatch_, options_);
    ASSERT_TRUE(server.ok()) << describe(server.problem());
    server_ = std::move(server).value();
  }

  std::optional<Result<v1::NsInstance>> get_ns(Call call = {}) {
    begin_get_ns(std::move(call));
    return answers_.next();
  }
  void begin_get_ns(Call call = {}) {
    executor_.post([this, call] {
      v1::GetNsRequest request;
      request.set_ns_instance_id(kId);
      call_unary<v1::NsInstance>(*channel_, kGetNs, call, request,
                                 [this](Result<v1::NsInstance> answer) {
                                   EXPECT_TRUE(executor_.on_strand());
                                   answers_.push(std::move(answer));
                                 });
    });
  }
  void begin_watch() {
    executor_.post([this] {
      stream_ = call_stream<v1::WatchEvent>(*channel_, kWatch, {}, v1::WatchRequest(),
                                            [this](Result<std::unique_ptr<v1::WatchEvent>> event) {
                                              events_.push(std::move(event));
                                            });
    });
  }

  TempDir directory_;
  const std::string address_ = "unix:" + (directory_.path() / "api.sock").string();
  AsioExecutor executor_;
  Api api_{executor_};
  Dispatch dispatch_{executor_, api_};
  GrpcServerOptions options_{.listen = {address_}};
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<GrpcChannel> channel_ = std::make_unique<GrpcChannel>(executor_, address_);
  Told<Result<v1::NsInstance>> answers_;
  Told<Result<std::unique_ptr<v1::WatchEvent>>> events_;
  std::unique_ptr<Subscription> stream_;
};

TEST_F(GrpcChannelTest, AnswersOnTheStrand) {
  const auto answer = get_ns();
  ASSERT_TRUE(answer && answer->ok());
  EXPECT_EQ((*answer)->id(), kId);
  EXPECT_TRUE(channel_->connected());
}

// Shows: R6
TEST_F(GrpcChannelTest, ContextTraceAndDeadlineTravelBesideTheMessage) {
  Call call;
  call.context.set_tenant("acme");
  call.context.set_epoch(7);
  call.context.add_platform_path("top");
  call.context.set_not_after_us(42);
  call.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  call.deadline = std::chrono::system_clock::now() + std::chrono::seconds(30);
  const auto answer = get_ns(call);
  ASSERT_TRUE(answer && answer->ok());
  EXPECT_EQ((*answer)->tenant(), "acme");
  const auto received = api_.get_ns_begun.next();
  ASSERT_TRUE(received);
  EXPECT_EQ(received->context.SerializeAsString(), call.context.SerializeAsString());
  EXPECT_EQ(received->traceparent, call.traceparent);
  ASSERT_TRUE(received->deadline);
  EXPECT_LT(std::chrono::abs(*received->deadline - *call.deadline), std::chrono::seconds(5));
}

TEST_F(GrpcChannelTest, ADeadlineThatPassesIsAnUnknownOutcome) {
  api_.keep = true;
  Call call;
  call.deadline = std::chrono::system_clock::now() + std::chrono::milliseconds(50);
  const auto answer = get_ns(call);
  ASSERT_TRUE(answer && !answer->ok());
  EXPECT_EQ(answer->problem().code(), Problem::DEADLINE_EXCEEDED);
  EXPECT_EQ(answer->problem().type(), "rpc.deadline");
}

TEST_F(GrpcChannelTest, NobodyThereIsUnavailable) {
  server_->stop(Duration::zero());
  const auto answer = get_ns();
  ASSERT_TRUE(answer && !answer->ok());
  EXPECT_EQ(answer->problem().code(), Problem::UNAVAILABLE);
  EXPECT_EQ(answer->problem().type(), "rpc.unreachable");
}

TEST_F(GrpcChannelTest, ConnectsAgainWhenThePeerIsBack) {
  ASSERT_TRUE(get_ns()->ok());
  server_->stop(Duration::zero());
  ASSERT_FALSE(get_ns()->ok());
  start_server();
  // Back-off lies between; each failure is an answer, so this asks again without sleeping.
  std::optional<Result<v1::NsInstance>> answer;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  do {
    answer = get_ns();
  } while (answer && !answer->ok() && std::chrono::steady_clock::now() < give_up);
  EXPECT_TRUE(answer && answer->ok());
}

TEST_F(GrpcChannelTest, AStreamTellsItsEventsAndItsGoodEnd) {
  Told<Result<std::unique_ptr<v1::NsLcmOpOcc>>> told;
  executor_.post([this, &told] {
    v1::WatchNsLcmOpOccRequest request;
    request.set_operation_id(kId);
    stream_ = call_stream<v1::NsLcmOpOcc>(
        *channel_, kWatchOperation, {}, request,
        [&told](Result<std::unique_ptr<v1::NsLcmOpOcc>> event) { told.push(std::move(event)); });
  });
  for (int i = 0; i < 3; ++i) {
    const auto event = told.next();
    ASSERT_TRUE(event && event->ok() && event->value());
    EXPECT_EQ(event->value()->id(), std::to_string(i));
  }
  const auto end = told.next();
  ASSERT_TRUE(end && end->ok());
  EXPECT_EQ(end->value(), nullptr);
}

TEST_F(GrpcChannelTest, DroppingTheSubscriptionEndsTheStreamAtTheServer) {
  begin_watch();
  ASSERT_TRUE(api_.watch_begun.next());
  run_on(executor_, [this] { stream_.reset(); });
  EXPECT_TRUE(api_.watch_ended.next());
  EXPECT_EQ(events_.unread(), 0u);
}

TEST_F(GrpcChannelTest, AGracefulStopEndsStreamsAndLetsCallsFinish) {
  api_.keep = true;
  begin_watch();
  ASSERT_TRUE(api_.watch_begun.next());
  begin_get_ns();
  ASSERT_TRUE(api_.get_ns_begun.next());
  std::thread stopper([this] { server_->stop(std::chrono::seconds(20)); });
  const auto end = events_.next();
  ASSERT_TRUE(end && !end->ok());
  EXPECT_EQ(end->problem().type(), "server.stopping");
  executor_.post([this] {
    v1::NsInstance instance;
    instance.set_id("late");
    api_.kept.front()(instance);
  });
  const auto answer = answers_.next();
  stopper.join();
  ASSERT_TRUE(answer && answer->ok());
  EXPECT_EQ((*answer)->id(), "late");
}

TEST_F(GrpcChannelTest, AStopWithoutGraceRefusesWhatIsUnderWay) {
  api_.keep = true;
  begin_get_ns();
  ASSERT_TRUE(api_.get_ns_begun.next());
  server_->stop(Duration::zero());
  const auto answer = answers_.next();
  ASSERT_TRUE(answer && !answer->ok());
  EXPECT_EQ(answer->problem().type(), "server.stopping");
  run_on(executor_,
         [this] { api_.kept.front()(v1::NsInstance()); });  // answered too late: harmless
}

TEST_F(GrpcChannelTest, ClosingTheChannelAnswersWhatIsUnderWay) {
  api_.keep = true;
  begin_get_ns();
  ASSERT_TRUE(api_.get_ns_begun.next());
  begin_watch();
  ASSERT_TRUE(api_.watch_begun.next());
  channel_.reset();
  const auto answer = answers_.next();
  ASSERT_TRUE(answer && !answer->ok());
  EXPECT_EQ(answer->problem().code(), Problem::CANCELLED);
  const auto event = events_.next();
  ASSERT_TRUE(event && !event->ok());
  EXPECT_EQ(event->problem().code(), Problem::CANCELLED);
}

TEST_F(GrpcChannelTest, ASlowWatcherIsCutAndToldWhy) {
  server_->stop(Duration::zero());
  options_.max_stream_backlog_bytes = 256 * 1024;
  start_server();
  Told<bool> go_on, blocked;
  // A watcher of its own, whose strand stands still at the first event.
  AsioExecutor slow;
  GrpcChannel channel(slow, address_);
  std::unique_ptr<Subscription> stream;
  slow.post([&] {
    bool first = true;
    stream = call_stream<v1::WatchEvent>(
        channel, kWatch, {}, v1::WatchRequest(),
        [this, &go_on, &blocked, first](Result<std::unique_ptr<v1::WatchEvent>> event) mutable {
          if (std::exchange(first, false)) {
            blocked.push(true);
            go_on.next();
          }
          events_.push(std::move(event));
        });
  });
  ASSERT_TRUE(api_.watch_begun.next());
  v1::WatchEvent event;
  event.set_type(v1::WatchEvent::UPSERT);
  event.mutable_hold()->set_id(std::string(64 * 1024, 'x'));
  run_on(executor_, [&] { api_.watch_sink(event); });
  ASSERT_TRUE(blocked.next());
  // Far more than the windows of the connection and the backlog hold.
  run_on(executor_, [&] {
    for (int i = 0; i < 1000; ++i) api_.watch_sink(event);
  });
  go_on.push(true);
  std::optional<Result<std::unique_ptr<v1::WatchEvent>>> last;
  do {
    last = events_.next();
  } while (last && last->ok());
  ASSERT_TRUE(last);
  EXPECT_EQ(last->problem().code(), Problem::RESOURCE_EXHAUSTED);
  EXPECT_EQ(last->problem().type(), "stream.too-slow");
  EXPECT_TRUE(api_.watch_ended.next());
  run_on(slow, [&] { stream.reset(); });
}

TEST_F(GrpcChannelTest, ListensOnSeveralAddresses) {
  server_->stop(Duration::zero());
  options_.listen = {address_, "127.0.0.1:0"};
  start_server();
  ASSERT_EQ(server_->ports().size(), 2u);
  channel_ =
      std::make_unique<GrpcChannel>(executor_, "127.0.0.1:" + std::to_string(server_->ports()[1]));
  EXPECT_TRUE(get_ns()->ok());
  channel_ = std::make_unique<GrpcChannel>(executor_, address_);
  EXPECT_TRUE(get_ns()->ok());
}

TEST_F(GrpcChannelTest, RefusesToListenWhereSomebodyDoesOrNobodyCan) {
  const auto taken = GrpcServer::start(executor_, dispatch_, {.listen = {address_}});
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.problem().type(), "server.cannot-listen");
  for (const char* address : {"", "nonsense", "127.0.0.1:99999", "unix:", "unix:/tmp"}) {
    const auto bad = GrpcServer::start(executor_, dispatch_, {.listen = {address}});
    ASSERT_FALSE(bad.ok()) << address;
    EXPECT_EQ(bad.problem().type(), "server.bad-address") << address;
  }
}

}  // namespace
}  // namespace terrace
