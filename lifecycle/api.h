// What the north edge serves, transport-free: one method for each RPC of proto/terrace/v1's
// services, named after it. gRPC, a simulation's local channel and, later, REST are edges around
// this.
//
// On the executor's strand; replies and events come on it, never inside the call. A unary method
// replies exactly once. Messages passed by reference live until the call returns.
//
// What an edge has already made sure of (northbound/dispatch.h): the request parsed, has no unknown
// fields or enum values, is no larger than the limit; ids are well-formed and those that a method
// cannot do without are there; the call's context is well-formed. Everything else is checked here.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <google/protobuf/empty.pb.h>

#include "base/call.h"
#include "base/result.h"
#include "terrace/v1/capability_service.pb.h"
#include "terrace/v1/hold_service.pb.h"
#include "terrace/v1/ns_lifecycle_service.pb.h"
#include "terrace/v1/nsd_service.pb.h"
#include "terrace/v1/platform_service.pb.h"
#include "terrace/v1/vnf_package_service.pb.h"

namespace terrace {

class NorthApi {
 public:
  using Empty = google::protobuf::Empty;

  // Events of a stream that goes on for ever. A Problem is the stream's last event: OUT_OF_RANGE
  // for a resume token that is too old or of another store. Not called after the subscription is
  // gone.
  template <class T>
  using Sink = std::function<void(Result<T>)>;
  // Events of a stream that has an end: an unset optional is the good end and, as a Problem, the
  // last thing told.
  template <class T>
  using EndingSink = std::function<void(Result<std::optional<T>>)>;

  virtual ~NorthApi() = default;

  // NsdService.
  virtual void onboard_nsd(const Call& call, const v1::OnboardNsdRequest& request,
                           Reply<v1::NsdInfo> reply) = 0;
  virtual void get_nsd(const Call& call, const v1::GetNsdRequest& request,
                       Reply<v1::GetNsdResponse> reply) = 0;
  virtual void list_nsds(const Call& call, const v1::ListNsdsRequest& request,
                         Reply<v1::ListNsdsResponse> reply) = 0;
  virtual void delete_nsd(const Call& call, const v1::DeleteNsdRequest& request,
                          Reply<Empty> reply) = 0;

  // VnfPackageService.
  virtual void onboard_vnf_package(const Call& call, const v1::OnboardVnfPackageRequest& request,
                                   Reply<v1::VnfPkgInfo> reply) = 0;
  virtual void get_vnf_package(const Call& call, const v1::GetVnfPackageRequest& request,
                               Reply<v1::GetVnfPackageResponse> reply) = 0;
  virtual void list_vnf_packages(const Call& call, const v1::ListVnfPackagesRequest& request,
                                 Reply<v1::ListVnfPackagesResponse> reply) = 0;
  virtual void delete_vnf_package(const Call& call, const v1::DeleteVnfPackageRequest& request,
                                  Reply<Empty> reply) = 0;

  // NsLifecycleService.
  virtual void create_ns(const Call& call, const v1::CreateNsRequest& request,
                         Reply<v1::NsInstance> reply) = 0;
  virtual void instantiate_ns(const Call& call, const v1::InstantiateRequest& request,
                              Reply<v1::NsLcmOpOcc> reply) = 0;
  virtual void terminate_ns(const Call& call, const v1::TerminateRequest& request,
                            Reply<v1::NsLcmOpOcc> reply) = 0;
  virtual void delete_ns(const Call& call, const v1::DeleteNsRequest& request,
                         Reply<Empty> reply) = 0;
  virtual void get_ns(const Call& call, const v1::GetNsRequest& request,
                      Reply<v1::NsInstance> reply) = 0;
  virtual void list_ns(const Call& call, const v1::ListNsRequest& request,
                       Reply<v1::ListNsResponse> reply) = 0;
  virtual void scale_ns(const Call& call, const v1::ScaleRequest& request,
                        Reply<v1::NsLcmOpOcc> reply) = 0;
  virtual void update_ns(const Call& call, const v1::UpdateRequest& request,
                         Reply<v1::NsLcmOpOcc> reply) = 0;
  virtual void heal_ns(const Call& call, const v1::HealRequest& request,
                       Reply<v1::NsLcmOpOcc> reply) = 0;
  virtual void get_ns_lcm_op_occ(const Call& call, const v1::GetNsLcmOpOccRequest& request,
                                 Reply<v1::NsLcmOpOcc> reply) = 0;
  virtual void list_ns_lcm_op_occs(const Call& call, const v1::ListNsLcmOpOccsRequest& request,
                                   Reply<v1::ListNsLcmOpOccsResponse> reply) = 0;
  // The operation now and at every change; ends after its last state. NOT_FOUND when there is none.
  [[nodiscard]] virtual std::unique_ptr<Subscription> watch_ns_lcm_op_occ(
      const Call& call, const v1::WatchNsLcmOpOccRequest& request,
      EndingSink<v1::NsLcmOpOcc> sink) = 0;
  virtual void retry_ns_lcm_op_occ(const Call& call, const v1::OperationVerbRequest& request,
                                   Reply<v1::NsLcmOpOcc> reply) = 0;
  virtual void rollback_ns_lcm_op_occ(const Call& call, const v1::OperationVerbRequest& request,
                                      Reply<v1::NsLcmOpOcc> reply) = 0;
  virtual void continue_ns_lcm_op_occ(const Call& call, const v1::OperationVerbRequest& request,
                                      Reply<v1::NsLcmOpOcc> reply) = 0;
  virtual void fail_ns_lcm_op_occ(const Call& call, const v1::OperationVerbRequest& request,
                                  Reply<v1::NsLcmOpOcc> reply) = 0;
  virtual void cancel_ns_lcm_op_occ(const Call& call, const v1::CancelNsLcmOpOccRequest& request,
                                    Reply<v1::NsLcmOpOcc> reply) = 0;

  // HoldService.
  virtual void place_hold(const Call& call, const v1::PlaceHoldRequest& request,
                          Reply<v1::Hold> reply) = 0;
  virtual void get_hold(const Call& call, const v1::GetHoldRequest& request,
                        Reply<v1::Hold> reply) = 0;
  virtual void list_holds(const Call& call, const v1::ListHoldsRequest& request,
                          Reply<v1::ListHoldsResponse> reply) = 0;
  // Replies once the release is recorded.
  virtual void release_hold(const Call& call, const v1::ReleaseHoldRequest& request,
                            Reply<v1::Hold> reply) = 0;
  virtual void probe(const Call& call, const v1::ProbeRequest& request,
                     Reply<v1::ProbeResult> reply) = 0;
  // UPSERTs, SNAPSHOT_END, then every change, of what the call's tenant owns here; ended holds are
  // part of it as long as their records are kept. Every event from SNAPSHOT_END on carries a token.
  // Heartbeats (BOOKMARK after silence) are the edge's; BOOKMARKs of its own are welcome.
  [[nodiscard]] virtual std::unique_ptr<Subscription> watch(const Call& call,
                                                            const v1::WatchRequest& request,
                                                            Sink<v1::WatchEvent> sink) = 0;

  // CapabilityService.
  virtual void get_catalogue(const Call& call, const v1::GetCatalogueRequest& request,
                             Reply<v1::Catalogue> reply) = 0;
  // A SNAPSHOT, then DELTAs. After a resume token that is good: the DELTAs missed, or a BOOKMARK at
  // once when there are none. Every event carries a token.
  [[nodiscard]] virtual std::unique_ptr<Subscription> watch_catalogue(
      const Call& call, const v1::WatchCatalogueRequest& request,
      Sink<v1::CatalogueEvent> sink) = 0;

  // PlatformService.
  virtual void get_status(const Call& call, const v1::GetStatusRequest& request,
                          Reply<v1::PlatformStatus> reply) = 0;
  virtual void list_parts(const Call& call, const v1::ListPartsRequest& request,
                          Reply<v1::ListPartsResponse> reply) = 0;
  virtual void list_resources(const Call& call, const v1::ListResourcesRequest& request,
                              Reply<v1::ListResourcesResponse> reply) = 0;
};

}  // namespace terrace
