#include "catalog/catalogue_publisher.h"

#include <gtest/gtest.h>

#include "base/time.h"
#include "catalog/catalogue_diff.h"
#include "tests/support/sim_executor.h"

namespace terrace {
namespace {

using v1::CatalogueEvent;

v1::Catalogue catalogue(int offers) {
  v1::Catalogue made;
  made.set_platform_id("p");
  made.set_provider("P");
  *made.mutable_expires() = to_timestamp(SimExecutor::kStart + std::chrono::hours(1));
  for (int i = 0; i < offers; ++i) {
    auto& offer = *made.add_offer();
    offer.set_id("o" + std::to_string(i));
    offer.mutable_capacity()->set_instances_left(100);
  }
  return made;
}

class PublisherTest : public testing::Test {
 protected:
  using Events = std::vector<CatalogueEvent>;

  std::unique_ptr<CataloguePublisher::Subscription> watch(Events& events) {
    auto made = publisher.subscribe({}, [&](const CatalogueEvent& e) { events.push_back(e); });
    EXPECT_TRUE(made);
    return *std::move(made);
  }
  Result<std::unique_ptr<CataloguePublisher::Subscription>> resume(Events& events,
                                                                   std::uint64_t revision,
                                                                   const std::string& incarnation) {
    v1::WatchCatalogueRequest request;
    request.mutable_resume()->set_revision(revision);
    request.mutable_resume()->set_incarnation(incarnation);
    return publisher.subscribe(request, [&](const CatalogueEvent& e) { events.push_back(e); });
  }

  SimExecutor executor;
  CataloguePublisher publisher{executor, "store-1", 4};
};

TEST_F(PublisherTest, OneOfAThousandChangesOneMessageOneOffer) {
  Events events;
  publisher.publish(catalogue(1000));
  const auto subscription = watch(events);
  executor.run_ready();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].type(), CatalogueEvent::SNAPSHOT);
  EXPECT_EQ(events[0].snapshot().offer_size(), 1000);
  auto changed = catalogue(1000);
  changed.mutable_offer(500)->mutable_capacity()->set_instances_left(99);
  publisher.publish(changed);
  EXPECT_EQ(events.size(), 1U) << "sinks are posted, never called inside publish()";
  executor.run_ready();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].type(), CatalogueEvent::DELTA);
  ASSERT_EQ(events[1].delta().offer_size(), 1);
  EXPECT_EQ(events[1].delta().offer(0).id(), "o500");
  EXPECT_EQ(events[1].token().revision(), 2U);
  EXPECT_LT(events[1].ByteSizeLong(), 200U);
}

TEST_F(PublisherTest, NothingChangedNothingSent) {
  Events events;
  publisher.publish(catalogue(3));
  const auto subscription = watch(events);
  EXPECT_EQ(publisher.publish(catalogue(3)), 1U);
  executor.run_ready();
  EXPECT_EQ(events.size(), 1U);
  auto renewed = catalogue(3);
  *renewed.mutable_expires() = to_timestamp(SimExecutor::kStart + std::chrono::hours(2));
  EXPECT_EQ(publisher.publish(renewed), 2U);
  executor.run_ready();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_TRUE(is_empty(events[1].delta()));
  EXPECT_EQ(from_timestamp(events[1].delta().expires()),
            SimExecutor::kStart + std::chrono::hours(2));
}

TEST_F(PublisherTest, AWatcherThatReturnsMissesNothing) {
  publisher.publish(catalogue(1));
  Events events;
  auto subscription = watch(events);
  executor.run_ready();
  v1::Catalogue copy = events.back().snapshot();
  subscription.reset();
  for (int offers = 2; offers <= 5; ++offers) publisher.publish(catalogue(offers));
  events.clear();
  auto returned = resume(events, copy.revision(), "store-1");
  ASSERT_TRUE(returned) << describe(returned.problem());
  publisher.publish(catalogue(6));
  executor.run_ready();
  ASSERT_EQ(events.size(), 6U);
  EXPECT_EQ(events[4].type(), CatalogueEvent::BOOKMARK);
  for (const auto& event : events) {
    if (event.type() != CatalogueEvent::DELTA) continue;
    auto next = apply(copy, event.delta());
    ASSERT_TRUE(next) << describe(next.problem());
    copy = *std::move(next);
  }
  EXPECT_TRUE(same_content(copy, publisher.current()));
}

TEST_F(PublisherTest, ATokenTooOldOrOfAnotherStoreIsOutOfRange) {
  for (int offers = 1; offers <= 7; ++offers) publisher.publish(catalogue(offers));
  Events events;
  for (const auto& [revision, incarnation] :
       {std::pair(2, "store-1"), {8, "store-1"}, {7, "store-2"}}) {
    const auto refused = resume(events, static_cast<std::uint64_t>(revision), incarnation);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.problem().code(), Problem::OUT_OF_RANGE);
    EXPECT_EQ(refused.problem().type(), "watch.too-old");
  }
  EXPECT_TRUE(resume(events, 3, "store-1"));
  EXPECT_TRUE(resume(events, 7, "store-1"));
}

TEST_F(PublisherTest, RevisionsGoOnAfterARestart) {
  auto last = catalogue(2);
  last.set_revision(41);
  publisher.restore(last);
  Events events;
  auto returned = resume(events, 41, "store-1");
  ASSERT_TRUE(returned);
  EXPECT_EQ(publisher.publish(catalogue(3)), 42U);
  executor.run_ready();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].type(), CatalogueEvent::BOOKMARK);
  EXPECT_EQ(events[1].delta().offer_size(), 1);
  EXPECT_FALSE(resume(events, 40, "store-1"));
}

TEST_F(PublisherTest, WhatADeltaCannotSayIsASnapshot) {
  publisher.publish(catalogue(1));
  Events events;
  const auto subscription = watch(events);
  auto renamed = catalogue(1);
  renamed.set_provider("Q");
  publisher.publish(renamed);
  executor.run_ready();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].type(), CatalogueEvent::SNAPSHOT);
  EXPECT_EQ(events[1].snapshot().provider(), "Q");
  EXPECT_FALSE(resume(events, 1, "store-1"));
}

TEST_F(PublisherTest, AnEndedSubscriptionIsNotCalledAnyMore) {
  publisher.publish(catalogue(1));
  Events events;
  auto subscription = watch(events);
  subscription.reset();
  executor.run_ready();
  EXPECT_TRUE(events.empty());
  EXPECT_EQ(publisher.subscribers(), 0U);
}

TEST_F(PublisherTest, ASubscriptionMayOutliveThePublisher) {
  Events events;
  std::unique_ptr<CataloguePublisher::Subscription> subscription;
  {
    CataloguePublisher brief(executor, "x");
    auto made = brief.subscribe({}, [&](const CatalogueEvent& e) { events.push_back(e); });
    subscription = *std::move(made);
    brief.beat();
  }
  executor.run_ready();
  EXPECT_TRUE(events.empty());
}

}  // namespace
}  // namespace terrace
