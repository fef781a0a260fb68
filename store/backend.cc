#include "store/backend.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>
#include <utility>

namespace terrace::store {
namespace {

std::string version_text(std::uint64_t version) {
  return version == 0 ? "no record" : "version " + std::to_string(version);
}

std::size_t size_of(const Batch::Write& write) {
  return write.key.kind.size() + write.key.tenant.size() + write.key.id.size() +
         write.owner.size() + write.state.size() + write.body.size();
}

// "<length of tenant>:<tenant><id>" of the last record: any bytes go, and it reads back one way.
std::string page_token_after(const RecordKey& key) {
  return std::to_string(key.tenant.size()) + ":" + key.tenant + key.id;
}

ProblemBuilder bad_query(std::string_view what) {
  return make_problem(Problem::INVALID_ARGUMENT, "store.bad-query", what);
}

// Into `listing`; false: no token of ours.
bool read_page_token(std::string_view token, Listing& listing) {
  const auto colon = token.find(':');
  if (colon == std::string_view::npos) return false;
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + colon, length);
  if (error != std::errc() || end != token.data() + colon) return false;
  const auto rest = token.substr(colon + 1);
  if (length >= rest.size()) return false;  // an id is not empty
  listing.after_tenant = rest.substr(0, length);
  listing.after_id = rest.substr(length);
  return true;
}

}  // namespace

Status check_batch(const std::vector<Batch::Write>& writes) {
  const auto bad = [](const RecordKey& key, std::string_view what) -> ProblemBuilder {
    return make_problem(Problem::INVALID_ARGUMENT, "store.bad-batch", what)
        .at_resource(to_string(key));
  };
  std::unordered_set<RecordKey> seen;
  for (const auto& write : writes) {
    if (write.key.kind.empty() || write.key.id.empty()) {
      return bad(write.key, "A record's key needs a kind and an id.");
    }
    if (const auto size = size_of(write); size > kMaxRecordBytes) {
      return bad(write.key, "A record is too large.")
          .constraint("record-bytes", "at most " + std::to_string(kMaxRecordBytes),
                      std::to_string(size));
    }
    if (writes.size() > 1 && !seen.insert(write.key).second) {
      return bad(write.key, "A batch writes the same record twice.");
    }
  }
  return {};
}

Status check_version(const Batch::Write& write, std::uint64_t found) {
  if (!write.expected_version || *write.expected_version == found) return {};
  return make_problem(Problem::ABORTED, "store.version-mismatch",
                      "The record was written by somebody else meanwhile.")
      .at_resource(to_string(write.key))
      .constraint("expected-version", version_text(*write.expected_version), version_text(found))
      .possible("Read the record again and repeat the change on what it is now.");
}

Change to_change(Batch::Write write, std::uint64_t version, std::uint64_t revision) {
  Change change{write.key, revision, std::nullopt};
  if (!write.erase) {
    change.record = Record{
        std::move(write.key), std::move(write.owner), std::move(write.state), version, revision,
        std::move(write.body)};
  }
  return change;
}

Result<Listing> start_listing(const Query& query) {
  if (query.kind.empty()) return bad_query("A list needs the kind of record.");
  Listing listing;
  listing.page_size = query.page_size == 0 ? Query::kDefaultPageSize
                                           : std::min(query.page_size, Query::kMaxPageSize);
  if (query.page_token.empty()) {
    listing.after_tenant = query.tenant.value_or("");
    return listing;
  }
  if (!read_page_token(query.page_token, listing) ||
      (query.tenant && *query.tenant != listing.after_tenant)) {
    return bad_query("The page token is not one that this list gave.")
        .possible("Start over with an empty page token.");
  }
  return listing;
}

Page make_page(std::vector<Record> found, std::size_t page_size) {
  Page page{std::move(found), ""};
  if (page.records.size() <= page_size) return page;
  page.records.resize(page_size);
  page.next_page_token = page_token_after(page.records.back().key);
  return page;
}

Status check_since(std::uint64_t since, std::uint64_t now, std::uint64_t pruned) {
  if (since > now) {
    return make_problem(Problem::OUT_OF_RANGE, "store.revision-ahead",
                        "The store has not come to this revision: is it another store's?")
        .constraint("revision", "at most " + std::to_string(now), std::to_string(since))
        .possible("Compare the incarnation, and take a new snapshot.");
  }
  // Who starts from nothing need not be told what is gone.
  if (since != 0 && since < pruned) {
    return make_problem(Problem::OUT_OF_RANGE, "store.revision-pruned",
                        "What was erased since this revision is no longer remembered.")
        .constraint("revision", "at least " + std::to_string(pruned), std::to_string(since))
        .possible("Take a new snapshot.");
  }
  return {};
}

}  // namespace terrace::store
