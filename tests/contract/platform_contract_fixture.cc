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

constexpr char kRealm[] = "2f9dd6de-36a3-4f0e-8a35-0000000000c1";

std::string said(const Result<v1::Hold>& hold) {
  if (!hold) return describe(hold.problem());
  return v1::Hold::State_Name(hold->state()) +
         (hold->has_error() ? " " + describe(hold->error()) : "");
}

}  // namespace

LeafConfig firewall_and_web() {
  LeafConfig leaf;
  for (const char* name : {"firewall", "web"}) {
    auto& function = leaf.function.emplace_back();
    function.function = name;
    function.price.mutable_monthly()->set_amount("10");
    function.price.mutable_monthly()->set_currency("EUR");
  }
  return leaf;
}

bool run_until_on(Executor& executor, const std::function<bool()>& predicate) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (std::chrono::steady_clock::now() < end) {
    bool holds = false;
    run_on(executor, [&] { holds = predicate(); });
    if (holds) return true;
    std::this_thread::yield();
  }
  return false;
}

PlatformContract::PlatformContract() : random_(2026), under_test_(GetParam().make()) {}
PlatformContract::~PlatformContract() = default;

std::string PlatformContract::uuid(Random& random) {
  return uuid_v4(random);
}

Call PlatformContract::with_epoch(std::uint64_t epoch) {
  Call call;
  call.context.set_epoch(epoch);
  return call;
}

v1::PlaceHoldRequest PlatformContract::order() {
  return web_order(new_id()).request();
}

v1::PlaceHoldRequest PlatformContract::order_within_envelope() {
  v1::PlaceHoldRequest request = order();
  AddressPools pools;
  pools.prefixes.push_back(
      *Prefix::parse("10." + std::to_string(random_.next() % 200) + ".0.0/16"));
  pools.link_prefix_length_v4 = 24 + static_cast<unsigned>(random_.next() % 4);
  pools.mtu = 1280 + static_cast<std::uint32_t>(random_.next() % 200);
  auto fragment = normalise(request.fragment());
  EXPECT_TRUE(fragment.ok());
  auto envelope = root_envelope(pools, *fragment, kRealm);
  EXPECT_TRUE(envelope.ok());
  *request.mutable_envelope() = *std::move(envelope);
  return request;
}

template <class R>
Result<R> PlatformContract::ask(const std::function<void(Reply<R>)>& call) {
  auto answer = std::make_shared<std::optional<Result<R>>>();
  bool inside = false;
  under_test_->on_strand([&] {
    call([answer](Result<R> result) {
      EXPECT_FALSE(answer->has_value()) << "a reply comes once";
      answer->emplace(std::move(result));
    });
    inside = answer->has_value();
  });
  EXPECT_FALSE(inside) << "a reply never comes inside the call";
  if (!under_test_->run_until([answer] { return answer->has_value(); }))
    return problem(Problem::DEADLINE_EXCEEDED, "test.no-answer", "never answered");
  return **answer;
}

Result<v1::Hold> PlatformContract::hold(const v1::PlaceHoldRequest& request, const Call& call) {
  return ask<v1::Hold>([&](auto reply) { under_test_->platform().hold(call, request, reply); });
}

Result<v1::Hold> PlatformContract::commit(const std::string& id, const Call& call) {
  v1::CommitHoldRequest request;
  request.set_hold_id(id);
  return ask<v1::Hold>([&](auto reply) { under_test_->platform().commit(call, request, reply); });
}

Result<v1::Hold> PlatformContract::release(const std::string& id, const Call& call) {
  v1::ReleaseHoldRequest request;
  request.set_hold_id(id);
  request.set_mode(v1::ReleaseHoldRequest::UNDO);
  return ask<v1::Hold>([&](auto reply) { under_test_->platform().release(call, request, reply); });
}

Result<v1::ProbeResult> PlatformContract::probe(const v1::ProbeRequest& request) {
  return ask<v1::ProbeResult>(
      [&](auto reply) { under_test_->platform().probe({}, request, reply); });
}

v1::Hold PlatformContract::made() {
  const auto request = order();
  const auto held = hold(request);
  EXPECT_TRUE(held && held->state() == v1::Hold::HELD) << said(held);
  const auto committed = commit(request.hold_id());
  EXPECT_TRUE(committed && committed->state() == v1::Hold::COMMITTED) << said(committed);
  return committed ? *committed : v1::Hold();
}

v1::Catalogue PlatformContract::catalogue() {
  auto first = std::make_shared<std::optional<v1::Catalogue>>();
  std::unique_ptr<Subscription> subscription;
  under_test_->on_strand([&] {
    subscription = under_test_->platform().publish([first](Result<v1::CatalogueEvent> event) {
      if (event && event->type() == v1::CatalogueEvent::SNAPSHOT && !*first)
        *first = event->snapshot();
    });
  });
  EXPECT_TRUE(under_test_->run_until([first] { return first->has_value(); }));
  under_test_->on_strand([&] { subscription.reset(); });
  return first->value_or(v1::Catalogue());
}

std::uint32_t PlatformContract::left(const v1::Catalogue& catalogue,
                                     const std::string& function) const {
  std::uint32_t left = 0;
  for (const auto& offer : catalogue.offer())
    if (offer.function().capability() == function) left += offer.capacity().instances_left();
  return left;
}

::testing::AssertionResult PlatformContract::webs_become(
    const std::function<bool(std::uint32_t)>& right) {
  auto followed = std::make_shared<v1::Catalogue>();
  std::unique_ptr<Subscription> subscription;
  under_test_->on_strand([&] {
    subscription = under_test_->platform().publish([followed](Result<v1::CatalogueEvent> event) {
      if (!event) return;
      if (event->type() == v1::CatalogueEvent::SNAPSHOT) *followed = event->snapshot();
      if (event->type() != v1::CatalogueEvent::DELTA) return;
      if (auto applied = apply(*followed, event->delta())) *followed = *std::move(applied);
    });
  });
  const bool reached = under_test_->run_until(
      [&] { return followed->revision() > 0 && right(left(*followed, "web")); });
  under_test_->on_strand([&] { subscription.reset(); });
  if (reached) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << left(*followed, "web") << " left";
}

}  // namespace terrace
