// The schema as it is: against the one that was released last, and against its own style.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/schema/compatibility.h"
#include "tests/schema/lint.h"

namespace terrace::schema {
namespace {

google::protobuf::FileDescriptorSet read_set(const std::string& path) {
  google::protobuf::FileDescriptorSet set;
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in && set.ParseFromIstream(&in)) << "not a descriptor set: " << path;
  return set;
}

std::string read_text(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in) << "cannot read " << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Schema, OnlyGrowsSinceItsLastRelease) {
  if (!std::filesystem::exists(TERRACE_RELEASED)) {
    GTEST_SKIP() << "no schema has been released yet (./run release-schema makes "
                 << TERRACE_RELEASED << ")";
  }
  EXPECT_THAT(breaks(read_set(TERRACE_RELEASED), read_set(TERRACE_PRESENT)), testing::IsEmpty());
}

TEST(Schema, IsTidyButForTheExceptionsListed) {
  const auto set = read_set(TERRACE_PRESENT);
  EXPECT_GT(set.file_size(), 10);
  std::vector<std::string> wrong;
  const auto exceptions = read_exceptions(read_text(TERRACE_EXCEPTIONS), wrong);
  std::vector<Exception> unused;
  for (const Finding& finding : without(lint(set), exceptions, unused)) {
    ADD_FAILURE() << finding.rule << " " << finding.subject << ": " << finding.what;
  }
  for (const Exception& exception : unused) {
    ADD_FAILURE() << TERRACE_EXCEPTIONS << ":" << exception.line << ": covers nothing";
  }
  EXPECT_THAT(wrong, testing::IsEmpty());
}

}  // namespace
}  // namespace terrace::schema
