// What every backend of the store does alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace terrace::store {

// store.bad-batch: a key twice, a key without kind or id, a record too large.
Status check_batch(const std::vector<Batch::Write>& writes);

// store.version-mismatch when `write` expects another version than `found` (0: no record).
Status check_version(const Batch::Write& write, std::uint64_t found);

// `write` as it is told to subscribers. `version` is that of the new record; of no meaning for an
// erase.
Change to_change(Batch::Write write, std::uint64_t version, std::uint64_t revision);

// A query, checked and with its page token read.
struct Listing {
  std::size_t page_size = 0;
  // List what comes after this; empty strings: from the start.
  std::string after_tenant, after_id;
};
Result<Listing> start_listing(const Query& query);

// Makes a page of records found in order; one more than the page size means there is another page.
Page make_page(std::vector<Record> found, std::size_t page_size);

// store.revision-pruned, store.revision-ahead: whether changes since `since` can be told by a store
// at `now` that may have forgotten the deletions up to `pruned`.
Status check_since(std::uint64_t since, std::uint64_t now, std::uint64_t pruned);

}  // namespace terrace::store
