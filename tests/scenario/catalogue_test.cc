// Catalogues as they travel up a tree, and those who watch them, and what they own, from outside.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/time.h"
#include "catalog/aggregator.h"
#include "catalog/catalogue_diff.h"
#include "catalog/money.h"
#include "tests/scenario/edge.h"
#include "tests/scenario/onboarding.h"
#include "tests/scenario/trees.h"

namespace terrace {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Somebody who keeps a copy of a catalogue by what he is told, and can look away for a while.
class CatalogueWatcher {
 public:
  void join(Edge& edge) {
    v1::WatchCatalogueRequest request;
    if (token_) *request.mutable_resume() = *token_;
    subscription_ = call_stream<v1::CatalogueEvent>(
        edge.channel(), "/terrace.v1.CapabilityService/WatchCatalogue", {}, request,
        [this](Result<std::unique_ptr<v1::CatalogueEvent>> event) { hear(std::move(event)); });
  }
  void leave() { subscription_.reset(); }

  const v1::Catalogue& catalogue() const { return catalogue_; }
  const std::vector<v1::CatalogueDelta>& deltas() const { return deltas_; }
  int snapshots() const { return snapshots_; }
  const std::optional<Problem>& refusal() const { return refusal_; }
  // What has been told so far does not count.
  void begin_anew() {
    deltas_.clear();
    snapshots_ = 0;
    refusal_.reset();
  }

 private:
  void hear(Result<std::unique_ptr<v1::CatalogueEvent>> event) {
    if (!event) {
      refusal_ = event.problem();
      token_.reset();
      return;
    }
    ASSERT_NE(*event, nullptr);
    if ((*event)->type() == v1::CatalogueEvent::SNAPSHOT) {
      catalogue_ = (*event)->snapshot();
      ++snapshots_;
    } else if ((*event)->type() == v1::CatalogueEvent::DELTA) {
      auto next = apply(catalogue_, (*event)->delta());
      ASSERT_TRUE(next) << describe(next.problem());
      catalogue_ = *std::move(next);
      deltas_.push_back((*event)->delta());
    }
    if ((*event)->has_token()) token_ = (*event)->token();
  }

  v1::Catalogue catalogue_;
  std::vector<v1::CatalogueDelta> deltas_;
  int snapshots_ = 0;
  std::optional<Problem> refusal_;
  std::optional<v1::ResumeToken> token_;
  std::unique_ptr<Subscription> subscription_;
};

// The monthly prices of the offers of a capability, sorted.
std::vector<std::string> prices(const v1::Catalogue& catalogue, const std::string& capability) {
  std::vector<std::string> found;
  for (const auto& offer : catalogue.offer())
    if (capability_of(offer) == capability) found.push_back(offer.price().monthly().amount());
  std::sort(found.begin(), found.end());
  return found;
}

std::set<std::string> offer_ids(const v1::Catalogue& catalogue) {
  std::set<std::string> ids;
  for (const auto& offer : catalogue.offer()) ids.insert(offer.id());
  return ids;
}

// One message, one offer in it, nothing else.
void expect_one_offer(const CatalogueWatcher& watcher, const std::string& at) {
  EXPECT_EQ(watcher.snapshots(), 0) << at;
  ASSERT_EQ(watcher.deltas().size(), 1u) << at;
  const auto& delta = watcher.deltas().front();
  EXPECT_EQ(delta.offer_size(), 1) << at;
  EXPECT_EQ(delta.attachment_point_size() + delta.interconnect_size(), 0) << at;
  EXPECT_EQ(delta.deleted_offer_size() + delta.deleted_attachment_point_size() +
                delta.deleted_interconnect_size(),
            0)
      << at;
}

constexpr int kMany = 1000;

// Shows: R21
TEST(Catalogue, CapacityOfOneOfAThousandOffersIsOneMessageWithOneOffer) {
  Sandbox sandbox;
  sandbox.leaf("edge", {"web"});
  auto& inventory = sandbox.infrastructure("edge").inventory;
  for (int index = 1; index < kMany; ++index) {
    auto node = inventory.node(0);
    node.set_id("node-" + std::to_string(index));
    node.mutable_location()->set_nfvi_pop("pop-" + std::to_string(index));
    *inventory.add_node() = std::move(node);
  }
  sandbox.platform("middle", {"edge"});
  sandbox.platform("top", {"middle"});
  sandbox.up();
  Edge middle_edge(sandbox, "middle"), top_edge(sandbox, "top");
  CatalogueWatcher middle, top;
  middle.join(middle_edge);
  top.join(top_edge);
  sandbox.sim().advance(seconds(1));
  ASSERT_EQ(middle.catalogue().offer_size(), kMany);
  ASSERT_EQ(top.catalogue().offer_size(), kMany);
  middle.begin_anew();
  top.begin_anew();
  const auto held = sandbox.hold("edge", take_one(sandbox, "web"));
  ASSERT_TRUE(held) << error_of(held);
  sandbox.sim().advance(seconds(2));
  expect_one_offer(middle, "middle");
  expect_one_offer(top, "top");
  EXPECT_EQ(top.deltas().at(0).offer(0).capacity().instances_left(), 9u);
}

// Shows: R21, R23
TEST(Catalogue, ThePriceOfOneOfAThousandOffersIsOneMessageWithOneOffer) {
  Sandbox sandbox;
  sandbox.leaf("edge", {"web"});
  auto& inventory = sandbox.infrastructure("edge").inventory;
  for (int index = 1; index < kMany; ++index) {
    auto function = inventory.function(0);
    function.set_name("function-" + std::to_string(index));
    *inventory.add_function() = std::move(function);
  }
  sandbox.platform("middle", {"edge"});
  sandbox.platform("top", {"middle"});
  sandbox.up();
  Edge middle_edge(sandbox, "middle"), top_edge(sandbox, "top");
  CatalogueWatcher middle, top;
  middle.join(middle_edge);
  top.join(top_edge);
  sandbox.sim().advance(seconds(1));
  ASSERT_EQ(top.catalogue().offer_size(), kMany);
  ASSERT_THAT(prices(top.catalogue(), "function-777"), ElementsAre("12.10"));
  middle.begin_anew();
  top.begin_anew();
  // A price is configuration: it changes with a start of the leaf, which says all of it again.
  sandbox.kill("edge");
  sandbox.price("edge", "function-777", "20");
  sandbox.restart("edge");
  sandbox.sim().advance(seconds(10));
  expect_one_offer(middle, "middle");
  expect_one_offer(top, "top");
  EXPECT_THAT(prices(middle.catalogue(), "function-777"), ElementsAre("22"));
  EXPECT_THAT(prices(top.catalogue(), "function-777"), ElementsAre("24.20"));
}

// Shows: R21
TEST(Catalogue, AWatcherThatReturnsWithItsTokenHasMissedNothing) {
  Sandbox sandbox;
  three_tiers(sandbox);
  Edge edge(sandbox, "top");
  CatalogueWatcher watcher;
  watcher.join(edge);
  sandbox.sim().advance(seconds(1));
  const auto before = watcher.catalogue();
  watcher.leave();
  watcher.begin_anew();
  // Less room, another price, offers that go for good, and room again.
  const auto held = sandbox.hold("wholesale", take_one(sandbox, "web"));
  ASSERT_TRUE(held) << error_of(held);
  sandbox.sim().advance(seconds(1));
  sandbox.kill("edge");
  sandbox.kill("wholesale");
  sandbox.price("wholesale", "web", "7.77");
  sandbox.restart("wholesale");
  sandbox.sim().advance(minutes(20));
  ASSERT_FALSE(same_content(sandbox.catalogue("top"), before));
  watcher.join(edge);
  sandbox.sim().advance(seconds(1));
  EXPECT_EQ(watcher.snapshots(), 0);
  EXPECT_GT(watcher.deltas().size(), 1u);
  EXPECT_TRUE(same_content(watcher.catalogue(), sandbox.catalogue("top")));
  EXPECT_EQ(watcher.catalogue().revision(), sandbox.catalogue("top").revision());
  EXPECT_THAT(prices(watcher.catalogue(), "web"), ElementsAre("8.547"));
  EXPECT_THAT(prices(watcher.catalogue(), "firewall"), IsEmpty());
}

// Refused with its token, and without it given the whole.
void expect_a_fresh_start(Sandbox& sandbox, CatalogueWatcher& watcher, const std::string& name) {
  Edge edge(sandbox, name);
  watcher.begin_anew();
  watcher.join(edge);
  sandbox.sim().advance(seconds(1));
  ASSERT_TRUE(watcher.refusal().has_value());
  EXPECT_EQ(watcher.refusal()->code(), Problem::OUT_OF_RANGE);
  EXPECT_EQ(watcher.refusal()->type(), "watch.too-old");
  EXPECT_TRUE(watcher.deltas().empty());
  watcher.join(edge);
  sandbox.sim().advance(seconds(1));
  EXPECT_EQ(watcher.snapshots(), 1);
  EXPECT_TRUE(same_content(watcher.catalogue(), sandbox.catalogue(name)));
  watcher.leave();
}

// Shows: R21, R26
TEST(Catalogue, ATokenThatIsTooOldIsRefusedAndTheWholeIsToldAgain) {
  Sandbox sandbox;
  sandbox.leaf("edge", {"web"});
  sandbox.up();
  CatalogueWatcher watcher;
  {
    Edge edge(sandbox, "edge");
    watcher.join(edge);
    sandbox.sim().advance(seconds(1));
    watcher.leave();
  }
  const auto first = watcher.catalogue().revision();
  ASSERT_GT(first, 0u);
  // More changes than are remembered.
  while (sandbox.catalogue("edge").revision() < first + 1030) {
    const auto request = take_one(sandbox, "web");
    ASSERT_TRUE(sandbox.hold("edge", request));
    sandbox.sim().advance(milliseconds(30));
    ASSERT_TRUE(sandbox.release("edge", request.hold_id()));
    sandbox.sim().advance(milliseconds(30));
  }
  expect_a_fresh_start(sandbox, watcher, "edge");
  // What was remembered is gone with a restart.
  sandbox.kill("edge");
  sandbox.restart("edge");
  sandbox.sim().advance(seconds(1));
  expect_a_fresh_start(sandbox, watcher, "edge");
}

// Two platforms that list each other.
void loop(Sandbox& sandbox) {
  sandbox.platform("a", {"b"}, {"firewall", "nat"}, {"ap-1", "ap-2"});
  sandbox.platform("b", {"a"}, {"loadbalancer", "web"});
  sandbox.up();
}

// Shows: R21, R23
TEST(Loop, OfTwoPublishersStandsStill) {
  Sandbox sandbox;
  loop(sandbox);
  const auto a = sandbox.catalogue("a");
  const auto b = sandbox.catalogue("b");
  // Each margin once: 10 percent of the seller, 10 percent of the one who sells it on.
  EXPECT_THAT(prices(a, "firewall"), ElementsAre("11"));
  EXPECT_THAT(prices(b, "firewall"), ElementsAre("12.10"));
  EXPECT_THAT(prices(b, "web"), ElementsAre("11"));
  EXPECT_THAT(prices(a, "web"), ElementsAre("12.10"));
  EXPECT_EQ(a.offer_size(), 4);
  EXPECT_EQ(b.offer_size(), 4);
  {
    Edge edge(sandbox, "a");
    CatalogueWatcher watcher;
    watcher.join(edge);
    sandbox.sim().advance(seconds(1));
    watcher.begin_anew();
    sandbox.sim().advance(minutes(30));
    // Renewals of each own catalogue, and no echoes of the other's renewals.
    EXPECT_LE(watcher.deltas().size(), 30u);
    for (const auto& delta : watcher.deltas()) EXPECT_TRUE(is_empty(delta));
  }
  EXPECT_TRUE(same_content(sandbox.catalogue("a"), a));
  EXPECT_TRUE(same_content(sandbox.catalogue("b"), b));
}

// How many orders went from parent to child; none came to where it had been.
int orders_along(Sandbox& sandbox, const std::string& parent, const std::string& child) {
  int orders = 0;
  for (const auto& exchange : sandbox.channel(parent, child).exchanges()) {
    if (exchange->method != "PlaceHold") continue;
    ++orders;
    std::set<std::string> visited{child};
    for (const auto& platform : exchange->context.platform_path())
      EXPECT_TRUE(visited.insert(platform).second) << platform << " twice";
  }
  return orders;
}

// Shows: R10, R23
TEST(Loop, AnOrderInItVisitsNobodyTwice) {
  Sandbox sandbox;
  loop(sandbox);
  sandbox.channel("a", "b").record();
  sandbox.channel("b", "a").record();
  const auto hold = sandbox.instantiate("a", sandbox.web_shop());
  ASSERT_TRUE(hold && hold->state() == v1::Hold::COMMITTED) << error_of(hold);
  EXPECT_EQ(orders_along(sandbox, "a", "b"), 1);
  EXPECT_EQ(orders_along(sandbox, "b", "a"), 0);
  // The other way round likewise.
  const auto other = sandbox.instantiate("b", sandbox.web_shop());
  ASSERT_TRUE(other && other->state() == v1::Hold::COMMITTED) << error_of(other);
  EXPECT_EQ(orders_along(sandbox, "a", "b"), 1);
  EXPECT_EQ(orders_along(sandbox, "b", "a"), 1);
  // No room for the next, anywhere in the loop.
  const auto taken = sandbox.hold("b", take_one(sandbox, "web"));
  ASSERT_TRUE(taken) << error_of(taken);
  const auto filled = sandbox.hold("b", take_one(sandbox, "web"));
  ASSERT_TRUE(filled) << error_of(filled);
  const auto third = sandbox.hold("b", take_one(sandbox, "web"));
  ASSERT_TRUE(third) << error_of(third);
  const auto refused = sandbox.hold("a", order_of(sandbox));
  ASSERT_FALSE(refused);
  EXPECT_FALSE(outcome_unknown(refused.problem())) << describe(refused.problem());
  orders_along(sandbox, "a", "b");
  orders_along(sandbox, "b", "a");
}

// Shows: R21, R23
TEST(Catalogue, PricesAtTheTopAreExactSums) {
  Sandbox sandbox;
  sandbox.leaf("edge", {"firewall", "nat", "loadbalancer"}, {"ap-client"}, "7.77");
  sandbox.platform("district", {"edge"}, {}, {}, "12.5");
  sandbox.platform("regional", {"district"}, {}, {}, "7.25");
  sandbox.leaf("wholesale", {"web"}, {}, "3.33");
  sandbox.platform("top", {"regional", "wholesale"}, {}, {}, "0.1");
  sandbox.up();
  EXPECT_THAT(prices(sandbox.catalogue("district"), "nat"), ElementsAre("8.74125"));
  EXPECT_THAT(prices(sandbox.catalogue("regional"), "nat"), ElementsAre("9.374990625"));
  EXPECT_THAT(prices(sandbox.catalogue("top"), "nat"), ElementsAre("9.384365615625"));
  EXPECT_THAT(prices(sandbox.catalogue("top"), "web"), ElementsAre("3.33333"));
  // Three functions at 9.384365615625 are 28.153096846875, two web servers at 3.33333 are 6.66666.
  const auto hold = sandbox.instantiate("top", sandbox.web_shop());
  ASSERT_TRUE(hold && hold->state() == v1::Hold::COMMITTED) << error_of(hold);
  const auto price = Decimal::parse(hold->proof().price().monthly().amount());
  ASSERT_TRUE(price);
  EXPECT_EQ(*price, *Decimal::parse("34.819756846875")) << price->text();
}

// Shows: R21, R23
TEST(Catalogue, WhatExpiresAtTheBottomGoesAtEveryTierAndComesBack) {
  Sandbox sandbox;
  sandbox.leaf("edge", {"firewall"}, {"ap-client"});
  sandbox.platform("district", {"edge"}, {"nat"});
  sandbox.platform("regional", {"district"});
  sandbox.platform("top", {"regional"});
  sandbox.up();
  const std::vector<std::string> tiers{"district", "regional", "top"};
  std::map<std::string, v1::Catalogue> before;
  for (const auto& tier : tiers) {
    before[tier] = sandbox.catalogue(tier);
    ASSERT_EQ(before[tier].offer_size(), 2) << tier;
    ASSERT_EQ(before[tier].attachment_point_size(), 1) << tier;
  }
  const auto expires = from_timestamp(sandbox.catalogue("edge").expires());
  sandbox.kill("edge");
  // As good as ever until the last second of it.
  sandbox.sim().advance(expires - seconds(2) - sandbox.sim().now());
  for (const auto& tier : tiers)
    EXPECT_TRUE(same_content(sandbox.catalogue(tier), before[tier])) << tier;
  sandbox.sim().advance(seconds(4));
  for (const auto& tier : tiers) {
    EXPECT_THAT(prices(sandbox.catalogue(tier), "firewall"), IsEmpty()) << tier;
    EXPECT_EQ(sandbox.catalogue(tier).attachment_point_size(), 0) << tier;
    EXPECT_EQ(prices(sandbox.catalogue(tier), "nat"), prices(before[tier], "nat")) << tier;
  }
  sandbox.restart("edge");
  sandbox.sim().advance(seconds(10));
  for (const auto& tier : tiers) {
    EXPECT_TRUE(same_content(sandbox.catalogue(tier), before[tier])) << tier;
    EXPECT_EQ(offer_ids(sandbox.catalogue(tier)), offer_ids(before[tier])) << tier;
  }
}

}  // namespace
}  // namespace terrace
