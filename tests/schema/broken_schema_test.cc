// Are breaks found, and growth let through? On small schemas written for it.
#include <gmock/gmock.h>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include "tests/schema/compatibility.h"
#include "tests/schema/lint.h"

namespace terrace::schema {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Quiet : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int, const std::string& message) override {
    ADD_FAILURE() << "the example's line " << line << ": " << message;
  }
};

// As protoc would write it: parsed, and every name resolved.
google::protobuf::FileDescriptorSet schema(const std::string& body,
                                           const std::string& path = "a/v1/a.proto",
                                           const std::string& package = "a.v1") {
  const std::string text = "syntax = \"proto3\"; package " + package + ";" + body;
  google::protobuf::io::ArrayInputStream in(text.data(), static_cast<int>(text.size()));
  Quiet errors;
  google::protobuf::io::Tokenizer tokens(&in, &errors);
  google::protobuf::compiler::Parser parser;
  parser.RecordErrorsTo(&errors);
  google::protobuf::FileDescriptorProto parsed;
  EXPECT_TRUE(parser.Parse(&tokens, &parsed)) << text;
  parsed.set_name(path);
  google::protobuf::DescriptorPool pool;
  const auto* file = pool.BuildFile(parsed);
  google::protobuf::FileDescriptorSet set;
  EXPECT_NE(file, nullptr) << text;
  if (file != nullptr) {
    file->CopyTo(set.add_file());
    file->CopyJsonNameTo(set.mutable_file(0));
    set.mutable_file(0)->set_syntax("proto3");
  }
  return set;
}

constexpr char kReleased[] = R"(
  message M {
    enum E { E_UNSPECIFIED = 0; E_ONE = 1; }
    string name = 1; repeated int32 size = 2; optional bool flag = 3; E e = 4;
    oneof pick { string left = 5; string right = 6; }
  }
  service S { rpc Do(M) returns (M); rpc Watch(M) returns (stream M); }
)";

// What breaks when `before` becomes `after` in the released example.
std::vector<std::string> change(const std::string& before, const std::string& after) {
  std::string text = kReleased;
  const auto at = text.find(before);
  EXPECT_NE(at, std::string::npos) << before;
  text.replace(at, before.size(), after);
  return breaks(schema(kReleased), schema(text));
}

TEST(Compatibility, GrowthBreaksNothing) {
  EXPECT_THAT(breaks(schema(kReleased), schema(kReleased)), IsEmpty());
  EXPECT_THAT(change("string name = 1;", "string name = 1; string more = 7;"), IsEmpty());
  EXPECT_THAT(change("E_ONE = 1;", "E_ONE = 1; E_TWO = 2;"), IsEmpty());
  EXPECT_THAT(change("rpc Do", "rpc Undo(M) returns (M); rpc Do"), IsEmpty());
  EXPECT_THAT(change("message M {", "message N {} message M {"), IsEmpty());
  EXPECT_THAT(change("string left = 5;", "string middle = 7; string left = 5;"), IsEmpty());
  EXPECT_THAT(breaks(schema(kReleased), schema(kReleased, "a/v1/moved.proto")), IsEmpty());
}

TEST(Compatibility, FieldsKeepWhatTheyAre) {
  EXPECT_THAT(change("string name = 1;", ""), ElementsAre("a.v1.M.name: field 1 is gone"));
  EXPECT_THAT(change("name = 1;", "name = 9;"), ElementsAre("a.v1.M.name: field 1 is gone"));
  EXPECT_THAT(change("string name", "string title"),
              ElementsAre("a.v1.M.name: name was name, is title",
                          "a.v1.M.name: JSON name was name, is title"));
  EXPECT_THAT(change("string name", "bytes name"),
              ElementsAre("a.v1.M.name: type was TYPE_STRING, is TYPE_BYTES"));
  EXPECT_THAT(change("E e = 4", "M e = 4"), ElementsAre(HasSubstr("is TYPE_MESSAGE .a.v1.M")));
  EXPECT_THAT(change("repeated int32", "int32"),
              ElementsAre(HasSubstr("label was LABEL_REPEATED")));
  EXPECT_THAT(change("optional bool", "bool"),
              ElementsAre("a.v1.M.flag: presence was optional, is implicit"));
  EXPECT_THAT(change("oneof pick { string left = 5;", "string left = 5; oneof pick {"),
              ElementsAre("a.v1.M.left: oneof was pick, is none"));
}

TEST(Compatibility, EnumsAndMessagesStay) {
  EXPECT_THAT(change("E_ONE = 1;", ""), ElementsAre("a.v1.M.E.E_ONE: value 1 is gone"));
  EXPECT_THAT(change("E_ONE = 1", "E_ONE = 2"), ElementsAre("a.v1.M.E.E_ONE: value 1 is gone"));
  EXPECT_THAT(change("E_ONE", "E_FIRST"),
              ElementsAre("a.v1.M.E.E_ONE: name was E_ONE, is E_FIRST"));
  EXPECT_THAT(breaks(schema("message A {} enum B { B_UNSPECIFIED = 0; }"), schema("")),
              ElementsAre("a.v1.A: the message is gone", "a.v1.B: the enum is gone"));
}

TEST(Compatibility, MethodsKeepTheirShape) {
  EXPECT_THAT(change("rpc Do(M) returns (M);", ""), ElementsAre("a.v1.S.Do: the method is gone"));
  EXPECT_THAT(change("stream M", "M"),
              ElementsAre("a.v1.S.Watch: response was stream .a.v1.M, is .a.v1.M"));
  EXPECT_THAT(change("rpc Do(M)", "rpc Do(stream M)"),
              ElementsAre("a.v1.S.Do: request was .a.v1.M, is stream .a.v1.M"));
  EXPECT_THAT(change("service S", "service T"), ElementsAre("a.v1.S: the service is gone"));
}

// The rules that a small schema breaks.
std::vector<std::string> rules(const google::protobuf::FileDescriptorSet& set) {
  std::vector<std::string> out;
  for (const Finding& finding : lint(set)) {
    out.push_back(finding.rule);
  }
  return out;
}

TEST(Lint, FindsEachBreach) {
  EXPECT_THAT(rules(schema("message GoodName { string a_b2 = 1; optional bool c = 2; }"
                           "enum GoodType { GOOD_TYPE_UNSPECIFIED = 0; GOOD_TYPE_A = 1; }"
                           "message DoRequest {} message DoResponse {}"
                           "service AService { rpc Do(DoRequest) returns (DoResponse); }")),
              IsEmpty());
  EXPECT_THAT(rules(schema("", "b/v1/a.proto")), ElementsAre("PACKAGE_DIRECTORY_MATCH"));
  EXPECT_THAT(rules(schema("", "a/b/a.proto", "a.b")), ElementsAre("PACKAGE_VERSION_SUFFIX"));
  EXPECT_THAT(rules(schema("", "a/v1/A-b.proto")), ElementsAre("FILE_LOWER_SNAKE_CASE"));
  EXPECT_THAT(rules(schema("message bad {}")), ElementsAre("MESSAGE_PASCAL_CASE"));
  EXPECT_THAT(rules(schema("message M { string aB = 1; }")), ElementsAre("FIELD_LOWER_SNAKE_CASE"));
  EXPECT_THAT(rules(schema("message M { oneof Pick { string a = 1; } }")),
              ElementsAre("ONEOF_LOWER_SNAKE_CASE"));
  EXPECT_THAT(rules(schema("enum E { E_NONE = 0; }")), ElementsAre("ENUM_ZERO_VALUE_SUFFIX"));
  EXPECT_THAT(rules(schema("enum E { E_UNSPECIFIED = 0; ONE = 1; }")),
              ElementsAre("ENUM_VALUE_PREFIX"));
  EXPECT_THAT(rules(schema("enum E { E_UNSPECIFIED = 0; E_one = 1; }")),
              ElementsAre("ENUM_VALUE_UPPER_SNAKE_CASE"));
  EXPECT_THAT(rules(schema("message DoRequest {} message DoResponse {}"
                           "service A { rpc Do(DoRequest) returns (DoResponse); }")),
              ElementsAre("SERVICE_SUFFIX"));
  EXPECT_THAT(rules(schema("message X {} message DoResponse {}"
                           "service AService { rpc Do(X) returns (DoResponse); }")),
              ElementsAre("RPC_REQUEST_STANDARD_NAME"));
  EXPECT_THAT(rules(schema("message X {} message DoRequest {}"
                           "service AService { rpc Do(DoRequest) returns (X); }")),
              ElementsAre("RPC_RESPONSE_STANDARD_NAME"));
}

TEST(Lint, ExceptionsCoverWhatTheyNameAndNeedAReason) {
  std::vector<std::string> wrong;
  const auto exceptions = read_exceptions(
      "# comment\n\nENUM_VALUE_PREFIX a.v1.E.* ETSI's words\nSERVICE_SUFFIX a.v1.A\n"
      "SERVICE_SUFFIX a.v1.B old name\n",
      wrong);
  EXPECT_THAT(wrong, ElementsAre(HasSubstr("line 4: an exception needs a reason")));
  std::vector<Exception> unused;
  const Finding covered{"ENUM_VALUE_PREFIX", "a.v1.E.ONE", ""};
  const Finding other_rule{"ENUM_PASCAL_CASE", "a.v1.E", ""};
  const Finding other_subject{"ENUM_VALUE_PREFIX", "a.v1.F.ONE", ""};
  EXPECT_THAT(without({covered, other_rule, other_subject}, exceptions, unused),
              ElementsAre(other_rule, other_subject));
  ASSERT_EQ(unused.size(), 1u);
  EXPECT_EQ(unused[0].line, 5);
}

}  // namespace
}  // namespace terrace::schema
