#include "recursion/logged.h"

#include <utility>

namespace terrace {
namespace {

std::string milliseconds(Duration duration) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  std::string fraction = std::to_string(micros % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(micros / 1000) + "." + fraction;
}

}  // namespace

Logged::Logged(Platform& next, const Clock& clock, PlatformId self, Log log)
    : next_(next), clock_(clock), self_(std::move(self)), log_(std::move(log)) {}

// A root order is its own root, and every path ends here.
Log Logged::line(const Call& call, const std::string& hold_id) const {
  Call named = call;
  if (named.context.root_operation_id().empty()) named.context.set_root_operation_id(hold_id);
  named.context.add_platform_path(self_.str());
  return log_.with(named).with("hold", hold_id);
}

Reply<v1::Hold> Logged::told(const char* verb, const Call& call, const std::string& hold_id,
                             Reply<v1::Hold> reply) const {
  return [log = line(call, hold_id), verb, begun = clock_.now(), &clock = clock_,
          reply = std::move(reply)](Result<v1::Hold> result) {
    const std::string took = milliseconds(clock.now() - begun);
    if (!result) {
      log.warning(verb, {{"refused", result.problem().type()},
                         {"why", describe(result.problem())},
                         {"ms", took}});
    } else {
      log.info(verb, {{"state", v1::Hold::State_Name(result->state())},
                      {"why", result->has_error() ? describe(result->error()) : ""},
                      {"ms", took}});
    }
    reply(std::move(result));
  };
}

std::unique_ptr<Subscription> Logged::publish(CatalogueSink sink) {
  return next_.publish([log = log_, sink = std::move(sink)](Result<v1::CatalogueEvent> event) {
    if (!event) {
      log.warning("catalogue",
                  {{"unheard", event.problem().type()}, {"why", describe(event.problem())}});
    } else if (event->type() == v1::CatalogueEvent::SNAPSHOT) {
      log.info("catalogue", {{"revision", std::to_string(event->snapshot().revision())},
                             {"offers", std::to_string(event->snapshot().offer_size())}});
    }
    sink(std::move(event));
  });
}

void Logged::hold(const Call& call, const v1::PlaceHoldRequest& request, Reply<v1::Hold> reply) {
  next_.hold(call, request,
             told(request.dry() ? "plan" : "hold", call, request.hold_id(), std::move(reply)));
}

void Logged::commit(const Call& call, const v1::CommitHoldRequest& request, Reply<v1::Hold> reply) {
  next_.commit(call, request, told("commit", call, request.hold_id(), std::move(reply)));
}

void Logged::release(const Call& call, const v1::ReleaseHoldRequest& request,
                     Reply<v1::Hold> reply) {
  next_.release(call, request, told("release", call, request.hold_id(), std::move(reply)));
}

void Logged::probe(const Call& call, const v1::ProbeRequest& request,
                   Reply<v1::ProbeResult> reply) {
  auto log = line(call, request.hold_id());
  next_.probe(call, request,
              [log = std::move(log), to = request.destination(),
               reply = std::move(reply)](Result<v1::ProbeResult> result) {
                log.info("probe",
                         {{"to", to},
                          {"verdict", result ? v1::ProbeResult::Verdict_Name(result->verdict())
                                             : describe(result.problem())},
                          {"detail", result ? result->detail() : ""}});
                reply(std::move(result));
              });
}

std::unique_ptr<Subscription> Logged::observe(const Call& call, ObserveSink sink) {
  return next_.observe(call, std::move(sink));
}

}  // namespace terrace
