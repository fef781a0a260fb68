#include "catalog/catalogue_diff.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/time.h"

namespace terrace {
namespace {

v1::Offer offer(const std::string& id, std::uint32_t left) {
  v1::Offer made;
  made.set_id(id);
  made.set_terms_version("t");
  made.mutable_function()->set_capability("firewall");
  made.mutable_capacity()->set_instances_left(left);
  return made;
}

v1::Catalogue random_catalogue(Random& random, std::uint64_t revision) {
  v1::Catalogue made;
  made.set_platform_id("p");
  made.set_revision(revision);
  for (int i = 0; i < 12; ++i) {
    const auto name = std::to_string(i);
    if (random.next() % 3 != 0) {
      *made.add_offer() = offer("o" + name, static_cast<std::uint32_t>(random.next() % 2));
    }
    if (random.next() % 2 != 0) made.add_attachment_point()->set_id("a" + name);
    if (random.next() % 2 != 0) {
      auto& interconnect = *made.add_interconnect();
      interconnect.set_id("i" + name);
      interconnect.set_mtu(1500 + static_cast<std::uint32_t>(random.next() % 2));
    }
  }
  return made;
}

TEST(CatalogueDiff, ApplyingADifferenceGivesTheOther) {
  SeededRandom random(7);
  for (int round = 0; round < 200; ++round) {
    const auto from = random_catalogue(random, 4);
    const auto to = random_catalogue(random, 5);
    const auto delta = difference(from, to);
    const auto applied = apply(from, delta);
    ASSERT_TRUE(applied) << describe(applied.problem());
    EXPECT_TRUE(same_content(*applied, to));
    EXPECT_EQ(applied->revision(), 5U);
    EXPECT_EQ(is_empty(delta), same_content(from, to));
  }
}

TEST(CatalogueDiff, NamesOnlyWhatChanged) {
  v1::Catalogue from;
  for (const auto* id : {"a", "b", "c"}) *from.add_offer() = offer(id, 3);
  auto to = from;
  to.mutable_offer(1)->mutable_capacity()->set_instances_left(2);
  to.mutable_offer()->RemoveLast();
  *to.add_offer() = offer("d", 1);
  const auto delta = difference(from, to);
  ASSERT_EQ(delta.offer_size(), 2);
  EXPECT_EQ(delta.offer(0).id(), "b");
  EXPECT_EQ(delta.offer(1).id(), "d");
  ASSERT_EQ(delta.deleted_offer_size(), 1);
  EXPECT_EQ(delta.deleted_offer(0), "c");
}

TEST(CatalogueDiff, AGapIsRefused) {
  v1::Catalogue catalogue;
  catalogue.set_revision(4);
  v1::CatalogueDelta delta;
  for (const std::uint64_t revision : {3, 4, 6}) {
    delta.set_revision(revision);
    const auto applied = apply(catalogue, delta);
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.problem().type(), "catalogue.revision-gap");
    EXPECT_EQ(applied.problem().code(), Problem::OUT_OF_RANGE);
  }
  delta.set_revision(5);
  delta.add_deleted_offer("nobody");
  EXPECT_EQ(apply(catalogue, delta).problem().type(), "catalogue.inconsistent");
}

TEST(CatalogueDiff, UnsoundCataloguesAreToldApart) {
  v1::Catalogue catalogue;
  *catalogue.add_offer() = offer("a", 1);
  EXPECT_TRUE(check_catalogue(catalogue));
  *catalogue.add_offer() = offer("a", 1);
  auto& bare = *catalogue.add_offer();
  bare.set_id("b");
  bare.mutable_price()->mutable_one_off()->set_amount("1");
  const auto checked = check_catalogue(catalogue);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.problem().causes_size(), 4);
}

TEST(CatalogueDiff, AnExpiredCatalogueIsNotUsable) {
  const Instant now{std::chrono::seconds(1000)};
  v1::Catalogue catalogue;
  EXPECT_FALSE(is_usable(catalogue, now));
  *catalogue.mutable_expires() = to_timestamp(now);
  EXPECT_FALSE(is_usable(catalogue, now));
  EXPECT_TRUE(is_usable(catalogue, now - std::chrono::nanoseconds(1000)));
}

}  // namespace
}  // namespace terrace
