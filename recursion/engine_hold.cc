#include "recursion/engine_hold.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/ids.h"
#include "base/time.h"
#include "recursion/composition.h"
#include "recursion/envelope.h"

namespace terrace {
namespace {

// The namespace of attempts' ids (R5).
constexpr char kAttemptNamespace[] = "7a0c1f5d-30a4-5b8e-b1d7-8d2e6a4f9c02";

int rounds(const Schedule& schedule) {
  return static_cast<int>(std::count_if(schedule.begin(), schedule.end(), [](const auto& task) {
    return task_kind(task) == "place";
  }));
}

std::uint64_t seed_of(const std::string& text) {
  return std::stoull(sha256_hex(text).substr(7, 15), nullptr, 16);
}

std::uint32_t id_of(const v1::Stitching& stitching) {
  return stitching.wan_segment_ids().wan_segment_id_value();
}

bool same_request(v1::PlaceHoldRequest a, v1::PlaceHoldRequest b) {
  a.clear_hold_id();
  b.clear_hold_id();
  return a.SerializeAsString() == b.SerializeAsString();
}

Problem cancelled() {
  return problem(Problem::CANCELLED, "hold.released", "Released while it was being placed.");
}

// To the one above this is a refusal like any other: he is to try his next best.
Problem unreachable() {
  return make_problem(Problem::RESOURCE_EXHAUSTED, "placement.unreachable",
                      "What this order needs is offered, but cannot be reached just now.")
      .possible("Order again later, or order it elsewhere.");
}

}  // namespace

HoldWork::HoldWork(EngineCore& core, std::shared_ptr<HoldEntry> entry,
                   std::function<void(Status)> done)
    : core_(core), entry_(std::move(entry)), done_(std::move(done)) {}

void HoldWork::start() {
  auto& schedule = *delegation().mutable_schedule();
  if (schedule.empty()) add_task(schedule, "place");
  for (const auto* const part : active_parts(record()))
    core_.want(part->child(), part->request().hold_id());
  TaskRunner::run(
      schedule, core_.clock(),
      [self = shared_from_this()](const v1::Task& task, Done done) {
        self->perform(task, std::move(done));
      },
      [self = shared_from_this()] {
        *self->record().mutable_hold()->mutable_task() = self->delegation().schedule();
        self->entry_->show();
      },
      [self = shared_from_this()](Status status) { self->finished(std::move(status)); });
}

void HoldWork::perform(const v1::Task& task, Done done) {
  const std::string kind = task_kind(task);
  if (kind == "place") return place_round(std::move(done));
  if (kind == "hold") return hold_part(task_object(task), std::move(done));
  if (kind == "verify") return verify(std::move(done));
  done(problem(Problem::UNIMPLEMENTED, "task.unknown", "No task of that kind: " + kind));
}

// --- place ---

void HoldWork::place_round(Done done) {
  if (entry_->release_wanted()) return done(cancelled());
  if (Status current = check_terms(); !current) return done(std::move(current));
  Placement placement;
  if (Status planned = plan(placement); !planned) return done(std::move(planned));
  entry_->save([self = shared_from_this(), done = std::move(done)](Status saved) {
    // Only now is anything sent (R5, R9); what is no longer wanted goes first.
    if (saved)
      for (auto& part : *self->delegation().mutable_part())
        if (part.state() == DelegatedPart::OWED)
          self->core_.release_part(self->entry_, part.name(), [] {});
    done(std::move(saved));
  });
}

// R21: the order names the terms it relies on.
Status HoldWork::check_terms() const {
  for (const auto& terms : record().request().terms()) {
    const auto* const offer = core_.published(terms.offer_id());
    if (offer != nullptr && offer->terms_version() == terms.terms_version()) continue;
    return make_problem(Problem::FAILED_PRECONDITION, "terms.stale",
                        offer == nullptr ? "The offer is no longer there."
                                         : "The offer's terms have changed.")
        .at_path("terms: " + terms.offer_id())
        .constraint("terms-version", offer == nullptr ? "none" : offer->terms_version(),
                    terms.terms_version())
        .possible("Look at the current catalogue and order again.");
  }
  return {};
}

// Chooses children, cuts, stitches and divides; leaves the new parts in the record.
Status HoldWork::plan(Placement& placement) {
  const auto& hold = record().hold();
  PlacementRequest request;
  request.fragment = &hold.fragment();
  request.children = core_.views();
  request.refusals = {delegation().refusal().begin(), delegation().refusal().end()};
  request.envelope = &hold.envelope();
  auto answer = place(request);
  auto& candidates = *record().mutable_hold()->mutable_candidate();
  candidates.Clear();
  if (entry_->dry())
    for (auto& candidate : answer.candidates) *candidates.Add() = std::move(candidate);
  // What a child said is more to the point than that nothing is left.
  if (!answer.placement && !last_refusal_.what().empty()) return last_refusal_;
  if (!answer.placement) return answer.placement.problem();
  placement = *std::move(answer.placement);

  auto division = divide(hold.fragment(), placement.assignment);
  if (!division) return division.problem();
  std::vector<StitchedLink> stitched;
  core_.segments().give_back(delegation().cut());
  Status chosen = stitch(placement, stitched);
  core_.segments().take(delegation().cut());
  if (!chosen) return chosen;
  auto envelopes = split_envelope(hold.envelope(), hold.fragment(), *division, stitched);
  if (!envelopes) return envelopes.problem();

  std::vector<v1::PlaceHoldRequest> requests;
  for (std::size_t i = 0; i < division->part.size(); ++i) {
    requests.push_back(request_for(placement, division->part[i]));
    *requests.back().mutable_envelope() = (*envelopes)[i];
  }
  hand_over(std::move(requests), placement.part);
  for (auto& part : *delegation().mutable_part()) {
    part.clear_choice();
    for (const auto& slot : part.request().fragment().slot()) {
      auto& choice = *part.add_choice();
      choice.set_vnf_profile_id(slot.vnf_profile_id());
      choice.set_index(slot.index());
      const auto it = placement.slot.find({slot.vnf_profile_id(), slot.index()});
      if (it != placement.slot.end()) choice.set_offer_id(it->second.offer_id);
    }
  }
  return {};
}

// R16: kind, id and MTU of each link we cut, fixed before anybody is asked. A link keeps the id it
// has while that is possible, so that parts which did not change can stay.
Status HoldWork::stitch(const Placement& placement, std::vector<StitchedLink>& links) {
  const auto former = delegation().cut();
  delegation().clear_cut();
  for (const auto& [link_id, choice] : placement.cut) {
    const auto& avoid = taken_[choice.underlay];
    const auto known = std::find_if(former.begin(), former.end(), [&id = link_id](const auto& cut) {
      return cut.link_id() == id;
    });
    std::optional<std::uint32_t> id;
    if (known != former.end() && known->stitching().underlay() == choice.underlay &&
        !avoid.contains(id_of(known->stitching())))
      id = core_.segments().choose(choice.underlay, choice.segment_ids, avoid, 0)
               ? std::optional(id_of(known->stitching()))
               : std::nullopt;
    if (!id)
      id = core_.segments().choose(
          choice.underlay, choice.segment_ids, avoid,
          seed_of(core_.config().platform_id.str() + record().hold().id() + link_id));
    if (!id)
      return make_problem(Problem::RESOURCE_EXHAUSTED, "segment.exhausted",
                          "No segment id is left for a link between two parts.")
          .at_path("virtual-link-profile: " + link_id)
          .constraint("segment-id", "one that is free on both sides", "none");
    auto& cut = *delegation().add_cut();
    cut.set_link_id(link_id);
    cut.set_mtu(choice.mtu);
    cut.mutable_stitching()->set_underlay(choice.underlay);
    cut.mutable_stitching()->set_encapsulation_type(choice.encapsulation);
    cut.mutable_stitching()->mutable_wan_segment_ids()->set_wan_segment_id_value(*id);
    links.push_back({link_id, cut.stitching(), choice.mtu});
    // Two cuts of one order must not get the same id either.
    taken_[choice.underlay].insert(*id);
  }
  for (const auto& cut : delegation().cut())
    taken_[cut.stitching().underlay()].erase(id_of(cut.stitching()));
  return {};
}

v1::PlaceHoldRequest HoldWork::request_for(const Placement& placement,
                                           v1::Fragment fragment) const {
  v1::PlaceHoldRequest request;
  request.set_dry(entry_->dry());
  std::set<std::string> offers;
  for (const auto& slot : fragment.slot()) {
    const auto it = placement.slot.find({slot.vnf_profile_id(), slot.index()});
    if (it == placement.slot.end() || !offers.insert(it->second.offer_id).second) continue;
    auto& terms = *request.add_terms();
    terms.set_offer_id(it->second.offer_id);
    terms.set_terms_version(it->second.terms_version);
  }
  *request.mutable_fragment() = std::move(fragment);
  return request;
}

// Keeps the parts that are as they were, gives up the others, and records an attempt for each that
// is new, with the tasks to hold it.
void HoldWork::hand_over(std::vector<v1::PlaceHoldRequest> requests,
                         const std::vector<std::string>& children) {
  std::set<std::string> kept;
  std::vector<std::size_t> fresh;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto active = active_parts(record());
    const auto same = std::find_if(active.begin(), active.end(), [&](const auto* part) {
      return part->state() == DelegatedPart::HELD && part->child() == children[i] &&
             !kept.contains(part->name()) && same_request(part->request(), requests[i]);
    });
    if (same == active.end()) {
      fresh.push_back(i);
    } else {
      kept.insert((*same)->name());
    }
  }
  for (auto* const part : active_parts(record()))
    if (!kept.contains(part->name())) give_up(*part);

  auto& schedule = *delegation().mutable_schedule();
  const int round = rounds(schedule);
  const std::string suffix = round == 1 ? "" : " " + std::to_string(round);
  std::vector<std::string> holds;
  for (const std::size_t i : fresh) {
    auto& part = new_part(children[i], std::move(requests[i]));
    holds.push_back("hold " + part.name());
    add_task(schedule, holds.back(), {"place" + suffix});
  }
  holds.push_back("place" + suffix);
  add_task(schedule, "verify" + suffix, std::move(holds));
}

// R5: a new attempt of a fragment; it names the earlier ones at this child (R8).
DelegatedPart& HoldWork::new_part(const std::string& child, v1::PlaceHoldRequest request) {
  const auto attempt = delegation().attempt() + 1;
  delegation().set_attempt(attempt);
  const auto& hold = record().hold();
  DelegatedPart part;
  part.set_name("part-" + std::to_string(attempt));
  part.set_child(child);
  part.set_state(DelegatedPart::SENT);
  request.set_hold_id(uuid_v5(kAttemptNamespace, core_.config().platform_id.str() + "/" +
                                                     hold.tenant() + "/" + hold.id() + "/" +
                                                     part.name()));
  *part.mutable_request() = std::move(request);
  part.set_not_after_us(to_micros(core_.clock().now() + 2 * core_.config().hold_patience +
                                  core_.config().patience.call_timeout));
  for (const auto& earlier : delegation().part())
    if (earlier.child() == child && earlier.state() == DelegatedPart::OWED)
      part.add_replaces(earlier.request().hold_id());
  if (!entry_->dry()) core_.want(child, part.request().hold_id());
  return *delegation().add_part() = std::move(part);
}

void HoldWork::give_up(DelegatedPart& part) {
  core_.unwant(part.child(), part.request().hold_id());
  part.set_state(entry_->dry() ? DelegatedPart::RELEASED : DelegatedPart::OWED);
}

// --- hold ---

void HoldWork::hold_part(const std::string& name, Done done) {
  DelegatedPart* const part = find_part(record(), name);
  Platform* const child = part == nullptr ? nullptr : core_.child(part->child());
  // Held before a restart, or its child is no longer configured.
  if (part == nullptr || part->state() != DelegatedPart::SENT) return done({});
  if (child == nullptr) {
    refused(*part, problem(Problem::UNAVAILABLE, "child.gone", "A platform below is gone."));
    return done({});
  }
  const Duration patience = core_.hold_patience(*entry_);
  Instant give_up = core_.clock().now() + patience;
  if (const auto deadline = entry_->deadline()) give_up = std::min(give_up, *deadline);
  core_.calls().hold(
      *child, core_.call(*entry_, *part, Step::kMake), part->request(), patience / 3, give_up,
      [self = shared_from_this(), name, done = std::move(done)](Result<v1::Hold> answer) {
        self->held(name, std::move(answer));
        // A refusal is not the end: verify makes another round.
        done({});
      });
}

void HoldWork::held(const std::string& name, Result<v1::Hold> answer) {
  DelegatedPart* const part = find_part(record(), name);
  if (part == nullptr || part->state() != DelegatedPart::SENT) return;
  if (!answer) return refused(*part, answer.problem());
  if (answer->state() == v1::Hold::HELD) {
    part->set_state(DelegatedPart::HELD);
    *part->mutable_proof() = answer->proof();
    return;
  }
  // A replay of an attempt that has ended meanwhile: the next round makes a new one.
  core_.unwant(part->child(), part->request().hold_id());
  part->set_state(DelegatedPart::OWED);
  complete_ = false;
}

void HoldWork::refused(DelegatedPart& part, const Problem& problem) {
  for (auto& task : *delegation().mutable_schedule())
    if (task.name() == "hold " + part.name()) task.set_detail("refused: " + problem.what());
  const bool raised = problem.has_epoch_seen();
  if (raised) core_.outrank(problem.epoch_seen());
  const bool retaken = segment_taken(part, problem);
  // Unknown, or held and then found wanting: a release is owed. Refused: there is nothing.
  const bool nothing_there =
      !outcome_unknown(problem) && problem.type() != "proof.outside-envelope" && !raised;
  give_up(part);
  if (nothing_there) part.set_state(DelegatedPart::RELEASED);
  complete_ = false;
  if (raised || retaken) return;
  last_refusal_ = outcome_unknown(problem) ? unreachable() : restated(problem);
  auto& refusal = *delegation().add_refusal();
  refusal.set_child(part.child());
  *refusal.mutable_problem() = problem;
  // One that does not answer gets nothing of this order; one that refused may get less.
  if (outcome_unknown(problem)) return;
  std::set<std::string> profiles;
  for (const auto& slot : part.request().fragment().slot()) profiles.insert(slot.vnf_profile_id());
  for (const auto& profile : profiles) refusal.add_vnf_profile_id(profile);
}

// R16: "taken" is answered with free ranges and makes a new attempt, where the id was our choice.
bool HoldWork::segment_taken(const DelegatedPart& part, const Problem& problem) {
  if (problem.type() != "segment.taken") return false;
  const auto is_free = [&](std::uint32_t id) {
    const auto& free = problem.free_segments();
    return std::any_of(free.begin(), free.end(), [&](const auto& range) {
      return range.first() <= id && id <= range.last();
    });
  };
  bool ours = false;
  for (const auto& link : part.request().envelope().link()) {
    if (!link.has_stitching() || is_free(id_of(link.stitching()))) continue;
    const auto& cuts = delegation().cut();
    const bool cut_here = std::any_of(
        cuts.begin(), cuts.end(), [&](const auto& cut) { return cut.link_id() == link.link_id(); });
    if (!cut_here) {
      hopeless_ = true;
      last_refusal_ = restated(problem);
      return false;
    }
    ours = true;
    taken_[link.stitching().underlay()].insert(id_of(link.stitching()));
  }
  return ours;
}

// --- verify ---

void HoldWork::verify(Done done) {
  if (entry_->release_wanted()) return done(cancelled());
  const auto parts = active_parts(record());
  std::size_t slots = 0;
  bool all_held = complete_ && !parts.empty();
  for (const auto* const part : parts) {
    all_held = all_held && part->state() == DelegatedPart::HELD;
    slots += static_cast<std::size_t>(part->request().fragment().slot_size());
  }
  all_held = all_held && slots >= static_cast<std::size_t>(record().hold().fragment().slot_size());
  if (!all_held) {
    auto& schedule = *delegation().mutable_schedule();
    const int round = rounds(schedule);
    if (hopeless_ || round >= core_.config().max_rounds) return done(last_refusal_);
    complete_ = true;
    add_task(schedule, "place " + std::to_string(round + 1));
    return done({});
  }
  auto composition = compose(record());
  if (!composition) return done(composition.problem());
  auto proof = composed_proof(record(), *composition, core_);
  if (!proof) return done(proof.problem());
  *record().mutable_hold()->mutable_proof() = *std::move(proof);
  done({});
}

void HoldWork::finished(Status status) {
  if (!status) {
    for (auto* const part : active_parts(record())) give_up(*part);
    core_.segments().give_back(delegation().cut());
    delegation().clear_cut();
  } else if (entry_->dry()) {
    core_.segments().give_back(delegation().cut());
  }
  // Later phases have schedules of their own.
  done_(std::move(status));
}

}  // namespace terrace
