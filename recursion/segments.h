// Segment ids in use on each underlay, as far as this platform gave them out (R16).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "terrace/record/v1/record.pb.h"

namespace terrace {

class Segments {
 public:
  using Ranges = std::vector<v1::Stitching::WanSegmentIds>;

  // Counts the ids of these cuts as used, or no longer. Each order counts for itself.
  void take(const google::protobuf::RepeatedPtrField<record::v1::CutLink>& cuts);
  void give_back(const google::protobuf::RepeatedPtrField<record::v1::CutLink>& cuts);

  // A free id in the ranges, not among `avoid`. Where the search begins depends on `seed`, so that
  // two parents seldom want the same one of a child. None: all are taken.
  std::optional<std::uint32_t> choose(const std::string& underlay, const Ranges& ranges,
                                      const std::set<std::uint32_t>& avoid,
                                      std::uint64_t seed) const;

 private:
  std::map<std::pair<std::string, std::uint32_t>, int> used_;
};

}  // namespace terrace
