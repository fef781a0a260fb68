#include "lifecycle/descriptors.h"

#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/time.h"
#include "catalog/cross_check.h"
#include "catalog/descriptor_importer.h"
#include "lifecycle/filter.h"
#include "lifecycle/records.h"

namespace terrace {
namespace {

// The namespace of descriptors' resource ids: the same descriptor has the same id everywhere.
constexpr char kDescriptorNamespace[] = "0d7f3c55-1a77-5f0e-8f3b-52d0c7a9be31";

Problem other_content(const char* kind, const std::string& id, const std::string& digest) {
  return make_problem(Problem::ALREADY_EXISTS, std::string(kind) + ".other-content",
                      "A descriptor with this id and other content is on board.")
      .at_resource(std::string(kind) + "/" + id)
      .constraint("digest", digest, "another")
      .possible("Give the changed descriptor an id of its own, or delete the one on board first.");
}

template <class Record>
Status load_all(const Store& store, const char* kind,
                std::map<std::pair<std::string, std::string>, Record>& into,
                const std::string& (*own_id)(const Record&)) {
  Query query;
  query.kind = kind;
  query.page_size = Query::kMaxPageSize;
  do {
    auto page = store.list(query);
    if (!page) return page.problem();
    for (const auto& stored : page->records) {
      auto record = parse<Record>(stored);
      if (!record) return record.problem();
      into[{stored.key.tenant, own_id(*record)}] = *record;
    }
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return {};
}

template <class R>
void later(Executor& executor, Reply<R> reply, Result<R> result) {
  executor.post([reply = std::move(reply), result = std::move(result)] { reply(result); });
}

}  // namespace

Descriptors::Descriptors(DescriptorLimits limits, Store& store, Executor& executor,
                         const Clock& clock)
    : limits_(limits), store_(store), executor_(executor), clock_(clock) {}

Status Descriptors::load() {
  if (auto status = load_all<record::v1::NsdRecord>(
          store_, kNsdKind, nsds_,
          [](const record::v1::NsdRecord& r) -> const std::string& { return r.nsd().id(); });
      !status)
    return status;
  return load_all<record::v1::VnfPkgRecord>(
      store_, kVnfPackageKind, vnfs_,
      [](const record::v1::VnfPkgRecord& r) -> const std::string& { return r.vnfd().id(); });
}

Status Descriptors::check_size(std::size_t size, const std::string& file_name) const {
  if (size <= limits_.largest) return {};
  Problem::Where where;
  where.set_file(file_name);
  return make_problem(Problem::INVALID_ARGUMENT, "descriptor.too-large",
                      "The descriptor is larger than this platform takes; it was not read.")
      .at(where)
      .constraint("bytes", "<= " + std::to_string(limits_.largest), std::to_string(size));
}

void Descriptors::onboard_vnf_package(const std::string& tenant,
                                      const v1::OnboardVnfPackageRequest& request,
                                      Reply<v1::VnfPkgInfo> reply) {
  if (auto fits = check_size(request.content().size(), request.file_name()); !fits)
    return later<v1::VnfPkgInfo>(executor_, std::move(reply), fits.problem());
  std::vector<Problem> notes;
  auto vnfd = import_vnfd(request.content(), request.file_name(), notes);
  if (!vnfd) return later<v1::VnfPkgInfo>(executor_, std::move(reply), vnfd.problem());
  const std::string digest = sha256_hex(request.content());
  const Key key{tenant, vnfd->id()};
  if (const auto known = vnfs_.find(key); known != vnfs_.end()) {
    const auto& info = known->second.info();
    if (info.digest() == digest) return later<v1::VnfPkgInfo>(executor_, std::move(reply), info);
    return later<v1::VnfPkgInfo>(executor_, std::move(reply),
                                 other_content("vnfd", vnfd->id(), info.digest()));
  }
  record::v1::VnfPkgRecord record;
  auto& info = *record.mutable_info();
  info.set_id(uuid_v5(kDescriptorNamespace, "vnfd/" + tenant + "/" + vnfd->id() + "/" + digest));
  info.set_tenant(tenant);
  info.set_vnfd_id(vnfd->id());
  info.set_vnf_provider(vnfd->provider());
  info.set_vnf_product_name(vnfd->product_name());
  info.set_vnf_software_version(vnfd->software_version());
  info.set_vnfd_version(vnfd->version());
  info.set_digest(digest);
  info.set_format(request.format());
  *info.mutable_on_boarded() = to_timestamp(clock_.now());
  info.set_etag(digest);
  for (auto& note : notes) *info.add_note() = std::move(note);
  *record.mutable_vnfd() = *std::move(vnfd);
  record.set_content(request.content());
  vnfs_[key] = record;
  Batch batch;
  batch.put({kVnfPackageKind, tenant, info.id()}, "", "", record.SerializeAsString());
  store_.commit(std::move(batch), [this, key, info, reply = std::move(reply)](auto revision) {
    if (revision) return reply(info);
    vnfs_.erase(key);
    reply(revision.problem());
  });
}

// Checks the NSD against the packages on board, and notes which they are.
Status Descriptors::resolve(const std::string& tenant, record::v1::NsdRecord& record) const {
  std::vector<const v1::Vnfd*> vnfds;
  for (const auto& id : record.nsd().vnfd_id()) {
    const auto* const package = find_vnf(tenant, id);
    if (package == nullptr) continue;
    vnfds.push_back(&package->vnfd());
    record.mutable_info()->add_vnf_pkg_ids(package->info().id());
  }
  std::vector<const v1::Nsd*> nested;
  for (const auto& id : record.nsd().nested_nsd_id())
    if (const auto* const nsd = find_nsd(tenant, id)) nested.push_back(&nsd->nsd());
  return cross_check(record.nsd(), vnfds, nested);
}

void Descriptors::onboard_nsd(const std::string& tenant, const v1::OnboardNsdRequest& request,
                              Reply<v1::NsdInfo> reply) {
  if (auto fits = check_size(request.content().size(), request.file_name()); !fits)
    return later<v1::NsdInfo>(executor_, std::move(reply), fits.problem());
  std::vector<Problem> notes;
  auto nsd = import_nsd(request.content(), request.file_name(), notes);
  if (!nsd) return later<v1::NsdInfo>(executor_, std::move(reply), nsd.problem());
  const std::string digest = sha256_hex(request.content());
  const Key key{tenant, nsd->id()};
  if (const auto known = nsds_.find(key); known != nsds_.end()) {
    const auto& info = known->second.info();
    if (info.digest() == digest) return later<v1::NsdInfo>(executor_, std::move(reply), info);
    return later<v1::NsdInfo>(executor_, std::move(reply),
                              other_content("nsd", nsd->id(), info.digest()));
  }
  record::v1::NsdRecord record;
  auto& info = *record.mutable_info();
  info.set_id(uuid_v5(kDescriptorNamespace, "nsd/" + tenant + "/" + nsd->id() + "/" + digest));
  info.set_tenant(tenant);
  info.set_nsd_id(nsd->id());
  info.set_nsd_name(nsd->name());
  info.set_nsd_version(nsd->version());
  info.set_nsd_designer(nsd->designer());
  info.set_nsd_invariant_id(nsd->invariant_id());
  info.set_digest(digest);
  info.set_format(request.format());
  *info.mutable_on_boarded() = to_timestamp(clock_.now());
  info.set_etag(digest);
  for (auto& note : notes) *info.add_note() = std::move(note);
  *record.mutable_nsd() = *std::move(nsd);
  record.set_content(request.content());
  if (auto resolved = resolve(tenant, record); !resolved) {
    Problem problem = std::move(resolved).problem();
    if (!request.file_name().empty()) problem.add_where()->set_file(request.file_name());
    problem.add_possible("On-board the VNFDs first (terrace vnfd onboard FILE).");
    return later<v1::NsdInfo>(executor_, std::move(reply), std::move(problem));
  }
  nsds_[key] = record;
  Batch batch;
  batch.put({kNsdKind, tenant, info.id()}, "", "", record.SerializeAsString());
  store_.commit(std::move(batch), [this, key, info, reply = std::move(reply)](auto revision) {
    if (revision) return reply(info);
    nsds_.erase(key);
    reply(revision.problem());
  });
}

const record::v1::NsdRecord* Descriptors::find_nsd(const std::string& tenant,
                                                   const std::string& id) const {
  if (const auto it = nsds_.find({tenant, id}); it != nsds_.end()) return &it->second;
  for (const auto& [key, record] : nsds_)
    if (key.first == tenant && record.info().id() == id) return &record;
  return nullptr;
}

const record::v1::VnfPkgRecord* Descriptors::find_vnf(const std::string& tenant,
                                                      const std::string& id) const {
  if (const auto it = vnfs_.find({tenant, id}); it != vnfs_.end()) return &it->second;
  for (const auto& [key, record] : vnfs_)
    if (key.first == tenant && record.info().id() == id) return &record;
  return nullptr;
}

Result<v1::GetNsdResponse> Descriptors::nsd(const std::string& tenant,
                                            const std::string& id) const {
  const auto* const record = find_nsd(tenant, id);
  if (record == nullptr) return not_found(kNsdKind, id);
  v1::GetNsdResponse response;
  *response.mutable_info() = record->info();
  *response.mutable_nsd() = record->nsd();
  response.set_content(record->content());
  return response;
}

Result<v1::GetVnfPackageResponse> Descriptors::vnf_package(const std::string& tenant,
                                                           const std::string& id) const {
  const auto* const record = find_vnf(tenant, id);
  if (record == nullptr) return not_found(kVnfPackageKind, id);
  v1::GetVnfPackageResponse response;
  *response.mutable_info() = record->info();
  *response.mutable_vnfd() = record->vnfd();
  response.set_content(record->content());
  return response;
}

Result<v1::ListNsdsResponse> Descriptors::list_nsds(const std::string& tenant,
                                                    const v1::PageRequest& page) const {
  const auto accept = parse_filter(page.filter(), v1::NsdInfo::default_instance());
  if (!accept) return accept.problem();
  Query query;
  query.kind = kNsdKind;
  query.tenant = tenant;
  auto listed = list_page<v1::NsdInfo>(store_, query, page, *accept, [](const Record& stored) {
    auto record = parse<record::v1::NsdRecord>(stored);
    return record ? Result<v1::NsdInfo>(record->info()) : Result<v1::NsdInfo>(record.problem());
  });
  if (!listed) return listed.problem();
  v1::ListNsdsResponse response;
  for (auto& item : listed->items) *response.add_nsd() = std::move(item);
  response.set_next_page_token(listed->next_page_token);
  return response;
}

Result<v1::ListVnfPackagesResponse> Descriptors::list_vnf_packages(
    const std::string& tenant, const v1::PageRequest& page) const {
  const auto accept = parse_filter(page.filter(), v1::VnfPkgInfo::default_instance());
  if (!accept) return accept.problem();
  Query query;
  query.kind = kVnfPackageKind;
  query.tenant = tenant;
  auto listed = list_page<v1::VnfPkgInfo>(store_, query, page, *accept, [](const Record& stored) {
    auto record = parse<record::v1::VnfPkgRecord>(stored);
    return record ? Result<v1::VnfPkgInfo>(record->info())
                  : Result<v1::VnfPkgInfo>(record.problem());
  });
  if (!listed) return listed.problem();
  v1::ListVnfPackagesResponse response;
  for (auto& item : listed->items) *response.add_vnf_package() = std::move(item);
  response.set_next_page_token(listed->next_page_token);
  return response;
}

void Descriptors::delete_nsd(const std::string& tenant, const std::string& id, bool in_use,
                             Reply<google::protobuf::Empty> reply) {
  using google::protobuf::Empty;
  const auto* const record = find_nsd(tenant, id);
  if (record == nullptr) return later<Empty>(executor_, std::move(reply), not_found(kNsdKind, id));
  if (in_use)
    return later<Empty>(
        executor_, std::move(reply),
        make_problem(Problem::FAILED_PRECONDITION, "nsd.in-use", "An instance uses this NSD.")
            .at_resource("nsd/" + id)
            .possible("Terminate and delete its instances first (terrace ns list)."));
  const RecordKey key{kNsdKind, tenant, record->info().id()};
  nsds_.erase({tenant, record->nsd().id()});
  Batch batch;
  batch.erase(key);
  store_.commit(std::move(batch), [reply = std::move(reply)](auto revision) {
    revision ? reply(Empty()) : reply(revision.problem());
  });
}

void Descriptors::delete_vnf_package(const std::string& tenant, const std::string& id,
                                     Reply<google::protobuf::Empty> reply) {
  using google::protobuf::Empty;
  const auto* const record = find_vnf(tenant, id);
  if (record == nullptr)
    return later<Empty>(executor_, std::move(reply), not_found(kVnfPackageKind, id));
  for (const auto& [key, nsd] : nsds_) {
    if (key.first != tenant) continue;
    for (const auto& named : nsd.nsd().vnfd_id())
      if (named == record->vnfd().id())
        return later<Empty>(executor_, std::move(reply),
                            make_problem(Problem::FAILED_PRECONDITION, "vnf-package.in-use",
                                         "An NSD on board names this VNFD.")
                                .at_resource("vnf-package/" + id)
                                .at_resource("nsd/" + key.second)
                                .possible("Delete that NSD first."));
  }
  const RecordKey key{kVnfPackageKind, tenant, record->info().id()};
  vnfs_.erase({tenant, record->vnfd().id()});
  Batch batch;
  batch.erase(key);
  store_.commit(std::move(batch), [reply = std::move(reply)](auto revision) {
    revision ? reply(Empty()) : reply(revision.problem());
  });
}

Result<v1::Fragment> Descriptors::fragment(const std::string& tenant,
                                           const std::string& nsd_id) const {
  const auto* const record = find_nsd(tenant, nsd_id);
  if (record == nullptr) return not_found(kNsdKind, nsd_id);
  v1::Fragment fragment;
  *fragment.mutable_nsd() = record->nsd();
  fragment.set_nsd_digest(record->info().digest());
  for (const auto& id : record->nsd().vnfd_id()) {
    const auto* const package = find_vnf(tenant, id);
    if (package == nullptr) return not_found(kVnfPackageKind, id);
    auto& function = *fragment.add_function();
    function.set_vnfd_id(id);
    function.set_vnfd_digest(package->info().digest());
    *function.mutable_vnfd() = package->vnfd();
  }
  return fragment;
}

}  // namespace terrace
