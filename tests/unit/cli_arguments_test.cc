// Command lines that make no sense, and platforms that are not there.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/app.h"
#include "cli/session.h"
#include "cli/terminal.h"

namespace terrace::cli {
namespace {

struct Ran {
  int status = 0;
  std::string out, err;
};

Ran terrace(std::vector<std::string> words) {
  std::ostringstream out, err;
  words.insert(words.begin(), "terrace");
  std::vector<const char*> argv;
  for (const auto& word : words) argv.push_back(word.c_str());
  Ran ran;
  ran.status = run(static_cast<int>(argv.size()), argv.data(), Terminal{out, err});
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

TEST(CliArguments, WhatMakesNoSenseIsStatusTwoAndSaysWhere) {
  const std::vector<std::vector<std::string>> lines = {
      {},
      {"nonsense"},
      {"ns"},
      {"ns", "instantiate"},
      {"ns", "show", "a", "b"},
      {"ns", "list", "--nonsense"},
      {"ns", "create", "shop"},
      {"-o", "xml", "ns", "list"},
      {"--timeout", "soon", "ns", "list"},
      {"--timeout", "-1", "ns", "list"},
      {"nsd", "show"},
      {"op", "watch"},
      {"hold", "release"},
  };
  for (const auto& line : lines) {
    const Ran ran = terrace(line);
    EXPECT_EQ(ran.status, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_NE(ran.err.find("where       terrace"), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find("try"), std::string::npos) << ran.err;
  }
}

TEST(CliArguments, EveryCommandHasHelpWithAnExample) {
  const std::vector<std::vector<std::string>> commands = {
      {"catalogue", "show"}, {"catalogue", "watch"}, {"nsd", "validate"},   {"nsd", "onboard"},
      {"nsd", "list"},       {"nsd", "show"},        {"nsd", "delete"},     {"vnfd", "validate"},
      {"vnfd", "onboard"},   {"ns", "plan"},         {"ns", "create"},      {"ns", "instantiate"},
      {"ns", "show"},        {"ns", "list"},         {"ns", "terminate"},   {"ns", "delete"},
      {"hold", "place"},     {"hold", "list"},       {"hold", "show"},      {"hold", "release"},
      {"op", "show"},        {"op", "watch"},        {"platform", "status"}};
  for (auto command : commands) {
    command.push_back("--help");
    const Ran ran = terrace(command);
    EXPECT_EQ(ran.status, 0) << command[0] << " " << command[1];
    EXPECT_NE(ran.out.find("For example:\n  terrace "), std::string::npos) << ran.out;
  }
}

TEST(CliArguments, APlatformThatDoesNotRunIsNamedWithItsAddress) {
  const Ran ran = terrace({"-p", "unix:/nonexistent/api.sock", "ns", "list"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err.find("terrace: No platform answers at unix:/nonexistent/api.sock."), 0u)
      << ran.err;
  EXPECT_NE(ran.err.find("Start terraced there"), std::string::npos);
}

TEST(CliArguments, ValidateWorksWithoutAPlatform) {
  const std::string nsd = std::string(EXAMPLES_DIR) + "/three-tier/descriptors/web-shop.nsd.yaml";
  EXPECT_EQ(terrace({"nsd", "validate", nsd}).status, 0);
  const Ran wrong = terrace({"vnfd", "validate", nsd});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.err.find("web-shop.nsd.yaml:"), std::string::npos) << wrong.err;
  EXPECT_EQ(terrace({"nsd", "validate", "/nonexistent"}).status, 1);
}

TEST(CliArguments, PlatformsOfLabsGoByName) {
  const auto directory = std::filesystem::temp_directory_path() / "terrace-cli-test-labs";
  std::filesystem::remove_all(directory);
  const auto lab = [&](const std::string& name, const std::string& platform) {
    std::filesystem::create_directories(directory / name);
    std::ofstream(directory / name / "state.json") << R"({"platforms":[{"name":")" << platform
                                                   << R"(","address":"unix:/)" << name << R"("}]})";
  };
  lab("one", "top");
  lab("two", "edge");
  EXPECT_EQ(*resolve_platform("top", directory), "unix:/one");
  EXPECT_EQ(*resolve_platform("two/edge", directory), "unix:/two");
  EXPECT_EQ(*resolve_platform("host:7000", directory), "host:7000");
  EXPECT_EQ(resolve_platform("none", directory).problem().type(), "cli.unknown-platform");
  lab("three", "top");
  EXPECT_EQ(resolve_platform("top", directory).problem().type(), "cli.ambiguous-platform");
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace terrace::cli
