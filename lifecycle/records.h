// Typed records over the store: kinds, keys, reading and paging.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/store.h"
#include "terrace/v1/common.pb.h"

namespace terrace {

inline constexpr char kNsdKind[] = "nsd";
inline constexpr char kVnfPackageKind[] = "vnf-package";
inline constexpr char kNsInstanceKind[] = "ns-instance";
inline constexpr char kOperationKind[] = "operation";
inline constexpr char kHoldKind[] = "hold";

// NOT_FOUND with what, where and what to try.
Problem not_found(const std::string& kind, const std::string& id);
// ALREADY_EXISTS: same id, other body (R6).
Problem already_exists(const std::string& kind, const std::string& id);

// A record's etag: changes with every write.
std::string etag_of(const Record& record);

template <class M>
Result<M> parse(const Record& record) {
  M message;
  if (message.ParseFromString(record.body)) return message;
  return make_problem(Problem::DATA_LOSS, "store.unreadable", "A stored record is damaged.")
      .at_resource(to_string(record.key));
}

// Whether a resource passes the page's filter; see filter.h.
using Accept = std::function<bool(const google::protobuf::Message&)>;

// One page of records of a kind, made into resources by `convert`, those that `accept` passes.
template <class R>
struct ListedPage {
  std::vector<R> items;
  std::string next_page_token;
};

template <class R, class Convert>
Result<ListedPage<R>> list_page(const Store& store, Query query, const v1::PageRequest& page,
                                const Accept& accept, Convert convert) {
  query.page_size = page.page_size();
  query.page_token = page.page_token();
  const std::size_t wanted = std::min<std::size_t>(
      page.page_size() == 0 ? Query::kDefaultPageSize : page.page_size(), Query::kMaxPageSize);
  ListedPage<R> result;
  // A filter may leave little of a page of the store's: read on until there is something to show.
  do {
    auto stored = store.list(query);
    if (!stored) return stored.problem();
    for (const auto& record : stored->records) {
      Result<R> item = convert(record);
      if (!item) return item.problem();
      if (accept(*item)) result.items.push_back(*std::move(item));
    }
    query.page_token = stored->next_page_token;
    query.page_size = wanted - std::min(wanted, result.items.size());
  } while (!query.page_token.empty() && query.page_size > 0);
  result.next_page_token = query.page_token;
  return result;
}

}  // namespace terrace
