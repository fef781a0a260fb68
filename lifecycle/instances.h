// NS instances: the records, in memory and in the store. All on the executor's strand.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/call.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "lifecycle/descriptors.h"
#include "store/store.h"
#include "terrace/record/v1/record.pb.h"
#include "terrace/v1/ns_lifecycle_service.pb.h"

namespace terrace {

class Instances {
 public:
  using Key = std::pair<std::string, std::string>;  // tenant, id

  Instances(const Descriptors& descriptors, Store& store, Executor& executor, const Clock& clock,
            Random& random);

  Status load();

  void create(const std::string& tenant, const v1::CreateNsRequest& request,
              Reply<v1::NsInstance> reply);
  Result<v1::NsInstance> get(const std::string& tenant, const std::string& id) const;
  Result<v1::ListNsResponse> list(const std::string& tenant, const v1::PageRequest& page) const;
  // FAILED_PRECONDITION unless NOT_INSTANTIATED and without an operation under way.
  void remove(const std::string& tenant, const std::string& id,
              Reply<google::protobuf::Empty> reply);

  // Null: none. Changed in place, then written.
  record::v1::NsRecord* find(const Key& key);
  // Of a part that a hold makes: there was no CreateNs (R5).
  record::v1::NsRecord& add_delegated(const Key& key, const std::string& nsd_id);
  void erase(const Key& key) { records_.erase(key); }
  void write(Batch& batch, const Key& key, const record::v1::NsRecord& record) const;

  bool uses(const std::string& tenant, const std::string& nsd_id) const;
  // Instances that are INSTANTIATED.
  std::size_t instantiated() const;
  const std::map<Key, record::v1::NsRecord>& all() const { return records_; }

 private:
  const Descriptors& descriptors_;
  Store& store_;
  Executor& executor_;
  const Clock& clock_;
  Random& random_;
  std::map<Key, record::v1::NsRecord> records_;
};

}  // namespace terrace
