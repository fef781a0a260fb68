// A NorthApi that refuses everything: what a test of the edges overrides where it needs an answer.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/executor.h"
#include "lifecycle/api.h"

namespace terrace {

// Refuses with NOT_FOUND "fake.<method>", posted, and counts the calls. On the strand.
class FakeNorthApi : public NorthApi {
 public:
  explicit FakeNorthApi(Executor& executor) : executor_(executor) {}

  // By method name.
  std::map<std::string, int> calls;
  // Of the last call.
  Call last_call;

  void onboard_nsd(const Call& call, const v1::OnboardNsdRequest&,
                   Reply<v1::NsdInfo> reply) override {
    refuse("onboard_nsd", call, std::move(reply));
  }
  void get_nsd(const Call& call, const v1::GetNsdRequest&,
               Reply<v1::GetNsdResponse> reply) override {
    refuse("get_nsd", call, std::move(reply));
  }
  void list_nsds(const Call& call, const v1::ListNsdsRequest&,
                 Reply<v1::ListNsdsResponse> reply) override {
    refuse("list_nsds", call, std::move(reply));
  }
  void delete_nsd(const Call& call, const v1::DeleteNsdRequest&, Reply<Empty> reply) override {
    refuse("delete_nsd", call, std::move(reply));
  }
  void onboard_vnf_package(const Call& call, const v1::OnboardVnfPackageRequest&,
                           Reply<v1::VnfPkgInfo> reply) override {
    refuse("onboard_vnf_package", call, std::move(reply));
  }
  void get_vnf_package(const Call& call, const v1::GetVnfPackageRequest&,
                       Reply<v1::GetVnfPackageResponse> reply) override {
    refuse("get_vnf_package", call, std::move(reply));
  }
  void list_vnf_packages(const Call& call, const v1::ListVnfPackagesRequest&,
                         Reply<v1::ListVnfPackagesResponse> reply) override {
    refuse("list_vnf_packages", call, std::move(reply));
  }
  void delete_vnf_package(const Call& call, const v1::DeleteVnfPackageRequest&,
                          Reply<Empty> reply) override {
    refuse("delete_vnf_package", call, std::move(reply));
  }
  void create_ns(const Call& call, const v1::CreateNsRequest&,
                 Reply<v1::NsInstance> reply) override {
    refuse("create_ns", call, std::move(reply));
  }
  void instantiate_ns(const Call& call, const v1::InstantiateRequest&,
                      Reply<v1::NsLcmOpOcc> reply) override {
    refuse("instantiate_ns", call, std::move(reply));
  }
  void terminate_ns(const Call& call, const v1::TerminateRequest&,
                    Reply<v1::NsLcmOpOcc> reply) override {
    refuse("terminate_ns", call, std::move(reply));
  }
  void delete_ns(const Call& call, const v1::DeleteNsRequest&, Reply<Empty> reply) override {
    refuse("delete_ns", call, std::move(reply));
  }
  void get_ns(const Call& call, const v1::GetNsRequest&, Reply<v1::NsInstance> reply) override {
    refuse("get_ns", call, std::move(reply));
  }
  void list_ns(const Call& call, const v1::ListNsRequest&,
               Reply<v1::ListNsResponse> reply) override {
    refuse("list_ns", call, std::move(reply));
  }
  void scale_ns(const Call& call, const v1::ScaleRequest&, Reply<v1::NsLcmOpOcc> reply) override {
    refuse("scale_ns", call, std::move(reply));
  }
  void update_ns(const Call& call, const v1::UpdateRequest&, Reply<v1::NsLcmOpOcc> reply) override {
    refuse("update_ns", call, std::move(reply));
  }
  void heal_ns(const Call& call, const v1::HealRequest&, Reply<v1::NsLcmOpOcc> reply) override {
    refuse("heal_ns", call, std::move(reply));
  }
  void get_ns_lcm_op_occ(const Call& call, const v1::GetNsLcmOpOccRequest&,
                         Reply<v1::NsLcmOpOcc> reply) override {
    refuse("get_ns_lcm_op_occ", call, std::move(reply));
  }
  void list_ns_lcm_op_occs(const Call& call, const v1::ListNsLcmOpOccsRequest&,
                           Reply<v1::ListNsLcmOpOccsResponse> reply) override {
    refuse("list_ns_lcm_op_occs", call, std::move(reply));
  }
  void retry_ns_lcm_op_occ(const Call& call, const v1::OperationVerbRequest&,
                           Reply<v1::NsLcmOpOcc> reply) override {
    refuse("retry_ns_lcm_op_occ", call, std::move(reply));
  }
  void rollback_ns_lcm_op_occ(const Call& call, const v1::OperationVerbRequest&,
                              Reply<v1::NsLcmOpOcc> reply) override {
    refuse("rollback_ns_lcm_op_occ", call, std::move(reply));
  }
  void continue_ns_lcm_op_occ(const Call& call, const v1::OperationVerbRequest&,
                              Reply<v1::NsLcmOpOcc> reply) override {
    refuse("continue_ns_lcm_op_occ", call, std::move(reply));
  }
  void fail_ns_lcm_op_occ(const Call& call, const v1::OperationVerbRequest&,
                          Reply<v1::NsLcmOpOcc> reply) override {
    refuse("fail_ns_lcm_op_occ", call, std::move(reply));
  }
  void cancel_ns_lcm_op_occ(const Call& call, const v1::CancelNsLcmOpOccRequest&,
                            Reply<v1::NsLcmOpOcc> reply) override {
    refuse("cancel_ns_lcm_op_occ", call, std::move(reply));
  }
  void place_hold(const Call& call, const v1::PlaceHoldRequest&, Reply<v1::Hold> reply) override {
    refuse("place_hold", call, std::move(reply));
  }
  void get_hold(const Call& call, const v1::GetHoldRequest&, Reply<v1::Hold> reply) override {
    refuse("get_hold", call, std::move(reply));
  }
  void list_holds(const Call& call, const v1::ListHoldsRequest&,
                  Reply<v1::ListHoldsResponse> reply) override {
    refuse("list_holds", call, std::move(reply));
  }
  void release_hold(const Call& call, const v1::ReleaseHoldRequest&,
                    Reply<v1::Hold> reply) override {
    refuse("release_hold", call, std::move(reply));
  }
  void probe(const Call& call, const v1::ProbeRequest&, Reply<v1::ProbeResult> reply) override {
    refuse("probe", call, std::move(reply));
  }
  void get_catalogue(const Call& call, const v1::GetCatalogueRequest&,
                     Reply<v1::Catalogue> reply) override {
    refuse("get_catalogue", call, std::move(reply));
  }
  void get_status(const Call& call, const v1::GetStatusRequest&,
                  Reply<v1::PlatformStatus> reply) override {
    refuse("get_status", call, std::move(reply));
  }
  void list_parts(const Call& call, const v1::ListPartsRequest&,
                  Reply<v1::ListPartsResponse> reply) override {
    refuse("list_parts", call, std::move(reply));
  }
  void list_resources(const Call& call, const v1::ListResourcesRequest&,
                      Reply<v1::ListResourcesResponse> reply) override {
    refuse("list_resources", call, std::move(reply));
  }
  std::unique_ptr<Subscription> watch_ns_lcm_op_occ(const Call& call,
                                                    const v1::WatchNsLcmOpOccRequest&,
                                                    EndingSink<v1::NsLcmOpOcc> sink) override {
    return refuse_stream("watch_ns_lcm_op_occ", call, std::move(sink));
  }
  std::unique_ptr<Subscription> watch(const Call& call, const v1::WatchRequest&,
                                      Sink<v1::WatchEvent> sink) override {
    return refuse_stream("watch", call, std::move(sink));
  }
  std::unique_ptr<Subscription> watch_catalogue(const Call& call, const v1::WatchCatalogueRequest&,
                                                Sink<v1::CatalogueEvent> sink) override {
    return refuse_stream("watch_catalogue", call, std::move(sink));
  }

 protected:
  Executor& executor_;

  template <class Response>
  void refuse(const std::string& method, const Call& call, Reply<Response> reply) {
    note(method, call);
    executor_.post([reply = std::move(reply), problem = refusal(method)] { reply(problem); });
  }

  // For an override: counts like a refusal.
  void note(const std::string& method, const Call& call) {
    ++calls[method];
    last_call = call;
  }

 private:
  class Held final : public Subscription {
   public:
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  };

  static Problem refusal(const std::string& method) {
    return problem(Problem::NOT_FOUND, "fake." + method, "the fake refuses everything");
  }

  template <class Sink>
  std::unique_ptr<Subscription> refuse_stream(const std::string& method, const Call& call,
                                              Sink sink) {
    note(method, call);
    auto held = std::make_unique<Held>();
    executor_.post([sink = std::move(sink), weak = std::weak_ptr<bool>(held->alive),
                    problem = refusal(method)] {
      if (!weak.expired()) sink(problem);
    });
    return held;
  }
};

}  // namespace terrace
