// Whatever is done to a descriptor, its import ends, and either gives a message or at least one
// problem with a line.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/random.h"
#include "catalog/descriptor_importer.h"

namespace terrace {
namespace {

std::string read(const std::string& name) {
  std::ifstream file(std::string(TERRACE_SOURCE_DIR) + "/examples/three-tier/descriptors/" + name,
                     std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    lines.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return lines;
}

std::string mutate(const std::string& text, Random& random) {
  const auto pick = [&](std::size_t size) { return random.next() % size; };
  auto lines = split(text);
  const auto at = static_cast<std::ptrdiff_t>(pick(lines.size()));
  auto& line = lines[static_cast<std::size_t>(at)];
  static const std::vector<std::string> kWords{
      "[]", "{}", "~", "-1", "1e9", "99999999999999999999", "\"\"", "*a", "&a x", "!!int 1", "- -",
      "\t", "'", "\xff", "[[[[", "true", "firewall", "../..", "%", "\"\\u0000\""};
  switch (pick(8)) {
    case 0: lines.erase(lines.begin() + at); break;
    case 1: lines.insert(lines.begin() + at, lines[pick(lines.size())]); break;
    case 2: std::swap(line, lines[pick(lines.size())]); break;
    case 3: line.insert(0, pick(4) + 1, ' '); break;
    case 4: line.erase(0, pick(4) + 1); break;
    case 5: {
      const auto colon = line.find(": ");
      if (colon == std::string::npos) break;
      line = line.substr(0, colon + 2) + kWords[pick(kWords.size())] + "\n";
      break;
    }
    case 6: line[pick(line.size())] = static_cast<char>(random.next()); break;
    default: line.insert(pick(line.size()), kWords[pick(kWords.size())]); break;
  }
  std::string result;
  for (const auto& each : lines) result += each;
  return result;
}

bool has_line(const Problem& problem) {
  for (const auto& where : problem.where()) {
    if (where.line() != 0 && !where.file().empty()) return true;
  }
  for (const auto& cause : problem.causes()) {
    if (has_line(cause)) return true;
  }
  return false;
}

template <class Import>
void run(const std::string& name, std::uint64_t seed, const Import& import) {
  const std::string original = read(name);
  ASSERT_FALSE(original.empty());
  SeededRandom random(seed);
  int imported = 0;
  int refused = 0;
  constexpr int kRounds = 1000;
  for (int round = 0; round < kRounds; ++round) {
    std::string text = original;
    for (auto n = random.next() % 3 + 1; n > 0; --n) text = mutate(text, random);
    std::vector<Problem> notes;
    const auto result = import(text, name, notes);
    if (result) {
      ++imported;
      EXPECT_FALSE(result->SerializeAsString().empty());
      continue;
    }
    ++refused;
    ASSERT_TRUE(has_line(result.problem()))
        << "seed " << seed << ", round " << round << ": " << describe(result.problem());
  }
  // Mutations that all pass, or that none does, would show nothing.
  EXPECT_GT(imported, kRounds / 100) << "seed " << seed;
  EXPECT_GT(refused, kRounds / 3) << "seed " << seed;
}

TEST(DescriptorMutation, AnNsdImportsOrIsRefusedWithALine) {
  run("web-shop.nsd.yaml", 20260101, import_nsd);
}

TEST(DescriptorMutation, AVnfdImportsOrIsRefusedWithALine) {
  run("firewall.vnfd.yaml", 20260102, import_vnfd);
}

}  // namespace
}  // namespace terrace
