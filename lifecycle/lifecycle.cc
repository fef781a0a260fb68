#include "lifecycle/lifecycle.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "base/time.h"
#include "catalog/catalogue_diff.h"
#include "lifecycle/filter.h"
#include "lifecycle/records.h"
#include "lifecycle/store_watch.h"

namespace terrace {

Lifecycle::Lifecycle(LifecycleConfig config, Platform& platform, const HoldBook& book, Admin& admin,
                     Store& store, Executor& executor, const Clock& clock, Random& random)
    : config_(std::move(config)),
      platform_(platform),
      book_(book),
      admin_(admin),
      store_(store),
      executor_(executor),
      clock_(clock),
      random_(random),
      descriptors_(config_.limits, store, executor, clock),
      instances_(descriptors_, store, executor, clock, random),
      operations_(platform, book, descriptors_, instances_, store, executor, clock, random),
      catalogue_(executor, uuid_v4(random)),
      started_(clock.now()) {}

Lifecycle::~Lifecycle() = default;

Status Lifecycle::load() {
  if (Status status = descriptors_.load(); !status) return status;
  if (Status status = instances_.load(); !status) return status;
  return operations_.load();
}

void Lifecycle::resume() {
  published_ = platform_.publish([this](Result<v1::CatalogueEvent> event) {
    if (event) hear(*event);
  });
  operations_.resume();
}

void Lifecycle::hear(const v1::CatalogueEvent& event) {
  if (event.type() == v1::CatalogueEvent::SNAPSHOT) {
    heard_ = event.snapshot();
    // Revisions go on from where the platform was before a restart.
    if (catalogue_.current().revision() == 0 && heard_.revision() > 0) {
      v1::Catalogue before;
      before.set_revision(heard_.revision() - 1);
      catalogue_.restore(std::move(before));
    }
  } else if (event.type() == v1::CatalogueEvent::DELTA) {
    auto applied = apply(heard_, event.delta());
    if (!applied) return;
    heard_ = *std::move(applied);
  } else {
    return;
  }
  catalogue_.publish(heard_);
}

template <class R>
void Lifecycle::later(Reply<R> reply, Result<R> result) {
  executor_.post([reply = std::move(reply), result = std::move(result)] { reply(result); });
}

// --- descriptors ---

void Lifecycle::onboard_nsd(const Call& call, const v1::OnboardNsdRequest& request,
                            Reply<v1::NsdInfo> reply) {
  descriptors_.onboard_nsd(tenant_of(call), request, std::move(reply));
}

void Lifecycle::get_nsd(const Call& call, const v1::GetNsdRequest& request,
                        Reply<v1::GetNsdResponse> reply) {
  auto found = descriptors_.nsd(tenant_of(call), request.id());
  if (found) found->mutable_info()->set_in_use(instances_.uses(tenant_of(call), found->nsd().id()));
  later(std::move(reply), std::move(found));
}

void Lifecycle::list_nsds(const Call& call, const v1::ListNsdsRequest& request,
                          Reply<v1::ListNsdsResponse> reply) {
  auto listed = descriptors_.list_nsds(tenant_of(call), request.page());
  if (listed)
    for (auto& info : *listed->mutable_nsd())
      info.set_in_use(instances_.uses(tenant_of(call), info.nsd_id()));
  later(std::move(reply), std::move(listed));
}

void Lifecycle::delete_nsd(const Call& call, const v1::DeleteNsdRequest& request,
                           Reply<Empty> reply) {
  const std::string tenant = tenant_of(call);
  descriptors_.delete_nsd(tenant, request.id(), instances_.uses(tenant, request.id()),
                          std::move(reply));
}

void Lifecycle::onboard_vnf_package(const Call& call, const v1::OnboardVnfPackageRequest& request,
                                    Reply<v1::VnfPkgInfo> reply) {
  descriptors_.onboard_vnf_package(tenant_of(call), request, std::move(reply));
}

void Lifecycle::get_vnf_package(const Call& call, const v1::GetVnfPackageRequest& request,
                                Reply<v1::GetVnfPackageResponse> reply) {
  later(std::move(reply), descriptors_.vnf_package(tenant_of(call), request.id()));
}

void Lifecycle::list_vnf_packages(const Call& call, const v1::ListVnfPackagesRequest& request,
                                  Reply<v1::ListVnfPackagesResponse> reply) {
  later(std::move(reply), descriptors_.list_vnf_packages(tenant_of(call), request.page()));
}

void Lifecycle::delete_vnf_package(const Call& call, const v1::DeleteVnfPackageRequest& request,
                                   Reply<Empty> reply) {
  descriptors_.delete_vnf_package(tenant_of(call), request.id(), std::move(reply));
}

// --- instances and operations ---

void Lifecycle::create_ns(const Call& call, const v1::CreateNsRequest& request,
                          Reply<v1::NsInstance> reply) {
  instances_.create(tenant_of(call), request, std::move(reply));
}

void Lifecycle::instantiate_ns(const Call& call, const v1::InstantiateRequest& request,
                               Reply<v1::NsLcmOpOcc> reply) {
  operations_.instantiate(call, request, std::move(reply));
}

void Lifecycle::terminate_ns(const Call& call, const v1::TerminateRequest& request,
                             Reply<v1::NsLcmOpOcc> reply) {
  operations_.terminate(call, request, std::move(reply));
}

void Lifecycle::delete_ns(const Call& call, const v1::DeleteNsRequest& request,
                          Reply<Empty> reply) {
  instances_.remove(tenant_of(call), request.ns_instance_id(), std::move(reply));
}

void Lifecycle::get_ns(const Call& call, const v1::GetNsRequest& request,
                       Reply<v1::NsInstance> reply) {
  later(std::move(reply), instances_.get(tenant_of(call), request.ns_instance_id()));
}

void Lifecycle::list_ns(const Call& call, const v1::ListNsRequest& request,
                        Reply<v1::ListNsResponse> reply) {
  later(std::move(reply), instances_.list(tenant_of(call), request.page()));
}

void Lifecycle::unimplemented(const char* what, Reply<v1::NsLcmOpOcc> reply) {
  later<v1::NsLcmOpOcc>(std::move(reply),
                        make_problem(Problem::UNIMPLEMENTED, "operation.unimplemented",
                                     std::string(what) + " is not offered by this version.")
                            .constraint("operation", "INSTANTIATE, TERMINATE", what)
                            .possible("Terminate the instance and instantiate a new one."));
}

void Lifecycle::scale_ns(const Call&, const v1::ScaleRequest&, Reply<v1::NsLcmOpOcc> reply) {
  unimplemented("SCALE", std::move(reply));
}

void Lifecycle::update_ns(const Call&, const v1::UpdateRequest&, Reply<v1::NsLcmOpOcc> reply) {
  unimplemented("UPDATE", std::move(reply));
}

void Lifecycle::heal_ns(const Call&, const v1::HealRequest&, Reply<v1::NsLcmOpOcc> reply) {
  unimplemented("HEAL", std::move(reply));
}

void Lifecycle::retry_ns_lcm_op_occ(const Call&, const v1::OperationVerbRequest&,
                                    Reply<v1::NsLcmOpOcc> reply) {
  unimplemented("retry", std::move(reply));
}

void Lifecycle::rollback_ns_lcm_op_occ(const Call&, const v1::OperationVerbRequest&,
                                       Reply<v1::NsLcmOpOcc> reply) {
  unimplemented("rollback", std::move(reply));
}

void Lifecycle::continue_ns_lcm_op_occ(const Call&, const v1::OperationVerbRequest&,
                                       Reply<v1::NsLcmOpOcc> reply) {
  unimplemented("continue", std::move(reply));
}

void Lifecycle::fail_ns_lcm_op_occ(const Call&, const v1::OperationVerbRequest&,
                                   Reply<v1::NsLcmOpOcc> reply) {
  unimplemented("fail", std::move(reply));
}

void Lifecycle::cancel_ns_lcm_op_occ(const Call&, const v1::CancelNsLcmOpOccRequest&,
                                     Reply<v1::NsLcmOpOcc> reply) {
  unimplemented("cancel", std::move(reply));
}

void Lifecycle::get_ns_lcm_op_occ(const Call& call, const v1::GetNsLcmOpOccRequest& request,
                                  Reply<v1::NsLcmOpOcc> reply) {
  later(std::move(reply), operations_.get(tenant_of(call), request.operation_id()));
}

void Lifecycle::list_ns_lcm_op_occs(const Call& call, const v1::ListNsLcmOpOccsRequest& request,
                                    Reply<v1::ListNsLcmOpOccsResponse> reply) {
  later(std::move(reply), operations_.list(tenant_of(call), request));
}

std::unique_ptr<Subscription> Lifecycle::watch_ns_lcm_op_occ(
    const Call& call, const v1::WatchNsLcmOpOccRequest& request, EndingSink<v1::NsLcmOpOcc> sink) {
  return operations_.watch(tenant_of(call), request.operation_id(), std::move(sink));
}

// --- holds ---

void Lifecycle::place_hold(const Call& call, const v1::PlaceHoldRequest& request,
                           Reply<v1::Hold> reply) {
  platform_.hold(call, request, std::move(reply));
}

void Lifecycle::get_hold(const Call& call, const v1::GetHoldRequest& request,
                         Reply<v1::Hold> reply) {
  const auto* const record = book_.look_up(tenant_of(call), request.hold_id());
  later(std::move(reply), record == nullptr
                              ? Result<v1::Hold>(not_found(kHoldKind, request.hold_id()))
                              : Result<v1::Hold>(record->hold()));
}

void Lifecycle::list_holds(const Call& call, const v1::ListHoldsRequest& request,
                           Reply<v1::ListHoldsResponse> reply) {
  const auto accept = parse_filter(request.page().filter(), v1::Hold::default_instance());
  if (!accept) return later<v1::ListHoldsResponse>(std::move(reply), accept.problem());
  const auto wanted = [&](const google::protobuf::Message& message) {
    const auto& hold = static_cast<const v1::Hold&>(message);
    const auto& states = request.state();
    const bool state =
        states.empty() || std::find(states.begin(), states.end(), hold.state()) != states.end();
    return state && (*accept)(hold);
  };
  Query query;
  query.kind = kHoldKind;
  query.tenant = tenant_of(call);
  auto listed = list_page<v1::Hold>(store_, query, request.page(), wanted,
                                    [](const Record& stored) -> Result<v1::Hold> {
                                      auto record = parse<record::v1::HoldRecord>(stored);
                                      if (!record) return record.problem();
                                      record->mutable_hold()->set_etag(etag_of(stored));
                                      return record->hold();
                                    });
  if (!listed) return later<v1::ListHoldsResponse>(std::move(reply), listed.problem());
  v1::ListHoldsResponse response;
  for (auto& item : listed->items) *response.add_hold() = std::move(item);
  response.set_next_page_token(listed->next_page_token);
  later<v1::ListHoldsResponse>(std::move(reply), std::move(response));
}

// Answered once recorded: the store keeps its order, so an empty batch behind the book's own is the
// sign. A refusal is quicker than that.
void Lifecycle::release_hold(const Call& call, const v1::ReleaseHoldRequest& request,
                             Reply<v1::Hold> reply) {
  if (request.mode() == v1::ReleaseHoldRequest::KEEP)
    return later<v1::Hold>(
        std::move(reply),
        make_problem(Problem::UNIMPLEMENTED, "release.keep",
                     "There are no changes to keep: instances cannot be changed yet.")
            .at_path("mode"));
  const std::string tenant = tenant_of(call);
  const auto once = std::make_shared<Reply<v1::Hold>>(std::move(reply));
  const auto answer = [once](Result<v1::Hold> result) {
    if (auto first = std::exchange(*once, nullptr)) first(std::move(result));
  };
  platform_.release(call, request,
                    [this, tenant, id = request.hold_id(), answer](Result<v1::Hold> released) {
                      if (released) operations_.hold_ended(tenant, id);
                      answer(std::move(released));
                    });
  store_.commit({}, [this, tenant, id = request.hold_id(), answer](auto revision) {
    if (!revision) return answer(revision.problem());
    // An immediate refusal is on its way: let it pass.
    executor_.post([this, tenant, id, answer] {
      if (const auto* const record = book_.look_up(tenant, id)) answer(record->hold());
    });
  });
}

void Lifecycle::probe(const Call& call, const v1::ProbeRequest& request,
                      Reply<v1::ProbeResult> reply) {
  platform_.probe(call, request, std::move(reply));
}

std::unique_ptr<Subscription> Lifecycle::watch(const Call& call, const v1::WatchRequest& request,
                                               Sink<v1::WatchEvent> sink) {
  return watch_store(store_, executor_, tenant_of(call), request, std::move(sink));
}

// --- catalogue ---

void Lifecycle::get_catalogue(const Call&, const v1::GetCatalogueRequest&,
                              Reply<v1::Catalogue> reply) {
  if (catalogue_.current().revision() == 0)
    return later<v1::Catalogue>(
        std::move(reply),
        make_problem(Problem::UNAVAILABLE, "catalogue.none", "Nothing has been published yet.")
            .possible("Wait for the platforms below to answer (terrace catalogue watch)."));
  later<v1::Catalogue>(std::move(reply), catalogue_.current());
}

namespace {

class CatalogueWatch final : public Subscription {
 public:
  std::unique_ptr<CataloguePublisher::Subscription> inner;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

}  // namespace

std::unique_ptr<Subscription> Lifecycle::watch_catalogue(const Call&,
                                                         const v1::WatchCatalogueRequest& request,
                                                         Sink<v1::CatalogueEvent> sink) {
  auto watch = std::make_unique<CatalogueWatch>();
  auto subscribed =
      catalogue_.subscribe(request, [sink](const v1::CatalogueEvent& event) { sink(event); });
  if (subscribed) {
    watch->inner = *std::move(subscribed);
    return watch;
  }
  executor_.post([alive = std::weak_ptr<bool>(watch->alive), sink, problem = subscribed.problem()] {
    if (!alive.expired()) sink(problem);
  });
  return watch;
}

// --- the administrator's ---

void Lifecycle::get_status(const Call&, const v1::GetStatusRequest&,
                           Reply<v1::PlatformStatus> reply) {
  v1::PlatformStatus status;
  status.set_platform_id(config_.platform_id);
  status.set_provider(config_.provider);
  status.set_version(config_.version);
  *status.mutable_started() = to_timestamp(started_);
  for (auto& child : admin_.children()) *status.add_child() = std::move(child);
  std::uint32_t open = 0;
  for (const auto* const record : book_.records())
    if (!ended(record->hold().state()) && record->hold().state() != v1::Hold::COMMITTED) ++open;
  status.set_open_holds(open);
  status.set_instances(static_cast<std::uint32_t>(instances_.instantiated()));
  status.set_running_operations(static_cast<std::uint32_t>(operations_.running()));
  status.set_obligations(admin_.obligations());
  *status.mutable_feature() = {config_.features.begin(), config_.features.end()};
  later<v1::PlatformStatus>(std::move(reply), std::move(status));
}

void Lifecycle::list_parts(const Call&, const v1::ListPartsRequest& request,
                           Reply<v1::ListPartsResponse> reply) {
  v1::ListPartsResponse response;
  for (auto& part : admin_.parts(request.ns_instance_id())) *response.add_part() = std::move(part);
  later<v1::ListPartsResponse>(std::move(reply), std::move(response));
}

void Lifecycle::list_resources(const Call&, const v1::ListResourcesRequest& request,
                               Reply<v1::ListResourcesResponse> reply) {
  admin_.resources(request.hold_id(),
                   [reply = std::move(reply)](Result<std::vector<v1::Resource>> resources) {
                     if (!resources) return reply(resources.problem());
                     v1::ListResourcesResponse response;
                     for (auto& resource : *resources)
                       *response.add_resource() = std::move(resource);
                     reply(std::move(response));
                   });
}

}  // namespace terrace
