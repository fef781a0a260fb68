#include "store/store.h"

#include <utility>

namespace terrace {

std::string to_string(const RecordKey& key) {
  return key.kind + "/" + key.tenant + "/" + key.id;
}

Batch& Batch::put(RecordKey key, std::string owner, std::string state, std::string body,
                  std::optional<std::uint64_t> expected_version) {
  writes_.push_back({std::move(key), expected_version, false, std::move(owner), std::move(state),
                     std::move(body)});
  return *this;
}

Batch& Batch::erase(RecordKey key, std::optional<std::uint64_t> expected_version) {
  writes_.push_back({std::move(key), expected_version, true, {}, {}, {}});
  return *this;
}

}  // namespace terrace

std::size_t std::hash<terrace::RecordKey>::operator()(
    const terrace::RecordKey& key) const noexcept {
  const std::hash<std::string> hash_text;
  std::size_t seed = hash_text(key.kind);
  // boost::hash_combine's mixing.
  for (const auto* part : {&key.tenant, &key.id}) {
    seed ^= hash_text(*part) + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2);
  }
  return seed;
}
