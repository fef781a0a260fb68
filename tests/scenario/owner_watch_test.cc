// Those who watch what they own, from outside, and look away now and then.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/time.h"
#include "tests/scenario/edge.h"
#include "tests/scenario/onboarding.h"
#include "tests/scenario/trees.h"

namespace terrace {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Somebody who keeps a copy of what he owns at a platform.
class OwnerWatcher {
 public:
  using State = std::map<std::pair<std::string, std::string>, std::string>;

  void join(Edge& edge) {
    v1::WatchRequest request;
    if (token_) *request.mutable_resume() = *token_;
    if (!token_) state_.clear();
    subscription_ = call_stream<v1::WatchEvent>(
        edge.channel(), "/terrace.v1.HoldService/Watch", {}, request,
        [this](Result<std::unique_ptr<v1::WatchEvent>> event) { hear(std::move(event)); });
  }
  void leave() { subscription_.reset(); }
  int heard() const { return heard_; }
  const State& state() const { return state_; }
  const std::map<std::string, int>& deletes() const { return deletes_; }

 private:
  void hear(Result<std::unique_ptr<v1::WatchEvent>> answer) {
    ASSERT_TRUE(answer) << describe(answer.problem());
    const auto& event = **answer;
    ++heard_;
    if (event.type() == v1::WatchEvent::DELETE) {
      state_.erase({event.kind(), event.id()});
      ++deletes_[event.kind()];
    } else if (event.type() == v1::WatchEvent::UPSERT) {
      state_[{event.kind(), event.id()}] = event.has_hold()
                                               ? event.hold().ShortDebugString()
                                               : event.ns_instance().ShortDebugString();
    }
    if (event.has_token()) token_ = event.token();
  }

  State state_;
  std::map<std::string, int> deletes_;
  int heard_ = 0;
  std::optional<v1::ResumeToken> token_;
  std::unique_ptr<Subscription> subscription_;
};

// A customer who orders, lets go, makes instances and deletes them, at random.
class Customer {
 public:
  Customer(Sandbox& sandbox, Random& random) : sandbox_(sandbox), random_(random) {}

  void act() {
    auto& api = sandbox_.stack("all").api();
    switch (random_.next() % 4) {
      case 0: {
        holds_.push_back(take_one(sandbox_, "web"));
        (void)ask<v1::Hold>(
            sandbox_, [&](auto reply) { api.place_hold({}, holds_.back(), std::move(reply)); });
        break;
      }
      case 1: {
        if (holds_.empty()) break;
        v1::ReleaseHoldRequest request;
        request.set_hold_id(holds_[random_.next() % holds_.size()].hold_id());
        request.set_mode(v1::ReleaseHoldRequest::UNDO);
        (void)ask<v1::Hold>(sandbox_,
                            [&](auto reply) { api.release_hold({}, request, std::move(reply)); });
        break;
      }
      case 2: {
        v1::CreateNsRequest request;
        request.set_ns_instance_id("shop-" + std::to_string(random_.next() % 4));
        request.set_nsd_id(sandbox_.web_shop().nsd().id());
        (void)ask<v1::NsInstance>(
            sandbox_, [&](auto reply) { api.create_ns({}, request, std::move(reply)); });
        break;
      }
      default: {
        v1::DeleteNsRequest request;
        request.set_ns_instance_id("shop-" + std::to_string(random_.next() % 4));
        (void)ask<google::protobuf::Empty>(
            sandbox_, [&](auto reply) { api.delete_ns({}, request, std::move(reply)); });
      }
    }
  }

 private:
  Sandbox& sandbox_;
  Random& random_;
  std::vector<v1::PlaceHoldRequest> holds_;
};

// Shows: R6, R21
TEST(Watch, AnOwnerWhoComesAndGoesEndsUpWithWhatOneWhoStayedHas) {
  std::map<std::string, int> deletes;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Sandbox sandbox(seed);
    sandbox.leaf("all", {"firewall", "nat", "loadbalancer", "web"}, {"ap-client"});
    sandbox.up();
    onboard(sandbox, "all");
    SeededRandom random(seed);
    Customer customer(sandbox, random);
    Edge edge(sandbox, "all");
    OwnerWatcher stays, wanders;
    stays.join(edge);
    for (int step = 0; step < 120; ++step) {
      customer.act();
      if (random.next() % 8 == 0) sandbox.sim().advance(minutes(random.next() % 6));
      if (random.next() % 3 != 0) continue;
      wanders.join(edge);
      // It may be off again before it has heard all that it missed.
      const int enough = wanders.heard() + static_cast<int>(random.next() % 5);
      sandbox.run_until([&] { return wanders.heard() >= enough; }, milliseconds(1));
      wanders.leave();
    }
    wanders.join(edge);
    OwnerWatcher arrives;
    arrives.join(edge);
    sandbox.sim().advance(seconds(1));
    EXPECT_EQ(wanders.state(), stays.state()) << seed;
    EXPECT_EQ(arrives.state(), stays.state()) << seed;
    EXPECT_FALSE(stays.state().empty()) << seed;
    for (const auto& [kind, count] : wanders.deletes()) deletes[kind] += count;
  }
  EXPECT_GT(deletes["hold"], 0);
  EXPECT_GT(deletes["ns-instance"], 0);
}

}  // namespace
}  // namespace terrace
