#include "recursion/placement.h"

#include <algorithm>
#include <utility>

#include "recursion/fragment_view.h"
#include "recursion/placement_model.h"

namespace terrace {

namespace {

// What answers are compared by; smaller is better. Other objectives (latency, spread) join here.
struct Score {
  Decimal cost;
  std::size_t cuts = 0;

  bool operator<(const Score& other) const {
    if (cost != other.cost) return cost < other.cost;
    return cuts < other.cuts;
  }
};

Decimal plus(const Decimal& a, const Decimal& b) {
  const auto sum = a.plus(b);
  return sum ? *sum : a;
}

// Depth first, cheapest options first, fewest options first; a branch is left when a rule is
// broken, when a variable further on has no option left, or when even the cheapest rest is no
// better.
class Search {
 public:
  Search(const PlacementModel& model, std::set<Rule> relaxed, std::uint64_t budget)
      : model_(model), relaxed_(std::move(relaxed)), budget_(budget) {}

  // The best choice, or nothing.
  std::optional<Choice> run() {
    const auto& variables = model_.variables();
    for (std::size_t i = 0; i < variables.size(); ++i) order_.push_back(i);
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
    rest_.assign(order_.size() + 1, Decimal());
    for (std::size_t depth = order_.size(); depth-- > 0;) {
      const auto& options = variables[order_[depth]].options;
      rest_[depth] =
          options.empty() ? rest_[depth + 1] : plus(rest_[depth + 1], options.front().cost);
    }
    choice_.assign(variables.size(), kOpen);
    descend(0, Decimal());
    return best_;
  }

  bool is_exhausted() const { return nodes_ >= budget_; }

 private:
  // Twins stay together and in order: they lead one another.
  std::pair<std::size_t, std::size_t> rank(std::size_t variable) const {
    std::size_t leader = variable;
    while (model_.variables()[leader].twin) leader = *model_.variables()[leader].twin;
    return {model_.variables()[variable].options.size(), leader};
  }

  void descend(std::size_t depth, const Decimal& cost) {
    if (++nodes_ >= budget_) return;
    if (best_ && !(Score{plus(cost, rest_[depth]), model_.cuts(choice_)} < score_)) return;
    if (depth == order_.size()) {
      best_ = choice_;
      score_ = {cost, model_.cuts(choice_)};
      return;
    }
    const std::size_t variable = order_[depth];
    const auto& options = model_.variables()[variable].options;
    for (std::size_t index = first_of(variable); index < options.size(); ++index) {
      choice_[variable] = index;
      if (model_.fits(choice_, relaxed_) && leaves_room(depth + 1)) {
        descend(depth + 1, plus(cost, options[index].cost));
      }
      choice_[variable] = kOpen;
      if (is_exhausted()) return;
    }
  }

  // Instances of one profile are alike: only one order of their options is tried.
  std::size_t first_of(std::size_t variable) const {
    const auto& twin = model_.variables()[variable].twin;
    return twin && choice_[*twin] != kOpen ? choice_[*twin] : 0;
  }

  // Forward check.
  bool leaves_room(std::size_t depth) {
    for (; depth < order_.size(); ++depth) {
      const std::size_t variable = order_[depth];
      const auto& options = model_.variables()[variable].options;
      bool is_open = false;
      for (std::size_t index = first_of(variable); index < options.size() && !is_open; ++index) {
        choice_[variable] = index;
        is_open = model_.fits(choice_, relaxed_);
      }
      choice_[variable] = kOpen;
      if (!is_open) return false;
    }
    return true;
  }

  const PlacementModel& model_;
  const std::set<Rule> relaxed_;
  const std::uint64_t budget_;
  std::uint64_t nodes_ = 0;
  std::vector<std::size_t> order_;
  // The cheapest that the variables from a depth on can cost.
  std::vector<Decimal> rest_;
  Choice choice_;
  std::optional<Choice> best_;
  Score score_;
};

Placement placement_of(const PlacementModel& model, const Choice& choice) {
  Placement result;
  const auto& children = model.request().children;
  std::map<std::size_t, std::size_t> part_of;
  for (std::size_t i = 0; i < choice.size(); ++i) part_of[model.option(choice, i).child] = 0;
  for (auto& [child, part] : part_of) {
    part = result.part.size();
    result.part.push_back(children[child].name);
  }
  for (std::size_t i = 0; i < choice.size(); ++i) {
    const auto& variable = model.variables()[i];
    const auto& option = model.option(choice, i);
    const std::string& child = children[option.child].name;
    if (!variable.slot) {
      result.sap[variable.sapd_id] = {child, option.attachment_point->id()};
      result.assignment.sap[variable.sapd_id] = part_of[option.child];
      continue;
    }
    result.slot[*variable.slot] = {child, option.offer->id(), option.offer->terms_version(),
                                   option.offer->price()};
    result.assignment.slot[*variable.slot] = part_of[option.child];
    if (auto sum = add(result.price, option.offer->price())) result.price = *std::move(sum);
  }
  std::set<std::string> outside;
  for (const auto& sapd : model.request().fragment->nsd().sapd()) {
    if (is_cut_sap(sapd.id())) outside.insert(link_of_sap(*model.request().fragment, sapd));
  }
  for (const auto& link : model.links()) {
    std::set<std::size_t> parts;
    for (std::size_t i = 0; i < choice.size(); ++i) {
      const auto& links = model.variables()[i].links;
      if (std::find(links.begin(), links.end(), link) == links.end()) continue;
      parts.insert(model.option(choice, i).child);
    }
    if (parts.size() < 2 || outside.count(link) != 0) continue;
    if (auto stitching = model.stitching(choice, link)) result.cut[link] = *std::move(stitching);
  }
  return result;
}

// Why an option is not in the answer: what changes if it takes the place of the chosen one.
std::string why_not(const PlacementModel& model, const Choice& best, std::size_t variable,
                    std::size_t index) {
  Choice other = best;
  for (std::size_t i = 0; i < other.size(); ++i) {
    const auto& slot = model.variables()[i].slot;
    const bool is_same_profile =
        slot && slot->vnf_profile_id == model.variables()[variable].slot->vnf_profile_id;
    if (is_same_profile) other[i] = index;
  }
  const auto& option = model.variables()[variable].options[index];
  const auto& chosen = model.option(best, variable);
  if (const auto broken = model.broken(other, {})) return broken->what;
  if (option.cost != chosen.cost) {
    return "a year costs " + option.cost.text() + " instead of " + chosen.cost.text();
  }
  const std::size_t cuts = model.cuts(other);
  const std::size_t cuts_now = model.cuts(best);
  if (cuts > cuts_now) {
    return std::to_string(cuts) + " links cut instead of " + std::to_string(cuts_now);
  }
  return "as good, but listed later";
}

v1::Candidate candidate_for(const PlacementModel& model, const std::string& profile,
                            std::size_t child, const v1::Offer& offer) {
  v1::Candidate candidate;
  candidate.set_vnf_profile_id(profile);
  candidate.set_child(model.request().children[child].name);
  candidate.set_offer_id(offer.id());
  if (offer.has_price()) *candidate.mutable_price() = offer.price();
  return candidate;
}

std::vector<v1::Candidate> candidates_of(const PlacementModel& model,
                                         const std::optional<Choice>& best) {
  std::vector<v1::Candidate> result;
  const auto& variables = model.variables();
  for (std::size_t i = 0; i < variables.size(); ++i) {
    if (!variables[i].slot || variables[i].twin) continue;
    const std::string& profile = variables[i].slot->vnf_profile_id;
    for (std::size_t index = 0; index < variables[i].options.size(); ++index) {
      const auto& option = variables[i].options[index];
      auto candidate = candidate_for(model, profile, option.child, *option.offer);
      bool is_chosen = false;
      for (std::size_t j = i; best && j < variables.size(); ++j) {
        const bool is_same = variables[j].slot && variables[j].slot->vnf_profile_id == profile;
        if (is_same && (*best)[j] == index) is_chosen = true;
      }
      candidate.set_chosen(is_chosen);
      if (!best)
        candidate.set_reason("the service as a whole cannot be placed");
      else if (!is_chosen)
        candidate.set_reason(why_not(model, *best, i, index));
      result.push_back(std::move(candidate));
    }
  }
  for (const Unfit& unfit : model.unfit()) {
    auto candidate = candidate_for(model, unfit.vnf_profile_id, unfit.child, *unfit.offer);
    candidate.set_reason(unfit.reason);
    result.push_back(std::move(candidate));
  }
  return result;
}

std::string where(const v1::Location& location) {
  std::string text;
  for (const auto& part : {location.nfvi_node(), location.nfvi_pop(), location.zone(),
                           location.zone_group(), location.country_code()}) {
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

// A profile that no offer fits.
Problem no_offer(const PlacementModel& model, const std::string& profile) {
  std::set<std::string> constraints;
  std::set<std::string> places;
  for (const Unfit& unfit : model.unfit()) {
    if (unfit.vnf_profile_id != profile) continue;
    constraints.insert(unfit.constraint);
    if (!where(unfit.offer->location()).empty()) places.insert(where(unfit.offer->location()));
  }
  const bool has_room = constraints.count("capacity") == 0;
  const bool was_refused = constraints.count("refused") != 0;
  const std::string name = constraints.empty() ? "function" : *constraints.begin();
  const std::string actual =
      constraints.empty() ? "no offer of that function" : "no offer of that function keeps it";
  auto builder = make_problem(has_room && !was_refused ? Problem::FAILED_PRECONDITION
                                                       : Problem::RESOURCE_EXHAUSTED,
                              "placement.no-offer", "No offer fits the function " + profile + ".")
                     .at_path("nsd.df.vnf-profile[" + profile + "]")
                     .constraint(name, "an offer for profile " + profile, actual);
  if (constraints.count("location") == 0) return Problem(std::move(builder));
  std::string list;
  for (const auto& place : places) list += (list.empty() ? "" : "; ") + place;
  return Problem(std::move(builder).possible("The function is offered at: " + list + "."));
}

Problem no_attachment_point(const PlacementModel& model, const std::string& sapd_id) {
  const auto* data = sap_data_of(*model.request().fragment, sapd_id);
  const std::string named = data == nullptr ? "" : data->attachment_point_id();
  return make_problem(Problem::FAILED_PRECONDITION, "placement.no-attachment-point",
                      "The SAP " + sapd_id + " finds no attachment point.")
      .at_path("params.sap-data[" + sapd_id + "]")
      .constraint("attachment-point", named.empty() ? "one that is free" : named,
                  named.empty() ? "all are in use" : "not offered, or in use")
      .possible("Name an attachment point that is free, or leave it open.");
}

std::string profiles_of(const PlacementModel& model) {
  std::string list;
  for (const auto& variable : model.variables()) {
    if (!variable.slot || variable.twin) continue;
    list += (list.empty() ? "" : ", ") + variable.slot->vnf_profile_id;
  }
  return list;
}

// Each part of it could be placed, the whole cannot: the first rule without which it could names
// the constraint.
Problem unsatisfiable(const PlacementModel& model, std::uint64_t budget) {
  struct Relaxation {
    Rule rule;
    Problem::Code code;
    const char* type;
    const char* constraint;
    const char* possible;
  };
  static constexpr Relaxation kRelaxations[] = {
      {Rule::kCapacity, Problem::RESOURCE_EXHAUSTED, "placement.no-offer", "capacity",
       "With more capacity, or fewer instances, it could be placed."},
      {Rule::kLinks, Problem::FAILED_PRECONDITION, "placement.no-stitching", "common-underlay",
       "With its links on one underlay, or a smaller MTU, it could be placed."},
      {Rule::kAffinity, Problem::FAILED_PRECONDITION, "placement.unsatisfiable", "affinity",
       "Without its affinity rules it could be placed."},
      {Rule::kRefusals, Problem::RESOURCE_EXHAUSTED, "placement.no-offer", "refused",
       "What would have done was refused just now; try again later."},
      {Rule::kCurrency, Problem::FAILED_PRECONDITION, "placement.unsatisfiable", "currency",
       "With prices in one currency it could be placed."},
  };
  for (const auto& relaxation : kRelaxations) {
    if (!Search(model, {relaxation.rule}, budget).run()) continue;
    return make_problem(
               relaxation.code, relaxation.type,
               "The functions " + profiles_of(model) + " can each be placed, but not together.")
        .constraint(relaxation.constraint, "kept by all of them at once", "no combination does")
        .possible(relaxation.possible);
  }
  return make_problem(
             Problem::FAILED_PRECONDITION, "placement.unsatisfiable",
             "The functions " + profiles_of(model) + " can each be placed, but not together.")
      .constraint("all", "links, capacity and affinity at once", "no combination does");
}

Problem reason(const PlacementModel& model, bool is_exhausted) {
  for (const auto& variable : model.variables()) {
    if (!variable.options.empty()) continue;
    return variable.slot ? no_offer(model, variable.slot->vnf_profile_id)
                         : no_attachment_point(model, variable.sapd_id);
  }
  if (is_exhausted) {
    return make_problem(Problem::RESOURCE_EXHAUSTED, "placement.no-offer",
                        "No way to place the service was found within the search's budget.")
        .constraint("search-budget", std::to_string(model.request().budget), "used up")
        .possible("Say more in the order: locations, attachment points, affinity.");
  }
  // Explaining may cost less than searching did.
  return unsatisfiable(model, model.request().budget / 10 + 1);
}

}  // namespace

PlacementAnswer place(const PlacementRequest& request) {
  const PlacementModel model(request);
  Search search(model, {}, request.budget);
  const auto best = search.run();
  auto candidates = candidates_of(model, best);
  if (!best) return {reason(model, search.is_exhausted()), std::move(candidates)};
  Placement placement = placement_of(model, *best);
  placement.optimal = !search.is_exhausted();
  return {std::move(placement), std::move(candidates)};
}

}  // namespace terrace
