#include "tests/contract/platform_contract.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "base/ids.h"
#include "base/time.h"
#include "catalog/catalogue_diff.h"
#include "recursion/decompose.h"
#include "recursion/envelope.h"
#include "recursion/envelope_check.h"
#include "recursion/proof.h"
#include "tests/support/leaf_world.h"
#include "tests/support/wait.h"

namespace terrace {
namespace {

std::string said(const Result<v1::Hold>& hold) {
  if (!hold) return describe(hold.problem());
  return v1::Hold::State_Name(hold->state()) +
         (hold->has_error() ? " " + describe(hold->error()) : "");
}

}  // namespace

// Shows: R21
TEST_P(PlatformContract, PublishesASnapshotThenDeltas) {
  struct Heard {
    std::vector<v1::CatalogueEvent::Type> types;
    v1::Catalogue catalogue;
    std::vector<int> offers_in_delta;
  };
  auto heard = std::make_shared<Heard>();
  std::unique_ptr<Subscription> subscription;
  under_test_->on_strand([&] {
    subscription = under_test_->platform().publish([heard](Result<v1::CatalogueEvent> event) {
      if (!event || event->type() == v1::CatalogueEvent::BOOKMARK) return;
      heard->types.push_back(event->type());
      if (event->type() == v1::CatalogueEvent::SNAPSHOT) {
        heard->catalogue = event->snapshot();
        return;
      }
      auto applied = apply(heard->catalogue, event->delta());
      ASSERT_TRUE(applied.ok()) << describe(applied.problem());
      heard->catalogue = *std::move(applied);
    });
  });
  ASSERT_TRUE(under_test_->run_until([&] { return left(heard->catalogue, "web") > 0; }));
  std::uint32_t before = 0;
  under_test_->on_strand([&] { before = left(heard->catalogue, "web"); });
  const auto request = order();
  ASSERT_TRUE(hold(request));
  EXPECT_TRUE(under_test_->run_until([&] { return left(heard->catalogue, "web") < before; }));
  ASSERT_TRUE(release(request.hold_id()));
  EXPECT_TRUE(under_test_->run_until([&] { return left(heard->catalogue, "web") == before; }));
  under_test_->on_strand([&] { subscription.reset(); });
  EXPECT_EQ(heard->types.front(), v1::CatalogueEvent::SNAPSHOT);
  EXPECT_EQ(std::count(heard->types.begin(), heard->types.end(), v1::CatalogueEvent::SNAPSHOT), 1);
}

// Shows: R1, R15
TEST_P(PlatformContract, HoldsCommitsAndReleases) {
  const auto before = webs_left();
  const auto request = order();
  const auto held = hold(request);
  ASSERT_TRUE(held) << said(held);
  EXPECT_EQ(held->id(), request.hold_id());
  EXPECT_EQ(held->state(), v1::Hold::HELD);
  EXPECT_EQ(held->proof().vnf_size(), 2);
  EXPECT_GT(from_timestamp(held->expires()), under_test_->clock().now());
  const auto committed = commit(request.hold_id());
  ASSERT_TRUE(committed && committed->state() == v1::Hold::COMMITTED) << said(committed);
  EXPECT_EQ(committed->proof().SerializeAsString(), held->proof().SerializeAsString());
  EXPECT_TRUE(webs_fall_below(before));
  const auto released = release(request.hold_id());
  ASSERT_TRUE(released && released->state() == v1::Hold::RELEASED) << said(released);
  EXPECT_TRUE(webs_become(before));
}

// Shows: R6
TEST_P(PlatformContract, APlanIsTheSameAnswerAndLeavesNothing) {
  auto request = order_within_envelope();
  auto dry = request;
  dry.set_hold_id(new_id());
  dry.set_dry(true);
  const auto planned = hold(dry);
  ASSERT_TRUE(planned) << said(planned);
  const auto never = commit(dry.hold_id());
  ASSERT_FALSE(never);
  EXPECT_EQ(never.problem().code(), Problem::NOT_FOUND);
  request.set_plan_digest(planned->plan_digest());
  const auto held = hold(request);
  ASSERT_TRUE(held) << said(held);
  EXPECT_EQ(held->plan_digest(), planned->plan_digest());
  EXPECT_EQ(held->proof().price().SerializeAsString(),
            planned->proof().price().SerializeAsString());
  EXPECT_EQ(held->proof().vnf(0).cp(0).address(0), planned->proof().vnf(0).cp(0).address(0));
}

// Shows: R6
TEST_P(PlatformContract, TheSameIdAndBodyIsTheSameHold) {
  const auto request = order();
  const auto first = hold(request);
  const auto again = hold(request);
  ASSERT_TRUE(first && again) << said(again);
  EXPECT_EQ(first->proof().SerializeAsString(), again->proof().SerializeAsString());
  ASSERT_TRUE(commit(request.hold_id()));
  const auto later = hold(request);
  ASSERT_TRUE(later) << said(later);
  EXPECT_EQ(later->state(), v1::Hold::COMMITTED);
  const auto twice = commit(request.hold_id());
  ASSERT_TRUE(twice) << said(twice);
  EXPECT_EQ(twice->state(), v1::Hold::COMMITTED);
  ASSERT_TRUE(release(request.hold_id()));
  const auto over = hold(request);
  ASSERT_TRUE(over) << said(over);
  EXPECT_EQ(over->state(), v1::Hold::RELEASED) << "never a revival";
}

// Shows: R6
TEST_P(PlatformContract, TheSameIdWithAnotherBodyIsRefused) {
  const auto request = order();
  ASSERT_TRUE(hold(request));
  auto other = order();
  other.set_hold_id(request.hold_id());
  other.mutable_fragment()->mutable_nsd()->set_name("another");
  const auto refused = hold(other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.problem().code(), Problem::ALREADY_EXISTS);
}

// Shows: R7
TEST_P(PlatformContract, AReleaseOfTheUnknownIsATombstoneThatALaterHoldFinds) {
  const auto before = webs_left();
  const auto request = order();
  const auto released = release(request.hold_id());
  ASSERT_TRUE(released) << said(released);
  EXPECT_EQ(released->state(), v1::Hold::RELEASED);
  const auto late = hold(request);
  ASSERT_TRUE(late) << said(late);
  EXPECT_EQ(late->state(), v1::Hold::RELEASED);
  EXPECT_TRUE(late->tombstone());
  EXPECT_EQ(webs_left(), before);
}

// Shows: R7
TEST_P(PlatformContract, ReleasingTwiceIsHarmless) {
  const auto hold = made();
  for (int times = 0; times < 3; ++times) {
    const auto released = release(hold.id());
    ASSERT_TRUE(released) << said(released);
    EXPECT_EQ(released->state(), v1::Hold::RELEASED);
  }
}

// Shows: R8
TEST_P(PlatformContract, WhatIsNotHeldCannotBeCommitted) {
  const auto unknown = commit(new_id());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.problem().code(), Problem::NOT_FOUND);
  const auto request = order();
  ASSERT_TRUE(hold(request));
  ASSERT_TRUE(release(request.hold_id()));
  const auto released = commit(request.hold_id());
  ASSERT_FALSE(released);
  EXPECT_EQ(released.problem().code(), Problem::FAILED_PRECONDITION);
}

// Shows: R8
TEST_P(PlatformContract, AHoldEndsByItself) {
  const auto before = webs_left();
  Call call;
  call.context.set_remaining_life_ms(300);
  const auto request = order();
  const auto held = hold(request, call);
  ASSERT_TRUE(held) << said(held);
  EXPECT_TRUE(webs_fall_below(before));
  const Instant expires = from_timestamp(held->expires());
  EXPECT_LE(expires, under_test_->clock().now() + std::chrono::milliseconds(300));
  ASSERT_TRUE(under_test_->run_until(
      [&] { return under_test_->clock().now() > expires + std::chrono::milliseconds(20); }));
  const auto late = commit(request.hold_id());
  ASSERT_FALSE(late) << said(late);
  EXPECT_EQ(late.problem().code(), Problem::FAILED_PRECONDITION);
  EXPECT_TRUE(webs_become(before));
}

// Shows: R13, R15
TEST_P(PlatformContract, ProvesValuesWithinTheEnvelope) {
  for (int draw = 0; draw < 10; ++draw) {
    const auto request = order_within_envelope();
    const auto held = hold(request);
    ASSERT_TRUE(held) << said(held);
    const auto fragment = normalise(request.fragment());
    const Status within = check_proof(request.envelope(), *fragment, held->proof());
    EXPECT_TRUE(within.ok()) << describe(within.problem());
    ASSERT_TRUE(release(request.hold_id()));
  }
}

// Shows: R13
TEST_P(PlatformContract, AnEnvelopeTooNarrowIsRefusedWithItsConstraint) {
  auto request = order_within_envelope();
  // One address where two are needed (and no second link's).
  for (auto& link : *request.mutable_envelope()->mutable_link())
    for (auto& subnet : *link.mutable_subnet()) subnet.clear_assignable();
  const auto refused = hold(request);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.problem().has_constraint()) << describe(refused.problem());
  EXPECT_FALSE(outcome_unknown(refused.problem())) << describe(refused.problem());
}

// Shows: R21
TEST_P(PlatformContract, StaleTermsAreRefused) {
  const v1::Catalogue published = catalogue();
  ASSERT_GT(published.offer_size(), 0);
  auto request = order();
  auto& terms = *request.add_terms();
  terms.set_offer_id(published.offer(0).id());
  terms.set_terms_version("yesterday's");
  const auto refused = hold(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.problem().code(), Problem::FAILED_PRECONDITION);
  EXPECT_EQ(refused.problem().type(), "terms.stale");
  EXPECT_GT(refused.problem().possible_size(), 0);
}

// Shows: R7
TEST_P(PlatformContract, AnAttemptThatComesTooLateIsRefused) {
  Call call;
  call.context.set_not_after_us(to_micros(under_test_->clock().now() - std::chrono::seconds(1)));
  const auto refused = hold(order(), call);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.problem().code(), Problem::FAILED_PRECONDITION);
  EXPECT_EQ(refused.problem().type(), "hold.too-late");
}

// Shows: R9
TEST_P(PlatformContract, AnOlderEpochIsRefusedAndANewerCounts) {
  const auto request = order();
  ASSERT_TRUE(hold(request, with_epoch(100)));
  for (const auto& refused :
       {hold(request, with_epoch(99)), commit(request.hold_id(), with_epoch(99)),
        release(request.hold_id(), with_epoch(99))}) {
    ASSERT_FALSE(refused) << said(refused);
    EXPECT_EQ(refused.problem().code(), Problem::ABORTED) << said(refused);
    EXPECT_EQ(refused.problem().epoch_seen(), 100u);
  }
  const auto committed = commit(request.hold_id(), with_epoch(101));
  ASSERT_TRUE(committed && committed->state() == v1::Hold::COMMITTED) << said(committed);
  const auto released = release(request.hold_id(), with_epoch(102));
  EXPECT_TRUE(released && released->state() == v1::Hold::RELEASED) << said(released);
}

// Shows: R8
TEST_P(PlatformContract, AHoldReleasesTheEarlierAttemptsItNames) {
  const auto before = webs_left();
  const auto first = order_within_envelope();
  ASSERT_TRUE(hold(first));
  EXPECT_TRUE(webs_fall_below(before));
  const auto one_service = webs_left();
  auto second = first;
  second.set_hold_id(new_id());
  Call call;
  call.context.add_replaces(first.hold_id());
  call.context.add_replaces(new_id());
  const auto held = hold(second, call);
  ASSERT_TRUE(held) << said(held);
  EXPECT_TRUE(webs_become(one_service));
  const auto over = hold(first);
  ASSERT_TRUE(over) << said(over);
  EXPECT_EQ(over->state(), v1::Hold::RELEASED);
}

// Shows: R10
TEST_P(PlatformContract, AnOrderThatComesBackIsRefused) {
  Call call;
  call.context.add_platform_path("somebody");
  call.context.add_platform_path(under_test_->id());
  const auto refused = hold(order(), call);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.problem().type(), "path.loop");
}

TEST_P(PlatformContract, AFunctionNobodyHasIsRefused) {
  auto request = order();
  for (auto& function : *request.mutable_fragment()->mutable_function())
    function.mutable_vnfd()->mutable_sw_image_desc(0)->set_image("terrace/oven");
  const auto refused = hold(request);
  ASSERT_FALSE(refused);
  EXPECT_FALSE(outcome_unknown(refused.problem())) << describe(refused.problem());
}

// Shows: R13
TEST_P(PlatformContract, AnUnknownFieldIsRefused) {
  auto request = order();
  auto& nsd = *request.mutable_fragment()->mutable_nsd();
  nsd.GetReflection()->MutableUnknownFields(&nsd)->AddVarint(9999, 1);
  const auto refused = hold(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.problem().code(), Problem::INVALID_ARGUMENT);
  EXPECT_EQ(refused.problem().type(), "request.unknown-field");
}

// Shows: R20
TEST_P(PlatformContract, AProbeOfWhatIsThereIsAnswered) {
  const auto hold = made();
  ASSERT_GT(hold.proof().announcement_size(), 0);
  int probed = 0;
  for (const auto& announcement : hold.proof().announcement()) {
    for (const auto& target : announcement.target()) {
      v1::ProbeRequest request;
      request.set_hold_id(hold.id());
      request.set_sapd_id(announcement.sapd_id());
      request.set_path_id(announcement.path_id());
      request.set_destination(target.address());
      request.set_protocol(target.protocol());
      request.set_port(target.port());
      *request.mutable_timeout() = to_proto(std::chrono::seconds(1));
      const auto result = probe(request);
      ASSERT_TRUE(result) << describe(result.problem());
      EXPECT_EQ(result->verdict(), v1::ProbeResult::ANSWERED) << result->detail();
      ++probed;
    }
  }
  EXPECT_GT(probed, 0);
  v1::ProbeRequest unknown;
  unknown.set_hold_id(new_id());
  unknown.set_sapd_id("client");
  const auto refused = probe(unknown);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.problem().code(), Problem::NOT_FOUND);
}

TEST_P(PlatformContract, ObservesASnapshotItsEndAndEveryChange) {
  const auto there = made();
  struct Seen {
    std::vector<v1::WatchEvent> events;
    bool ended = false;
    bool told_before_the_end = false;
    v1::Hold::State state_of(const std::string& id) const {
      auto state = v1::Hold::STATE_UNSPECIFIED;
      for (const auto& event : events)
        if (event.has_hold() && event.hold().id() == id) state = event.hold().state();
      return state;
    }
  };
  auto seen = std::make_shared<Seen>();
  std::unique_ptr<Subscription> subscription;
  under_test_->on_strand([&] {
    subscription =
        under_test_->platform().observe({}, [=, id = there.id()](Result<v1::WatchEvent> event) {
          if (!event) return;
          if (event->type() == v1::WatchEvent::SNAPSHOT_END) {
            seen->told_before_the_end = seen->state_of(id) == v1::Hold::COMMITTED;
            seen->ended = true;
          }
          seen->events.push_back(*event);
        });
  });
  ASSERT_TRUE(under_test_->run_until([seen] { return seen->ended; }));
  under_test_->on_strand([&] { EXPECT_TRUE(seen->told_before_the_end); });
  const auto request = order();
  ASSERT_TRUE(hold(request));
  EXPECT_TRUE(
      under_test_->run_until([&] { return seen->state_of(request.hold_id()) == v1::Hold::HELD; }));
  ASSERT_TRUE(release(there.id()));
  EXPECT_TRUE(
      under_test_->run_until([&] { return seen->state_of(there.id()) == v1::Hold::RELEASED; }));
  under_test_->on_strand([&] { subscription.reset(); });
}

}  // namespace terrace
