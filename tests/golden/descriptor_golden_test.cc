// Every descriptor in tests/golden/descriptors beside what its import must give: the message and
// the notes, or every problem. TERRACE_UPDATE_GOLDEN=1 writes the expectations anew; read the diff.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "catalog/descriptor_importer.h"

namespace terrace {
namespace {

namespace fs = std::filesystem;

fs::path folder() {
  return fs::path(TERRACE_SOURCE_DIR) / "tests/golden/descriptors";
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string line(const Problem& problem) {
  std::string text;
  for (const auto& where : problem.where()) {
    text += std::to_string(where.line()) + ":" + std::to_string(where.column()) + " " +
            where.path() + "\n";
  }
  text += "    " + problem.type() + ": " + problem.what() + "\n";
  if (problem.has_constraint()) {
    text += "    " + problem.constraint().name() + ": limit " + problem.constraint().limit() +
            ", found " + problem.constraint().actual() + "\n";
  }
  for (const auto& each : problem.possible()) text += "    try: " + each + "\n";
  return text;
}

std::string outcome(const std::string& name, const std::string& bytes) {
  std::vector<Problem> notes;
  std::string text;
  const auto write = [&](const auto& imported) {
    if (imported) {
      text = "IMPORTED\n" + imported->DebugString();
      for (const auto& note : notes) text += "NOTE " + line(note);
      return;
    }
    const auto& problem = imported.problem();
    text = "REFUSED " + problem.what() + "\n";
    if (problem.causes().empty()) text += line(problem);
    for (const auto& cause : problem.causes()) text += line(cause);
  };
  const auto sort = sniff_descriptor(bytes, name);
  if (!sort) {
    write(Result<v1::Nsd>(sort.problem()));
  } else if (sort->kind == DescriptorKind::kNsd) {
    write(import_nsd(bytes, name, notes));
  } else {
    write(import_vnfd(bytes, name, notes));
  }
  return text;
}

class DescriptorGolden : public testing::TestWithParam<std::string> {};

TEST_P(DescriptorGolden, GivesWhatItGave) {
  const fs::path path = folder() / GetParam();
  const fs::path golden = folder() / (GetParam() + ".golden");
  const auto actual = outcome(GetParam(), read(path));
  if (std::getenv("TERRACE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(golden, std::ios::binary) << actual;
    return;
  }
  ASSERT_TRUE(fs::exists(golden)) << "no expectation for " << path;
  EXPECT_EQ(actual, read(golden));
}

std::vector<std::string> descriptors() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder())) {
    if (entry.path().extension() != ".golden") names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, DescriptorGolden, testing::ValuesIn(descriptors()),
                         [](const auto& each) {
                           std::string name = each.param;
                           for (char& c : name) {
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace terrace
