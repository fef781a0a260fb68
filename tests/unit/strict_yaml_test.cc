#include "base/strict_yaml.h"

#include <gmock/gmock.h>

#include <array>
#include <chrono>

namespace terrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Problem refused(std::string_view text, const YamlLimits& limits = {}) {
  auto tree = parse_yaml(text, "file.yaml", limits);
  if (tree) {
    ADD_FAILURE() << "was read: " << text.substr(0, 200);
    return {};
  }
  EXPECT_GE(tree.problem().where_size(), 1);
  EXPECT_EQ(tree.problem().where(0).file(), "file.yaml");
  return tree.problem();
}

TEST(StrictYaml, KeepsTextLinesAndColumns) {
  const auto tree = parse_yaml("a: 1.0\nb:\n  - x\n  - \"true\"\nc: ~\n", "file.yaml");
  ASSERT_TRUE(tree) << describe(tree.problem());
  ASSERT_TRUE(tree->is_mapping());
  EXPECT_EQ(tree->find("a")->value.text, "1.0");
  const auto& list = tree->find("b")->value;
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[1].text, "true");
  EXPECT_EQ(list.items[1].line, 4U);
  EXPECT_EQ(list.items[1].column, 5U);
  EXPECT_EQ(tree->find("c")->value.kind, YamlNode::Kind::kNull);
  EXPECT_EQ(tree->find("d"), nullptr);
}

TEST(StrictYaml, ReadsJsonIndentedWithTabs) {
  const auto tree = parse_yaml("{\n\t\"a\": [1, 2],\n\t\"b\": \"x\\ny\"\n}\n", "file.json");
  ASSERT_TRUE(tree) << describe(tree.problem());
  EXPECT_EQ(tree->find("a")->value.items.size(), 2U);
  EXPECT_EQ(tree->find("b")->value.text, "x\ny");
}

TEST(StrictYaml, FiftyMegabytesAreRefusedBeforeParsing) {
  const std::string text(50'000'000, 'a');
  const auto begin = std::chrono::steady_clock::now();
  const auto problem = refused(text);
  // Parsing them takes 13 s.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_EQ(problem.type(), "yaml.too-large");
  EXPECT_EQ(problem.code(), Problem::RESOURCE_EXHAUSTED);
  EXPECT_EQ(problem.constraint().actual(), "50000000");
}

TEST(StrictYaml, AnAliasBombIsCountedAndNotExpanded) {
  std::string bomb = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 8; ++i) {
    const std::string below = "*l" + std::to_string(i - 1);
    const std::string own = "l" + std::to_string(i);
    bomb += own + ": &" + own + " [";
    for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "" : ", ") + below;
    bomb += "]\n";
  }
  ASSERT_LT(bomb.size(), 600U);
  EXPECT_EQ(refused(bomb).type(), "yaml.too-many-nodes");
}

TEST(StrictYaml, AnAliasStandsForWhatItNames) {
  const auto tree = parse_yaml("a: &x {k: 1}\nb: *x\n", "file.yaml");
  ASSERT_TRUE(tree) << describe(tree.problem());
  EXPECT_EQ(tree->find("b")->value.find("k")->value.text, "1");
}

TEST(StrictYaml, AliasesCannotNestDeeperThanTheLimit) {
  std::string text = "l0: &l0 [x]\n";
  for (int i = 1; i < 80; ++i) {
    text += "l" + std::to_string(i) + ": &l" + std::to_string(i) + " [*l" + std::to_string(i - 1) +
            "]\n";
  }
  EXPECT_EQ(refused(text).type(), "yaml.too-deep");
}

TEST(StrictYaml, AnAliasWithinItselfIsRefused) {
  EXPECT_EQ(refused("a: &x [*x]\n").type(), "yaml.syntax");
}

TEST(StrictYaml, DuplicateKeysAreRefusedWithBothLines) {
  const auto problem = refused("a: 1\nb: 2\na: 3\n");
  EXPECT_EQ(problem.type(), "yaml.duplicate-key");
  ASSERT_EQ(problem.where_size(), 2);
  EXPECT_EQ(problem.where(0).line(), 3U);
  EXPECT_EQ(problem.where(1).line(), 1U);
  EXPECT_THAT(problem.what(), HasSubstr("lines 1 and 3"));
}

TEST(StrictYaml, NestingIsLimited) {
  std::string deep;
  for (int i = 0; i < 65; ++i) deep += "- ";
  EXPECT_EQ(refused(deep + "x").type(), "yaml.too-deep");
  EXPECT_TRUE(parse_yaml(deep.substr(2) + "x", "file.yaml"));
}

TEST(StrictYaml, NodesAreLimited) {
  YamlLimits limits;
  limits.max_nodes = 3;
  EXPECT_EQ(refused("[a, b, c]", limits).type(), "yaml.too-many-nodes");
  EXPECT_TRUE(parse_yaml("[a, b]", "file.yaml", limits));
}

TEST(StrictYaml, ATabIsExplained) {
  const auto problem = refused("a:\n\tb: 1\n");
  EXPECT_EQ(problem.type(), "yaml.syntax");
  EXPECT_EQ(problem.where(0).line(), 2U);
  EXPECT_THAT(problem.what(), HasSubstr("tab"));
}

TEST(StrictYaml, OneDocumentAndNoLess) {
  EXPECT_EQ(refused("a: 1\n---\nb: 2\n").type(), "yaml.several-documents");
  EXPECT_EQ(refused("").type(), "yaml.empty");
  EXPECT_EQ(refused("# nothing\n").type(), "yaml.empty");
}

TEST(StrictYaml, OnlyTextInUtf8) {
  EXPECT_EQ(refused("a: \xff\n").where(0).column(), 4U);
  EXPECT_EQ(refused("a: 1\nb: \xed\xa0\x80\n").where(0).line(), 2U);
  EXPECT_EQ(refused(std::string_view("a: \0", 4)).type(), "yaml.syntax");
  EXPECT_TRUE(
      parse_yaml("\xef\xbb\xbf"
                 "a: \xc3\xa9\n",
                 "file.yaml"));
}

TEST(StrictYaml, NoTagsAndNoKeysButText) {
  EXPECT_EQ(refused("a: !!binary aGk=\n").type(), "yaml.syntax");
  EXPECT_EQ(refused("? [a]\n: 1\n").type(), "yaml.syntax");
  EXPECT_EQ(refused("x: &k a\n*k : 1\n").type(), "yaml.syntax");
}

std::vector<std::string> lines_of(const Problem& problem) {
  std::vector<std::string> lines;
  for (const auto& cause : problem.causes()) {
    lines.push_back(std::to_string(cause.where(0).line()) + " " + cause.where(0).path() + " " +
                    cause.type());
  }
  return lines;
}

TEST(YamlReader, ReadsWhatIsRight) {
  const auto tree = parse_yaml(
      "name: x\nport: 80\non: true\nmode: fast\nlist: [a, b]\none: c\nitems:\n  - id: 1\n"
      "  - id: 2\nsub: {k: v}\nby-name: {p: {}, q: {}}\n",
      "file.yaml");
  ASSERT_TRUE(tree);
  YamlProblems problems("file.yaml");
  constexpr std::array<std::string_view, 2> kModes{"fast", "slow"};
  {
    YamlReader reader(*tree, "", problems);
    EXPECT_EQ(reader.string("name"), "x");
    EXPECT_EQ(reader.uint("port", 1, 65535), 80U);
    EXPECT_TRUE(reader.boolean("on"));
    EXPECT_EQ(reader.choice("mode", kModes), "fast");
    EXPECT_THAT(reader.strings("list"), ElementsAre("a", "b"));
    EXPECT_THAT(reader.strings("one"), ElementsAre("c"));
    EXPECT_EQ(reader.optional_string("nothing"), std::nullopt);
    std::vector<std::uint64_t> ids;
    EXPECT_EQ(reader.each("items", [&](YamlReader& item,
                                       std::size_t) { ids.push_back(item.uint("id", 0, 9)); }),
              2U);
    EXPECT_THAT(ids, ElementsAre(1, 2));
    EXPECT_TRUE(reader.map("sub", [](YamlReader& sub) { EXPECT_EQ(sub.string("k"), "v"); }));
    std::vector<std::string> names;
    reader.map("by-name", [&](YamlReader& all) {
      all.each_entry([&](const std::string& name, const YamlNode&) { names.push_back(name); });
    });
    EXPECT_THAT(names, ElementsAre("p", "q"));
  }
  EXPECT_TRUE(problems.empty());
}

TEST(YamlReader, CollectsEveryProblemInTheOrderOfLines) {
  const auto tree = parse_yaml(
      "port: 70000\non: yes\nmode: fats\nname: [x]\nfoood: 1\nitems:\n  - id: -1\n  - nine\n"
      "empty:\nsub: 5\n",
      "file.yaml");
  ASSERT_TRUE(tree);
  YamlProblems problems("file.yaml");
  constexpr std::array<std::string_view, 2> kModes{"fast", "slow"};
  {
    YamlReader reader(*tree, "", problems);
    EXPECT_EQ(reader.string("name"), "");
    EXPECT_EQ(reader.uint("port", 1, 65535), 0U);
    EXPECT_FALSE(reader.boolean("on"));
    EXPECT_EQ(reader.choice("mode", kModes), "");
    reader.optional_string("food");
    reader.optional_string("empty");
    reader.each("items", [&](YamlReader& item, std::size_t) { item.uint("id", 0, 9); });
    reader.map("sub", [](YamlReader&) { ADD_FAILURE() << "no mapping"; });
    reader.string("absent");
  }
  const auto problem = problems.as_problem("config.invalid");
  EXPECT_EQ(problem.type(), "config.invalid");
  EXPECT_THAT(lines_of(problem),
              ElementsAre("1 absent yaml.missing-key", "1 port yaml.out-of-range",
                          "2 on yaml.wrong-type", "3 mode yaml.unknown-value",
                          "4 name yaml.wrong-shape", "5 foood yaml.unknown-key",
                          "7 items[0].id yaml.wrong-type", "8 items[1] yaml.wrong-shape",
                          "9 empty yaml.no-value", "10 sub yaml.wrong-shape"));
  EXPECT_THAT(problem.causes(5).what(), HasSubstr("did you mean `food`?"));
  EXPECT_THAT(problem.causes(3).possible(0), HasSubstr("`fast`"));
}

TEST(YamlReader, BoundsTheNumberOfProblems) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "key" + std::to_string(i) + ": 1\n";
  const auto tree = parse_yaml(text, "file.yaml");
  ASSERT_TRUE(tree);
  YamlProblems problems("file.yaml");
  { YamlReader reader(*tree, "", problems); }
  EXPECT_EQ(problems.count(), 500U);
  const auto problem = problems.as_problem("config.invalid");
  EXPECT_EQ(static_cast<std::size_t>(problem.causes_size()), YamlProblems::kMost);
  EXPECT_THAT(problem.what(), HasSubstr("500 problems"));
}

TEST(YamlReader, NumbersAreNotRounded) {
  const auto tree = parse_yaml("a: 18446744073709551615\nb: 18446744073709551616\nc: 1e3\n", "f");
  ASSERT_TRUE(tree);
  YamlProblems problems("f");
  YamlReader reader(*tree, "", problems);
  EXPECT_EQ(reader.optional_uint("a", 0, UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(reader.optional_uint("b", 0, UINT64_MAX), std::nullopt);
  EXPECT_EQ(reader.optional_uint("c", 0, UINT64_MAX), std::nullopt);
  EXPECT_EQ(problems.count(), 2U);
}

TEST(NearestWord, FindsSlipsAndNoMore) {
  const std::vector<std::string> known{"food", "vnf-profile", "id"};
  EXPECT_EQ(nearest_word("foo", known), "food");
  EXPECT_EQ(nearest_word("vnf_profile", known), "vnf-profile");
  EXPECT_EQ(nearest_word("something-else", known), "");
}

}  // namespace
}  // namespace terrace
