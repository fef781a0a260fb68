// The schema of the SQLite store and how an older file becomes one of today.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "store/sqlite_db.h"

namespace terrace::store {

struct Migration {
  const char* what;  // for people: "records, tombstones"
  const char* sql;
};

// The n-th (from 1) takes a file from schema version n-1 to n. Only ever add at the end: what a
// release once wrote must stay what it means.
std::span<const Migration> migrations();

// Says who wrote a file: kept in SQLite's application_id ("Trrc").
inline constexpr std::uint64_t kApplicationId = 0x54727263;

// Brings the file to the last of `steps`, each step in a transaction of its own together with the
// version reached; an empty file begins at version 0. Nothing is written when it refuses:
//   FAILED_PRECONDITION store.newer-schema, store.foreign-file
Status migrate(Database& database, std::span<const Migration> steps);

}  // namespace terrace::store
