#include "base/log.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace terrace {
namespace {

class LogTest : public testing::Test {
 protected:
  Log open(LogOptions::Format format, LogOptions::Level level = LogOptions::Level::kInfo) {
    auto log = Log::open({.level = level, .format = format, .file = file_});
    EXPECT_TRUE(log.ok());
    return *log;
  }
  std::string written() const {
    std::ifstream stream(file_);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  TempDir directory_;
  const std::string file_ = (directory_.path() / "log").string();
};

TEST_F(LogTest, ALineHasWhatHappenedAndEveryField) {
  Call call;
  call.context.set_tenant("acme");
  call.context.add_platform_path("t");
  call.context.add_platform_path("m");
  open(LogOptions::Format::kText)
      .with("operation", "4f1c")
      .with(call)
      .info("committed", {{"reason", "two words"}});
  EXPECT_NE(written().find("committed operation=4f1c tenant=acme path=t>m reason=\"two words\"\n"),
            std::string::npos)
      << written();
}

TEST_F(LogTest, JsonIsEscaped) {
  open(LogOptions::Format::kJson).warning("a \"b\"\n", {{"k", "\\"}});
  EXPECT_NE(written().find(
                R"("level":"warning","what":"a \"b\"\u000a","k":"\\","operation":"-","path":"-"})"),
            std::string::npos)
      << written();
}

TEST_F(LogTest, WhatIsBelowTheLevelIsNotWritten) {
  const Log log = open(LogOptions::Format::kText, LogOptions::Level::kWarning);
  log.info("quiet");
  log.error("loud");
  EXPECT_EQ(written().find("quiet"), std::string::npos);
  EXPECT_NE(written().find("loud"), std::string::npos);
}

TEST_F(LogTest, AFileThatCannotBeWrittenIsAProblem) {
  const auto log = Log::open({.file = directory_.path().string()});
  ASSERT_FALSE(log.ok());
  EXPECT_EQ(log.problem().type(), "log.cannot-open");
}

TEST(Log, WithoutASinkNothingHappens) {
  Log().with("a", "b").error("nothing");
}

}  // namespace
}  // namespace terrace
