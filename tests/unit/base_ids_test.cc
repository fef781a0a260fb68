#include "base/ids.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <type_traits>
#include <unordered_set>

namespace terrace {
namespace {

TEST(Uuid, V5AsInRfc9562) {
  // RFC 9562, A.4: the DNS namespace and "www.example.com".
  EXPECT_EQ(uuid_v5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com"),
            "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Uuid, V5DependsOnAllItIsGiven) {
  const std::string space = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
  EXPECT_EQ(uuid_v5(space, "a"), uuid_v5(space, "a"));
  EXPECT_NE(uuid_v5(space, "a"), uuid_v5(space, "b"));
  EXPECT_NE(uuid_v5(space, "a"), uuid_v5(uuid_v5(space, "a"), "a"));
  EXPECT_NE(uuid_v5(space, std::string_view("a\0b", 3)), uuid_v5(space, "a"));
  EXPECT_TRUE(is_uuid(uuid_v5(space, "")));
  EXPECT_THROW(uuid_v5("no uuid", "a"), std::invalid_argument);
}

TEST(Uuid, V4HasItsVersionAndVariantAndDiffers) {
  SeededRandom random(1);
  std::unordered_set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto id = uuid_v4(random);
    ASSERT_TRUE(is_uuid(id)) << id;
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
    EXPECT_TRUE(seen.insert(id).second);
  }
  SeededRandom again(1);
  EXPECT_TRUE(seen.contains(uuid_v4(again))) << "the same seed gave another id";
}

TEST(Uuid, HasOneSpelling) {
  EXPECT_TRUE(is_uuid("2ed6657d-e927-568b-95e1-2665a8aea6a2"));
  for (const char* text :
       {"", "2ED6657D-e927-568b-95e1-2665a8aea6a2", "2ed6657de927568b95e12665a8aea6a2",
        "2ed6657d-e927-568b-95e1-2665a8aea6a", "2ed6657d-e927-568b-95e1-2665a8aea6a2 ",
        "2ed6657d-e927-568b-95e1-2665a8aea6g2", "2ed6657d-e927-568b-95e1+2665a8aea6a2",
        "{2ed6657d-e927-568b-95e1-2665a8aea6}", "2ed6657-de927-568b-95e1-2665a8aea6a2"}) {
    EXPECT_FALSE(is_uuid(text)) << text;
  }
}

TEST(Id, ComparesHashesAndDoesNotMix) {
  static_assert(!std::is_convertible_v<std::string, HoldId>);
  static_assert(!std::is_constructible_v<HoldId, TenantId>);
  const std::unordered_set<HoldId> set = {HoldId("a"), HoldId("b"), HoldId("a")};
  EXPECT_EQ(set.size(), 2u);
  EXPECT_TRUE(set.contains(HoldId("b")));
  EXPECT_LT(HoldId("a"), HoldId("b"));
  EXPECT_EQ(HoldId("a").str(), "a");
  EXPECT_TRUE(HoldId().empty());
}

}  // namespace
}  // namespace terrace
