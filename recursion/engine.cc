#include "recursion/engine.h"

#include <algorithm>
#include <utility>

#include "recursion/engine_commit.h"
#include "recursion/engine_core.h"
#include "recursion/engine_hold.h"
#include "recursion/task_runner.h"

namespace terrace {

Engine::Engine(EngineConfig config, Republishing republishing, std::string incarnation,
               Executor& executor, const Clock& clock)
    : core_(std::make_unique<EngineCore>(std::move(config), std::move(republishing),
                                         std::move(incarnation), executor, clock)) {}

Engine::~Engine() = default;

void Engine::add_child(const std::string& name, Platform& platform, const std::string& kind,
                       const std::string& address) {
  core_->add_child(name, platform, kind, address);
}

void Engine::restore_catalogue(const v1::Catalogue& catalogue) {
  core_->publisher().restore(catalogue);
}

void Engine::on_catalogue(std::function<void(const v1::Catalogue&)> keep) {
  core_->keep_catalogue = std::move(keep);
}

void Engine::start() {
  core_->start();
}

void Engine::restore(const record::v1::HoldRecord& record) {
  core_->segments().take(record.delegation().cut());
  for (const auto& part : record.delegation().part())
    if (part.state() != DelegatedPart::OWED && part.state() != DelegatedPart::RELEASED)
      core_->want(part.child(), part.request().hold_id());
}

void Engine::hold(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) {
  std::make_shared<HoldWork>(*core_, std::move(entry), std::move(done))->start();
}

void Engine::commit(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) {
  std::make_shared<CommitWork>(*core_, std::move(entry), std::move(done))->start();
}

// Every part that may be there, however far it got, in parallel; done when every child has
// confirmed (R11). The book recorded the intention before; a restart begins anew.
void Engine::release(std::shared_ptr<HoldEntry> entry, std::function<void(Status)> done) {
  auto& record = entry->record();
  auto& schedule = *record.mutable_delegation()->mutable_schedule();
  // What failed is undone in sight of it; what was complete is taken down by an operation of its
  // own.
  if (!record.has_failure() && !record.hold().has_error()) schedule.Clear();
  for (auto& task : schedule)
    if (task.state() == v1::Task::PENDING || task.state() == v1::Task::RUNNING)
      task.set_state(v1::Task::UNDONE);
  for (auto& part : *record.mutable_delegation()->mutable_part()) {
    if (part.state() == DelegatedPart::RELEASED) continue;
    part.set_state(DelegatedPart::OWED);
    add_task(schedule, "release " + part.name());
  }
  TaskRunner::run(
      schedule, core_->clock(),
      [core = core_.get(), entry](const v1::Task& task, TaskRunner::Done task_done) {
        core->release_part(entry, task_object(task),
                           [task_done = std::move(task_done)] { task_done({}); });
      },
      [entry] {
        *entry->record().mutable_hold()->mutable_task() = entry->record().delegation().schedule();
        entry->show();
      },
      [core = core_.get(), entry, done = std::move(done)](Status status) {
        core->segments().give_back(entry->record().delegation().cut());
        entry->record().mutable_delegation()->clear_cut();
        done(std::move(status));
      });
}

// Handed on to the part that has the SAP.
void Engine::probe(const HoldEntry& entry, const Call& call, const v1::ProbeRequest& request,
                   Reply<v1::ProbeResult> reply) {
  for (const auto& part : entry.record().delegation().part()) {
    const bool active =
        part.state() != DelegatedPart::OWED && part.state() != DelegatedPart::RELEASED;
    const auto& saps = part.proof().sap();
    const auto sap = std::find_if(saps.begin(), saps.end(), [&](const auto& candidate) {
      return candidate.sapd_id() == request.sapd_id();
    });
    Platform* const child = core_->child(part.child());
    if (!active || sap == saps.end() || child == nullptr) continue;
    v1::ProbeRequest below = request;
    below.set_hold_id(part.request().hold_id());
    Call handed_on = core_->call(entry, part, Step::kMake);
    handed_on.deadline = call.deadline;
    return child->probe(handed_on, below, std::move(reply));
  }
  Problem problem =
      make_problem(Problem::NOT_FOUND, "probe.no-sap", "No part of this instance has such a SAP.")
          .at_path("sapd: " + request.sapd_id());
  core_->executor().post(
      [reply = std::move(reply), problem = std::move(problem)] { reply(problem); });
}

namespace {

// The publisher's subscription as a platform's.
class Published final : public Subscription {
 public:
  explicit Published(std::unique_ptr<CataloguePublisher::Subscription> inner)
      : inner_(std::move(inner)) {}

 private:
  std::unique_ptr<CataloguePublisher::Subscription> inner_;
};

}  // namespace

std::unique_ptr<Subscription> Engine::publish(Platform::CatalogueSink sink) {
  auto subscribed = core_->publisher().subscribe(
      {}, [sink = std::move(sink)](const v1::CatalogueEvent& event) { sink(event); });
  // Without a resume token nothing can be out of range.
  return std::make_unique<Published>(std::move(subscribed).value());
}

std::vector<v1::ChildStatus> Engine::children() const {
  return core_->children();
}

std::size_t Engine::strays() const {
  return core_->strays();
}

}  // namespace terrace
