// Descriptors on board: parsed once, kept with their original bytes, identified by their digest
// (R4). All on the executor's strand.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/call.h"
#include "base/clock.h"
#include "base/executor.h"
#include "store/store.h"
#include "terrace/record/v1/record.pb.h"
#include "terrace/v1/nsd_service.pb.h"
#include "terrace/v1/vnf_package_service.pb.h"

namespace terrace {

struct DescriptorLimits {
  // Bytes of one descriptor, checked before it is parsed.
  std::size_t largest = 2 * 1024 * 1024;
};

class Descriptors {
 public:
  Descriptors(DescriptorLimits limits, Store& store, Executor& executor, const Clock& clock);

  Status load();

  void onboard_nsd(const std::string& tenant, const v1::OnboardNsdRequest& request,
                   Reply<v1::NsdInfo> reply);
  void onboard_vnf_package(const std::string& tenant, const v1::OnboardVnfPackageRequest& request,
                           Reply<v1::VnfPkgInfo> reply);
  // By resource id or the descriptor's own id; NOT_FOUND.
  Result<v1::GetNsdResponse> nsd(const std::string& tenant, const std::string& id) const;
  Result<v1::GetVnfPackageResponse> vnf_package(const std::string& tenant,
                                                const std::string& id) const;
  Result<v1::ListNsdsResponse> list_nsds(const std::string& tenant,
                                         const v1::PageRequest& page) const;
  Result<v1::ListVnfPackagesResponse> list_vnf_packages(const std::string& tenant,
                                                        const v1::PageRequest& page) const;
  // `in_use`: an instance was made from it.
  void delete_nsd(const std::string& tenant, const std::string& id, bool in_use,
                  Reply<google::protobuf::Empty> reply);
  // FAILED_PRECONDITION while an NSD on board names it.
  void delete_vnf_package(const std::string& tenant, const std::string& id,
                          Reply<google::protobuf::Empty> reply);

  // The order for an NSD: the NSD, and the functions it names, brought along.
  Result<v1::Fragment> fragment(const std::string& tenant, const std::string& nsd_id) const;

 private:
  using Key = std::pair<std::string, std::string>;  // tenant, the descriptor's own id

  const record::v1::NsdRecord* find_nsd(const std::string& tenant, const std::string& id) const;
  const record::v1::VnfPkgRecord* find_vnf(const std::string& tenant, const std::string& id) const;
  Status check_size(std::size_t size, const std::string& file_name) const;
  Status resolve(const std::string& tenant, record::v1::NsdRecord& record) const;

  DescriptorLimits limits_;
  Store& store_;
  Executor& executor_;
  const Clock& clock_;
  std::map<Key, record::v1::NsdRecord> nsds_;
  std::map<Key, record::v1::VnfPkgRecord> vnfs_;
};

}  // namespace terrace
