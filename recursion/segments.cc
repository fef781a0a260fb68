#include "recursion/segments.h"

#include <algorithm>

namespace terrace {
namespace {

std::pair<std::string, std::uint32_t> key_of(const record::v1::CutLink& cut) {
  return {cut.stitching().underlay(), cut.stitching().wan_segment_ids().wan_segment_id_value()};
}

std::uint32_t upper_of(const v1::Stitching::WanSegmentIds& range) {
  return range.has_wan_segment_id_upper_range() ? range.wan_segment_id_upper_range()
                                                : range.wan_segment_id_value();
}

}  // namespace

void Segments::take(const google::protobuf::RepeatedPtrField<record::v1::CutLink>& cuts) {
  for (const auto& cut : cuts) ++used_[key_of(cut)];
}

void Segments::give_back(const google::protobuf::RepeatedPtrField<record::v1::CutLink>& cuts) {
  for (const auto& cut : cuts) {
    const auto it = used_.find(key_of(cut));
    if (it != used_.end() && --it->second <= 0) used_.erase(it);
  }
}

std::optional<std::uint32_t> Segments::choose(const std::string& underlay, const Ranges& ranges,
                                              const std::set<std::uint32_t>& avoid,
                                              std::uint64_t seed) const {
  std::uint64_t count = 0;
  for (const auto& range : ranges)
    count += std::uint64_t{upper_of(range)} - range.wan_segment_id_value() + 1;
  for (std::uint64_t step = 0; step < count; ++step) {
    std::uint64_t offset = (seed % count + step) % count;
    for (const auto& range : ranges) {
      const std::uint64_t size = std::uint64_t{upper_of(range)} - range.wan_segment_id_value() + 1;
      if (offset >= size) {
        offset -= size;
        continue;
      }
      const auto id = static_cast<std::uint32_t>(range.wan_segment_id_value() + offset);
      if (!avoid.contains(id) && !used_.contains({underlay, id})) return id;
      break;
    }
  }
  return std::nullopt;
}

}  // namespace terrace
