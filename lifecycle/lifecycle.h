// What a customer handles, over any Platform: NS instances, operations, descriptors on board,
// holds, the catalogue. The facade: each method is handed to the piece that owns the matter.
//
// All on the executor's strand; destroyed after it stopped.
#pragma once

#include <memory>
#include <string>

#include "catalog/catalogue_publisher.h"
#include "lifecycle/admin.h"
#include "lifecycle/api.h"
#include "lifecycle/descriptors.h"
#include "lifecycle/instances.h"
#include "lifecycle/operations.h"

namespace terrace {

struct LifecycleConfig {
  std::string platform_id;
  std::string provider;
  std::string version;
  std::vector<std::string> features;
  DescriptorLimits limits;
};

class Lifecycle final : public NorthApi {
 public:
  // `platform`: what is served, all decorators around it; `book`: its hold book, to read.
  Lifecycle(LifecycleConfig config, Platform& platform, const HoldBook& book, Admin& admin,
            Store& store, Executor& executor, const Clock& clock, Random& random);
  ~Lifecycle() override;

  // Reads the records. Once, after the book's load().
  Status load();
  // Goes on with open operations: after the book's resume().
  void resume();

  void onboard_nsd(const Call&, const v1::OnboardNsdRequest&, Reply<v1::NsdInfo>) override;
  void get_nsd(const Call&, const v1::GetNsdRequest&, Reply<v1::GetNsdResponse>) override;
  void list_nsds(const Call&, const v1::ListNsdsRequest&, Reply<v1::ListNsdsResponse>) override;
  void delete_nsd(const Call&, const v1::DeleteNsdRequest&, Reply<Empty>) override;

  void onboard_vnf_package(const Call&, const v1::OnboardVnfPackageRequest&,
                           Reply<v1::VnfPkgInfo>) override;
  void get_vnf_package(const Call&, const v1::GetVnfPackageRequest&,
                       Reply<v1::GetVnfPackageResponse>) override;
  void list_vnf_packages(const Call&, const v1::ListVnfPackagesRequest&,
                         Reply<v1::ListVnfPackagesResponse>) override;
  void delete_vnf_package(const Call&, const v1::DeleteVnfPackageRequest&, Reply<Empty>) override;

  void create_ns(const Call&, const v1::CreateNsRequest&, Reply<v1::NsInstance>) override;
  void instantiate_ns(const Call&, const v1::InstantiateRequest&, Reply<v1::NsLcmOpOcc>) override;
  void terminate_ns(const Call&, const v1::TerminateRequest&, Reply<v1::NsLcmOpOcc>) override;
  void delete_ns(const Call&, const v1::DeleteNsRequest&, Reply<Empty>) override;
  void get_ns(const Call&, const v1::GetNsRequest&, Reply<v1::NsInstance>) override;
  void list_ns(const Call&, const v1::ListNsRequest&, Reply<v1::ListNsResponse>) override;
  void scale_ns(const Call&, const v1::ScaleRequest&, Reply<v1::NsLcmOpOcc>) override;
  void update_ns(const Call&, const v1::UpdateRequest&, Reply<v1::NsLcmOpOcc>) override;
  void heal_ns(const Call&, const v1::HealRequest&, Reply<v1::NsLcmOpOcc>) override;
  void get_ns_lcm_op_occ(const Call&, const v1::GetNsLcmOpOccRequest&,
                         Reply<v1::NsLcmOpOcc>) override;
  void list_ns_lcm_op_occs(const Call&, const v1::ListNsLcmOpOccsRequest&,
                           Reply<v1::ListNsLcmOpOccsResponse>) override;
  std::unique_ptr<Subscription> watch_ns_lcm_op_occ(const Call&, const v1::WatchNsLcmOpOccRequest&,
                                                    EndingSink<v1::NsLcmOpOcc>) override;
  void retry_ns_lcm_op_occ(const Call&, const v1::OperationVerbRequest&,
                           Reply<v1::NsLcmOpOcc>) override;
  void rollback_ns_lcm_op_occ(const Call&, const v1::OperationVerbRequest&,
                              Reply<v1::NsLcmOpOcc>) override;
  void continue_ns_lcm_op_occ(const Call&, const v1::OperationVerbRequest&,
                              Reply<v1::NsLcmOpOcc>) override;
  void fail_ns_lcm_op_occ(const Call&, const v1::OperationVerbRequest&,
                          Reply<v1::NsLcmOpOcc>) override;
  void cancel_ns_lcm_op_occ(const Call&, const v1::CancelNsLcmOpOccRequest&,
                            Reply<v1::NsLcmOpOcc>) override;

  void place_hold(const Call&, const v1::PlaceHoldRequest&, Reply<v1::Hold>) override;
  void get_hold(const Call&, const v1::GetHoldRequest&, Reply<v1::Hold>) override;
  void list_holds(const Call&, const v1::ListHoldsRequest&, Reply<v1::ListHoldsResponse>) override;
  void release_hold(const Call&, const v1::ReleaseHoldRequest&, Reply<v1::Hold>) override;
  void probe(const Call&, const v1::ProbeRequest&, Reply<v1::ProbeResult>) override;
  std::unique_ptr<Subscription> watch(const Call&, const v1::WatchRequest&,
                                      Sink<v1::WatchEvent>) override;

  void get_catalogue(const Call&, const v1::GetCatalogueRequest&, Reply<v1::Catalogue>) override;
  std::unique_ptr<Subscription> watch_catalogue(const Call&, const v1::WatchCatalogueRequest&,
                                                Sink<v1::CatalogueEvent>) override;

  void get_status(const Call&, const v1::GetStatusRequest&, Reply<v1::PlatformStatus>) override;
  void list_parts(const Call&, const v1::ListPartsRequest&, Reply<v1::ListPartsResponse>) override;
  void list_resources(const Call&, const v1::ListResourcesRequest&,
                      Reply<v1::ListResourcesResponse>) override;

 private:
  void hear(const v1::CatalogueEvent& event);
  template <class R>
  void later(Reply<R> reply, Result<R> result);
  void unimplemented(const char* what, Reply<v1::NsLcmOpOcc> reply);

  const LifecycleConfig config_;
  Platform& platform_;
  const HoldBook& book_;
  Admin& admin_;
  Store& store_;
  Executor& executor_;
  const Clock& clock_;
  Random& random_;
  Descriptors descriptors_;
  Instances instances_;
  Operations operations_;
  // What the platform publishes, with the history that lets a watcher resume.
  v1::Catalogue heard_;
  CataloguePublisher catalogue_;
  std::unique_ptr<Subscription> published_;
  Instant started_;
};

}  // namespace terrace
