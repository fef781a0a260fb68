#include "lifecycle/instances.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/ids.h"
#include "base/time.h"
#include "lifecycle/filter.h"
#include "lifecycle/records.h"

namespace terrace {

Instances::Instances(const Descriptors& descriptors, Store& store, Executor& executor,
                     const Clock& clock, Random& random)
    : descriptors_(descriptors),
      store_(store),
      executor_(executor),
      clock_(clock),
      random_(random) {}

Status Instances::load() {
  Query query;
  query.kind = kNsInstanceKind;
  query.page_size = Query::kMaxPageSize;
  do {
    auto page = store_.list(query);
    if (!page) return page.problem();
    for (const auto& stored : page->records) {
      auto record = parse<record::v1::NsRecord>(stored);
      if (!record) return record.problem();
      records_[{stored.key.tenant, stored.key.id}] = *std::move(record);
    }
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return {};
}

record::v1::NsRecord* Instances::find(const Key& key) {
  const auto it = records_.find(key);
  return it == records_.end() ? nullptr : &it->second;
}

void Instances::create(const std::string& tenant, const v1::CreateNsRequest& request,
                       Reply<v1::NsInstance> reply) {
  const auto later = [this](Reply<v1::NsInstance> to, Result<v1::NsInstance> result) {
    executor_.post([to = std::move(to), result = std::move(result)] { to(result); });
  };
  const std::string id =
      request.ns_instance_id().empty() ? uuid_v4(random_) : request.ns_instance_id();
  const std::string digest = sha256_hex(request.SerializeAsString());
  if (const auto* const known = find({tenant, id})) {
    if (known->request_digest() == digest) return later(std::move(reply), known->instance());
    return later(std::move(reply), already_exists(kNsInstanceKind, id));
  }
  auto nsd = descriptors_.nsd(tenant, request.nsd_id());
  if (!nsd) return later(std::move(reply), nsd.problem());
  record::v1::NsRecord record;
  record.set_request_digest(digest);
  auto& instance = *record.mutable_instance();
  instance.set_id(id);
  instance.set_tenant(tenant);
  instance.set_ns_instance_name(request.ns_name());
  instance.set_ns_instance_description(request.ns_description());
  instance.set_nsd_id(nsd->nsd().id());
  instance.set_nsd_info_id(nsd->info().id());
  instance.set_ns_state(v1::NOT_INSTANTIATED);
  *instance.mutable_created() = to_timestamp(clock_.now());
  const Key key{tenant, id};
  Batch batch;
  write(batch, key, record);
  v1::NsInstance created = instance;
  records_[key] = std::move(record);
  // It may be gone again, or in use, by the time it is durable.
  store_.commit(std::move(batch),
                [this, key, created = std::move(created), reply = std::move(reply)](auto revision) {
                  if (revision) return reply(created);
                  records_.erase(key);
                  reply(revision.problem());
                });
}

record::v1::NsRecord& Instances::add_delegated(const Key& key, const std::string& nsd_id) {
  auto& record = records_[key];
  record.set_delegated(true);
  auto& instance = *record.mutable_instance();
  instance.set_id(key.second);
  instance.set_tenant(key.first);
  instance.set_nsd_id(nsd_id);
  instance.set_ns_state(v1::NOT_INSTANTIATED);
  *instance.mutable_created() = to_timestamp(clock_.now());
  return record;
}

void Instances::write(Batch& batch, const Key& key, const record::v1::NsRecord& record) const {
  batch.put({kNsInstanceKind, key.first, key.second}, record.instance().nsd_id(),
            v1::NsState_Name(record.instance().ns_state()), record.SerializeAsString());
}

Result<v1::NsInstance> Instances::get(const std::string& tenant, const std::string& id) const {
  const auto it = records_.find({tenant, id});
  if (it == records_.end()) return not_found(kNsInstanceKind, id);
  return it->second.instance();
}

Result<v1::ListNsResponse> Instances::list(const std::string& tenant,
                                           const v1::PageRequest& page) const {
  const auto accept = parse_filter(page.filter(), v1::NsInstance::default_instance());
  if (!accept) return accept.problem();
  Query query;
  query.kind = kNsInstanceKind;
  query.tenant = tenant;
  auto listed = list_page<v1::NsInstance>(store_, query, page, *accept, [](const Record& stored) {
    auto record = parse<record::v1::NsRecord>(stored);
    if (!record) return Result<v1::NsInstance>(record.problem());
    record->mutable_instance()->set_etag(etag_of(stored));
    return Result<v1::NsInstance>(record->instance());
  });
  if (!listed) return listed.problem();
  v1::ListNsResponse response;
  for (auto& item : listed->items) *response.add_ns_instance() = std::move(item);
  response.set_next_page_token(listed->next_page_token);
  return response;
}

void Instances::remove(const std::string& tenant, const std::string& id,
                       Reply<google::protobuf::Empty> reply) {
  using google::protobuf::Empty;
  using Removed = decltype(records_)::node_type;
  const Key key{tenant, id};
  const auto* const record = find(key);
  Status allowed;
  if (record == nullptr) {
    allowed = not_found(kNsInstanceKind, id);
  } else if (record->instance().ns_state() != v1::NOT_INSTANTIATED ||
             !record->instance().operation_id().empty()) {
    allowed = make_problem(Problem::FAILED_PRECONDITION, "ns.instantiated",
                           "Only an instance that is NOT_INSTANTIATED can be deleted.")
                  .at_resource("ns-instance/" + id)
                  .constraint("nsState", "NOT_INSTANTIATED",
                              v1::NsState_Name(record->instance().ns_state()))
                  .possible("Terminate it first (terrace ns terminate " + id + ").");
  }
  if (!allowed)
    return executor_.post([reply = std::move(reply), allowed] { reply(allowed.problem()); });
  auto removed = records_.extract(key);
  Batch batch;
  batch.erase({kNsInstanceKind, tenant, id});
  // What could not be removed is still there: a full disk's store has it.
  store_.commit(std::move(batch), [this, removed = std::make_shared<Removed>(std::move(removed)),
                                   reply = std::move(reply)](auto revision) {
    if (revision) return reply(Empty());
    records_.insert(std::move(*removed));
    reply(revision.problem());
  });
}

bool Instances::uses(const std::string& tenant, const std::string& nsd_id) const {
  return std::any_of(records_.begin(), records_.end(), [&](const auto& item) {
    const auto& instance = item.second.instance();
    return item.first.first == tenant && !item.second.delegated() &&
           (instance.nsd_id() == nsd_id || instance.nsd_info_id() == nsd_id);
  });
}

std::size_t Instances::instantiated() const {
  return static_cast<std::size_t>(std::count_if(
      records_.begin(), records_.end(),
      [](const auto& item) { return item.second.instance().ns_state() == v1::INSTANTIATED; }));
}

}  // namespace terrace
