#include "catalog/aggregator.h"

#include <gtest/gtest.h>

#include "base/time.h"
#include "catalog/catalogue_diff.h"

namespace terrace {
namespace {

constexpr Instant kNow{std::chrono::seconds(1'767'225'600)};

Decimal percent(std::string_view text) {
  return *Decimal::parse(text);
}

Republishing how() {
  Republishing made;
  made.platform_id = PlatformId("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  made.provider = "Regional";
  made.origin = "origin-m";
  made.margins.standard = percent("10");
  made.features = {"r18"};
  return made;
}

v1::Offer offer(const std::string& id, const std::string& capability, const std::string& monthly,
                std::uint32_t left = 5) {
  v1::Offer made;
  made.set_id(id);
  made.mutable_function()->set_capability(capability);
  made.mutable_price()->mutable_monthly()->set_amount(monthly);
  made.mutable_price()->mutable_monthly()->set_currency("EUR");
  made.mutable_capacity()->set_instances_left(left);
  made.mutable_capacity()->set_instances_largest(left);
  made.add_origin("origin-e");
  made.set_terms_version(terms_version(made));
  return made;
}

v1::Catalogue edge(std::initializer_list<v1::Offer> offers, Duration life = std::chrono::hours(1)) {
  v1::Catalogue made;
  made.set_platform_id("edge-id");
  made.set_provider("Edge Ltd");
  *made.mutable_expires() = to_timestamp(kNow + life);
  for (const auto& each : offers) *made.add_offer() = each;
  auto& point = *made.add_attachment_point();
  point.set_id("ap-1");
  point.add_origin("origin-e");
  auto& interconnect = *made.add_interconnect();
  interconnect.set_id("ic-1");
  interconnect.add_origin("origin-e");
  return made;
}

TEST(Aggregator, RepublishesWithMarginOriginAndAnIdOfItsOwn) {
  CatalogueAggregator aggregator(how());
  EXPECT_EQ(aggregator.upsert_child("edge", edge({offer("fw", "firewall", "12.50")})),
            CatalogueChange::kTerms);
  const auto own = aggregator.catalogue(kNow);
  EXPECT_EQ(own.provider(), "Regional");
  ASSERT_EQ(own.offer_size(), 1);
  const auto& sold = own.offer(0);
  EXPECT_NE(sold.id(), "fw");
  EXPECT_TRUE(is_uuid(sold.id()));
  EXPECT_EQ(sold.price().monthly().amount(), "13.75");
  EXPECT_EQ(sold.capacity().instances_left(), 5U);
  EXPECT_EQ(sold.origin(0), "origin-e");
  EXPECT_EQ(sold.origin(1), "origin-m");
  EXPECT_EQ(own.attachment_point(0).id(), "ap-1");
  EXPECT_EQ(own.attachment_point(0).origin(1), "origin-m");
  EXPECT_EQ(own.interconnect(0).id(), "ic-1");
  EXPECT_TRUE(is_usable(own, kNow));
  EXPECT_TRUE(check_catalogue(own));
  // R24: nothing tells who is below.
  const auto text = own.DebugString();
  for (const auto* secret : {"edge-id", "Edge Ltd", "\"edge\"", "\"fw\""}) {
    EXPECT_EQ(text.find(secret), std::string::npos) << secret;
  }
}

TEST(Aggregator, TheReverseMapOutlivesARestart) {
  const auto catalogue = edge({offer("fw", "firewall", "1"), offer("nat", "nat", "2")});
  CatalogueAggregator before(how());
  before.upsert_child("edge", catalogue);
  before.upsert_child("other", catalogue);
  CatalogueAggregator after(how());
  after.upsert_child("other", catalogue);
  after.upsert_child("edge", catalogue);
  const auto own = before.catalogue(kNow);
  EXPECT_EQ(own.SerializeAsString(), after.catalogue(kNow).SerializeAsString());
  ASSERT_EQ(own.offer_size(), 4);
  for (const auto& each : own.offer()) {
    ASSERT_NE(before.source(each.id()), nullptr);
    EXPECT_EQ(*before.source(each.id()), *after.source(each.id()));
    const auto& source = *before.source(each.id());
    EXPECT_EQ(before.own_offer_id(source.child, source.offer_id), each.id());
  }
  EXPECT_EQ(before.source("nobody"), nullptr);
}

TEST(Aggregator, IgnoresWhatComesBackAndWhatHasPassedTooMany) {
  auto own = offer("loop", "nat", "1");
  own.add_origin("origin-m");
  auto far = offer("far", "nat", "1");
  for (int i = 0; i < 16; ++i) far.add_origin("o" + std::to_string(i));
  auto catalogue = edge({own, far, offer("good", "nat", "1")});
  catalogue.mutable_attachment_point(0)->add_origin("origin-m");
  catalogue.mutable_interconnect(0)->add_origin("origin-m");
  CatalogueAggregator aggregator(how());
  aggregator.upsert_child("edge", catalogue);
  const auto published = aggregator.catalogue(kNow);
  EXPECT_EQ(published.offer_size(), 1);
  EXPECT_EQ(published.attachment_point_size(), 0);
  EXPECT_EQ(published.interconnect_size(), 0);
  EXPECT_EQ(aggregator.rejected().size(), 4U);
  EXPECT_EQ(aggregator.source(aggregator.own_offer_id("edge", "loop")), nullptr);
}

TEST(Aggregator, TwoPlatformsThatPublishToEachOtherComeToRest) {
  auto one = how();
  auto two = how();
  two.platform_id = PlatformId("6ba7b811-9dad-11d1-80b4-00c04fd430c8");
  two.origin = "origin-n";
  CatalogueAggregator m(one), n(two);
  m.upsert_child("leaf", edge({offer("fw", "firewall", "10")}));
  auto change = CatalogueChange::kTerms;
  int rounds = 0;
  while (change != CatalogueChange::kNothing && rounds < 10) {
    change = n.upsert_child("m", m.catalogue(kNow));
    change = std::max(change, m.upsert_child("n", n.catalogue(kNow)));
    ++rounds;
  }
  EXPECT_LE(rounds, 2);
  EXPECT_EQ(m.catalogue(kNow).offer_size(), 1);
  EXPECT_EQ(n.catalogue(kNow).offer(0).price().monthly().amount(), "12.10");
}

TEST(Aggregator, TheMostParticularMarginCounts) {
  auto particular = how();
  particular.margins.by_child["edge"] = percent("20");
  particular.margins.by_offer[{"edge", "nat"}] = percent("0");
  CatalogueAggregator aggregator(particular);
  const auto catalogue = edge({offer("fw", "firewall", "10"), offer("nat", "nat", "10")});
  aggregator.upsert_child("edge", catalogue);
  aggregator.upsert_child("other", catalogue);
  std::map<std::string, std::string> prices;
  const auto own = aggregator.catalogue(kNow);
  for (const auto& each : own.offer()) {
    const auto& source = *aggregator.source(each.id());
    prices[source.child + "/" + source.offer_id] = each.price().monthly().amount();
  }
  EXPECT_EQ(prices,
            (std::map<std::string, std::string>{
                {"edge/fw", "12"}, {"edge/nat", "10"}, {"other/fw", "11"}, {"other/nat", "11"}}));
}

TEST(Aggregator, CapacityIsAHintAndTermsAreNot) {
  CatalogueAggregator aggregator(how());
  aggregator.upsert_child("edge", edge({offer("fw", "firewall", "10", 5)}));
  const auto before = aggregator.catalogue(kNow).offer(0);
  EXPECT_EQ(aggregator.upsert_child("edge", edge({offer("fw", "firewall", "10", 5)})),
            CatalogueChange::kNothing);
  EXPECT_EQ(aggregator.upsert_child("edge", edge({offer("fw", "firewall", "10", 4)})),
            CatalogueChange::kCapacity);
  const auto fuller = aggregator.catalogue(kNow).offer(0);
  EXPECT_EQ(fuller.terms_version(), before.terms_version());
  EXPECT_EQ(fuller.capacity().instances_left(), 4U);
  EXPECT_EQ(aggregator.upsert_child("edge", edge({offer("fw", "firewall", "11", 4)})),
            CatalogueChange::kTerms);
  const auto dearer = aggregator.catalogue(kNow).offer(0);
  EXPECT_NE(dearer.terms_version(), before.terms_version());
  EXPECT_EQ(dearer.id(), before.id());
}

TEST(Aggregator, AnExpiredChildIsNotPublished) {
  CatalogueAggregator aggregator(how());
  aggregator.upsert_child("edge", edge({offer("a", "nat", "1")}, std::chrono::minutes(1)));
  aggregator.upsert_child("other", edge({offer("b", "nat", "1")}, std::chrono::minutes(5)));
  ASSERT_EQ(aggregator.next_expiry(), kNow + std::chrono::minutes(1));
  const auto later = kNow + std::chrono::minutes(1);
  EXPECT_EQ(aggregator.catalogue(later).offer_size(), 1);
  EXPECT_EQ(aggregator.expire(kNow), CatalogueChange::kNothing);
  EXPECT_EQ(aggregator.expire(later), CatalogueChange::kTerms);
  EXPECT_EQ(aggregator.child("edge"), nullptr);
  EXPECT_EQ(aggregator.source(aggregator.own_offer_id("edge", "a")), nullptr);
  EXPECT_EQ(aggregator.remove_child("other"), CatalogueChange::kTerms);
  EXPECT_EQ(aggregator.remove_child("other"), CatalogueChange::kNothing);
  EXPECT_EQ(aggregator.catalogue(kNow).offer_size(), 0);
}

TEST(Aggregator, HiddenCapabilitiesAreOursAlone) {
  auto hiding = how();
  hiding.hidden = {"nat"};
  CatalogueAggregator aggregator(hiding);
  aggregator.upsert_child("edge", edge({offer("a", "nat", "1"), offer("b", "web", "1")}));
  ASSERT_EQ(aggregator.catalogue(kNow).offer_size(), 1);
  EXPECT_EQ(capability_of(aggregator.catalogue(kNow).offer(0)), "web");
  EXPECT_EQ(aggregator.child("edge")->offer_size(), 2);
}

}  // namespace
}  // namespace terrace
