// Walks every method of every service, by the schema's own descriptors, and calls it wrongly
// through a real gRPC server: each refusal must carry exactly one Problem, with the status's code.
// A method that is added to the schema is tested from then on; one that is missing in the table
// fails here.
#include <cctype>
#include <future>
#include <memory>
#include <string>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include "base/asio_executor.h"
#include "northbound/grpc/server.h"
#include "rpc/channel.h"
#include "rpc/grpc_bytes.h"
#include "rpc/status.h"
#include "tests/support/fake_north_api.h"
#include "tests/support/temp_dir.h"

namespace terrace {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr std::size_t kMaxBytes = 64 * 1024;
constexpr int kUnknownNumber = 12345;

// One call with raw bytes, as any client may make it; its status.
class RawClient {
 public:
  explicit RawClient(const std::string& address)
      : stub_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())) {}

  grpc::Status call(const std::string& method, const std::string& request,
                    const std::string& context = {}, std::string* response = nullptr) {
    Reactor reactor;
    if (!context.empty()) reactor.context.AddMetadata(kContextHeader, context);
    reactor.context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    auto done = reactor.done.get_future();
    reactor.request = to_buffer(request);
    stub_.PrepareBidiStreamingCall(&reactor.context, method, {}, &reactor);
    reactor.StartWriteLast(&reactor.request, {});
    reactor.StartRead(&reactor.response);
    reactor.StartCall();
    auto status = done.get();
    if (response) *response = to_bytes(reactor.response);
    return status;
  }

 private:
  struct Reactor final : grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
    grpc::ClientContext context;
    grpc::ByteBuffer request, response;
    std::promise<grpc::Status> done;
    void OnDone(const grpc::Status& status) override { done.set_value(status); }
  };
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub_;
};

class EveryMethod : public testing::TestWithParam<const MethodDescriptor*> {
 protected:
  void SetUp() override {
    const std::string address = "unix:" + (directory_.path() / "api.sock").string();
    auto server = GrpcServer::start(executor_, dispatch_,
                                    {.listen = {address}, .max_message_bytes = kMaxBytes});
    ASSERT_TRUE(server.ok()) << describe(server.problem());
    server_ = std::move(server).value();
    client_ = std::make_unique<RawClient>(address);
  }
  void TearDown() override {
    if (server_) server_->stop(Duration::zero());
    executor_.stop();
  }

  std::string method() const { return Dispatch::method_name(*GetParam()); }

  // A well-formed request: its ids are there.
  std::unique_ptr<Message> valid_request() const {
    auto* factory = google::protobuf::MessageFactory::generated_factory();
    std::unique_ptr<Message> request(factory->GetPrototype(GetParam()->input_type())->New());
    for (const char* name : {"hold_id", "operation_id", "ns_instance_id", "id"}) {
      const auto* field = request->GetDescriptor()->FindFieldByName(name);
      if (field && !field->is_repeated()) {
        request->GetReflection()->SetString(request.get(), field, kId);
      }
    }
    return request;
  }

  void expect_refusal(const grpc::Status& status, grpc::StatusCode code, const std::string& type) {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_EQ(problems_in(status), 1) << status.error_message();
    const Problem problem = from_grpc(status, "peer");
    EXPECT_EQ(problem.code(), static_cast<int>(code));
    EXPECT_EQ(problem.type(), type) << describe(problem);
    EXPECT_FALSE(problem.what().empty());
  }

  static constexpr const char* kId = "6f1c2a3b-0000-4000-8000-000000000001";

  TempDir directory_;
  AsioExecutor executor_;
  FakeNorthApi api_{executor_};
  Dispatch dispatch_{executor_, api_, {.max_message_bytes = kMaxBytes}};
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<RawClient> client_;
};

// "OnboardNsd" -> "onboard_nsd".
std::string snake_case(const std::string& name) {
  std::string result;
  for (const char c : name) {
    if (std::isupper(static_cast<unsigned char>(c)) && !result.empty()) result += '_';
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

// Sets the first enum field found, at any depth, to a value that the schema does not have. False:
// the message has none.
bool set_unknown_enum(Message& message, int depth = 0) {
  const auto* reflection = message.GetReflection();
  const auto* descriptor = message.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      if (field->is_repeated()) {
        reflection->AddEnumValue(&message, field, kUnknownNumber);
      } else {
        reflection->SetEnumValue(&message, field, kUnknownNumber);
      }
      return true;
    }
  }
  for (int i = 0; i < descriptor->field_count() && depth < 6; ++i) {
    const auto* field = descriptor->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    Message* inner = field->is_repeated() ? reflection->AddMessage(&message, field)
                                          : reflection->MutableMessage(&message, field);
    if (set_unknown_enum(*inner, depth + 1)) return true;
    if (field->is_repeated()) {
      reflection->RemoveLast(&message, field);
    } else {
      reflection->ClearField(&message, field);
    }
  }
  return false;
}

Message* first_inner(Message& message) {
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const auto* field = message.GetDescriptor()->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    return field->is_repeated() ? reflection->AddMessage(&message, field)
                                : reflection->MutableMessage(&message, field);
  }
  return nullptr;
}

void add_unknown_field(Message& message) {
  message.GetReflection()->MutableUnknownFields(&message)->AddVarint(kUnknownNumber, 1);
}

TEST_P(EveryMethod, ReachesItsOwnHandler) {
  expect_refusal(client_->call(method(), valid_request()->SerializeAsString()),
                 grpc::StatusCode::NOT_FOUND, "fake." + snake_case(GetParam()->name()));
}

TEST_P(EveryMethod, RefusesAnEmptyRequestOrServesIt) {
  const auto status = client_->call(method(), "");
  const bool needs_id = status.error_code() == grpc::StatusCode::INVALID_ARGUMENT;
  expect_refusal(status,
                 needs_id ? grpc::StatusCode::INVALID_ARGUMENT : grpc::StatusCode::NOT_FOUND,
                 needs_id ? "request.missing-id" : "fake." + snake_case(GetParam()->name()));
}

TEST_P(EveryMethod, RefusesBytesThatAreNoMessage) {
  expect_refusal(client_->call(method(), "\xff\xff\xff\xff"), grpc::StatusCode::INVALID_ARGUMENT,
                 "request.malformed");
}

// Shows: R13
TEST_P(EveryMethod, RefusesUnknownFields) {
  auto request = valid_request();
  add_unknown_field(*request);
  expect_refusal(client_->call(method(), request->SerializeAsString()),
                 grpc::StatusCode::INVALID_ARGUMENT, "request.unknown-field");
}

// Shows: R13
TEST_P(EveryMethod, RefusesUnknownFieldsInside) {
  auto request = valid_request();
  Message* inner = first_inner(*request);
  if (!inner) return;  // it has nothing inside
  add_unknown_field(*inner);
  expect_refusal(client_->call(method(), request->SerializeAsString()),
                 grpc::StatusCode::INVALID_ARGUMENT, "request.unknown-field");
}

TEST_P(EveryMethod, RefusesUnknownEnumValues) {
  auto request = valid_request();
  if (!set_unknown_enum(*request)) return;  // it has no enum
  expect_refusal(client_->call(method(), request->SerializeAsString()),
                 grpc::StatusCode::INVALID_ARGUMENT, "request.unknown-enum");
}

// Shows: R5
TEST_P(EveryMethod, RefusesMalformedIds) {
  auto request = valid_request();
  bool any = false;
  for (const char* name : {"hold_id", "operation_id", "ns_instance_id"}) {
    const auto* field = request->GetDescriptor()->FindFieldByName(name);
    if (!field || field->is_repeated()) continue;
    any = true;
    request->GetReflection()->SetString(request.get(), field, "6F1C2A3B/../1");
  }
  if (!any) return;  // it has no id of a caller's choice
  expect_refusal(client_->call(method(), request->SerializeAsString()),
                 grpc::StatusCode::INVALID_ARGUMENT, "request.malformed-id");
}

TEST_P(EveryMethod, RefusesWhatIsTooLargeBeforeParsingIt) {
  expect_refusal(client_->call(method(), std::string(kMaxBytes + 1, '\xff')),
                 grpc::StatusCode::RESOURCE_EXHAUSTED, "request.too-large");
}

TEST_P(EveryMethod, RefusesABadContext) {
  const std::string request = valid_request()->SerializeAsString();
  expect_refusal(client_->call(method(), request, "\xff\xff\xff"),
                 grpc::StatusCode::INVALID_ARGUMENT, "request.bad-context");
  v1::CallContext context;
  context.set_tenant("two words");
  expect_refusal(client_->call(method(), request, context.SerializeAsString()),
                 grpc::StatusCode::INVALID_ARGUMENT, "request.bad-context");
}

INSTANTIATE_TEST_SUITE_P(Api, EveryMethod, testing::ValuesIn(Dispatch::methods()),
                         [](const auto& each) {
                           return each.param->service()->name() + "_" + each.param->name();
                         });

class Introspection : public EveryMethod {
 protected:
  // What a client that knows nothing of the schema is told.
  std::string ask(const std::string& asked_method, const std::string& request) {
    std::string response;
    const auto status = client_->call(asked_method, request, "", &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
};

TEST_P(Introspection, ReflectionListsAndDescribesTheServices) {
  const char* reflection = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  const std::string services = ask(reflection, "\x3a\x01*");  // ListServices
  for (const auto* method : Dispatch::methods()) {
    EXPECT_NE(services.find(method->service()->full_name()), std::string::npos);
  }
  const std::string symbol = "terrace.v1.HoldService";
  const std::string file =
      ask(reflection, "\x22" + std::string(1, static_cast<char>(symbol.size())) + symbol);
  EXPECT_NE(file.find("PlaceHold"), std::string::npos);
}

TEST_P(Introspection, HealthIsServing) {
  EXPECT_EQ(ask("/grpc.health.v1.Health/Check", ""), "\x08\x01");
}

INSTANTIATE_TEST_SUITE_P(Api, Introspection, testing::Values(Dispatch::methods().front()));

class UnknownMethod : public EveryMethod {};

TEST_P(UnknownMethod, IsRefusedWithAProblemToo) {
  for (const char* name : {"/terrace.v1.HoldService/NoSuchThing", "/no.such.Service/Method", "/"}) {
    expect_refusal(client_->call(name, ""), grpc::StatusCode::UNIMPLEMENTED,
                   "request.no-such-method");
  }
}

INSTANTIATE_TEST_SUITE_P(Api, UnknownMethod, testing::Values(Dispatch::methods().front()));

}  // namespace
}  // namespace terrace
