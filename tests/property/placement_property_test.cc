// Placement against brute force, on small random problems.
#include <gtest/gtest.h>

#include "base/random.h"
#include "recursion/placement_model.h"
#include "tests/support/catalogue_builder.h"
#include "tests/support/service_builder.h"

namespace terrace {
namespace {

using testing::ServiceBuilder;

struct Case {
  v1::Fragment fragment;
  std::vector<v1::Catalogue> catalogues;
};

Case random_case(std::uint64_t seed) {
  SeededRandom random(seed);
  const auto below = [&](std::uint64_t bound) { return random.next() % bound; };
  ServiceBuilder service;
  service.sap("client", "l0");
  const std::size_t functions = 2 + below(3);
  for (std::size_t i = 0; i < functions; ++i) {
    auto& profile = service.function("f" + std::to_string(i), 1 + (below(4) == 0),
                                     {{"in", "l" + std::to_string(i)},
                                      {"out", "l" + std::to_string(i + 1)}});
    if (below(4) == 0) {
      auto& rule = *profile.add_local_affinity_or_anti_affinity_rule();
      rule.set_affinity_type(below(2) == 0 ? "affinity" : "anti-affinity");
      rule.set_affinity_scope(below(2) == 0 ? "platform" : "nfvi-pop");
    }
  }
  if (below(3) == 0) {
    auto& rule = *service.order().mutable_params()->add_additional_affinity_or_anti_affinity_rule();
    rule.add_vnf_profile_id("f0");
    rule.add_vnf_profile_id("f1");
    rule.set_affinity_or_anti_affinity(below(2) == 0
                                           ? v1::AffinityOrAntiAffinityRule::AFFINITY
                                           : v1::AffinityOrAntiAffinityRule::ANTI_AFFINITY);
    rule.set_scope(v1::AffinityOrAntiAffinityRule::PLATFORM);
  }
  Case result;
  result.fragment = *normalise(service.order());
  for (std::size_t child = 0; child < 3; ++child) {
    auto& catalogue = result.catalogues.emplace_back();
    for (std::size_t i = 0; i < functions; ++i) {
      if (below(4) == 0) continue;
      testing::add_offer(catalogue, "f" + std::to_string(i), 5 + static_cast<unsigned>(below(20)),
                         1 + static_cast<unsigned>(below(2)), "pop" + std::to_string(below(2)));
    }
    for (const char* underlay : {"wan", "lan"}) {
      if (below(2) == 0) testing::add_interconnect(catalogue, underlay);
    }
    if (below(2) == 0) testing::add_point(catalogue, "ap-" + std::to_string(child));
  }
  return result;
}

struct Best {
  bool is_feasible = false;
  Decimal cost;
  std::size_t cuts = 0;
  // Whether taking the cheapest option of each, one after the other, fails.
  bool is_greedy_misled = false;
};

Best brute_force(const PlacementModel& model) {
  Best best;
  const auto& variables = model.variables();
  Choice choice(variables.size(), 0);
  for (const auto& variable : variables) {
    if (variable.options.empty()) return best;
  }
  for (bool is_done = false; !is_done;) {
    if (model.fits(choice, {})) {
      Decimal cost;
      for (std::size_t i = 0; i < choice.size(); ++i) {
        cost = *cost.plus(variables[i].options[choice[i]].cost);
      }
      const std::size_t cuts = model.cuts(choice);
      if (!best.is_feasible || cost < best.cost || (cost == best.cost && cuts < best.cuts)) {
        best = {true, cost, cuts, false};
      }
    }
    is_done = true;
    for (std::size_t i = 0; i < choice.size() && is_done; ++i) {
      if (++choice[i] < variables[i].options.size()) is_done = false;
      else choice[i] = 0;
    }
  }
  Choice greedy(variables.size(), kOpen);
  for (std::size_t i = 0; i < variables.size(); ++i) {
    for (std::size_t index = 0; index < variables[i].options.size(); ++index) {
      greedy[i] = index;
      if (model.fits(greedy, {})) break;
      greedy[i] = kOpen;
    }
    if (greedy[i] == kOpen) best.is_greedy_misled = true;
  }
  return best;
}

TEST(PlacementProperty, AgreesWithBruteForceWhereGreedyFails) {
  int problems = 0;
  int misled = 0;
  int infeasible = 0;
  for (std::uint64_t seed = 1; misled < 60 || problems < 500; ++seed) {
    ASSERT_LT(seed, 20000U);
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Case one = random_case(seed);
    PlacementRequest request;
    request.fragment = &one.fragment;
    for (std::size_t i = 0; i < one.catalogues.size(); ++i) {
      request.children.push_back({"c" + std::to_string(i), &one.catalogues[i]});
    }
    const PlacementModel model(request);
    const Best best = brute_force(model);
    const PlacementAnswer answer = place(request);
    ++problems;
    ASSERT_EQ(answer.placement.ok(), best.is_feasible);
    if (!best.is_feasible) {
      ++infeasible;
      EXPECT_FALSE(answer.placement.problem().constraint().name().empty());
      continue;
    }
    misled += best.is_greedy_misled;
    const auto year = total(answer.placement->price, 12);
    EXPECT_EQ(Decimal::parse(year->amount())->text(), best.cost.text());
    EXPECT_EQ(answer.placement->cut.size(), best.cuts);
    EXPECT_TRUE(answer.placement->optimal);
  }
  EXPECT_GT(problems - infeasible, 100);
  RecordProperty("problems", problems);
  RecordProperty("greedy-misled", misled);
}

}  // namespace
}  // namespace terrace
