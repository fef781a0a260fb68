#include "southbound/leaf/usage.h"

#include <algorithm>
#include <utility>

namespace terrace {

void Usage::set(const std::string& key, HoldUse use) {
  drop(key);
  for (const auto& [id, amount] : use.node) {
    NodeUse& sum = node_[id];
    sum.vcpus += amount.vcpus;
    sum.memory_mib += amount.memory_mib;
    sum.instances += amount.instances;
  }
  for (const std::string& id : use.attachment) ++attachment_[id];
  for (const SegmentUse& one : use.segment) {
    segment_[one.wan_port_id][one.segment_id].insert(one.root_link_id);
  }
  realm_[use.proof.realm()].insert(key);
  use_[key] = std::move(use);
}

bool Usage::drop(const std::string& key) {
  const auto found = use_.extract(key);
  if (found.empty()) return false;
  const HoldUse& use = found.mapped();
  for (const auto& [id, amount] : use.node) {
    NodeUse& sum = node_[id];
    sum.vcpus -= amount.vcpus;
    sum.memory_mib -= amount.memory_mib;
    sum.instances -= amount.instances;
  }
  for (const std::string& id : use.attachment) {
    if (--attachment_[id] == 0) attachment_.erase(id);
  }
  for (const SegmentUse& one : use.segment) {
    auto& ids = segment_[one.wan_port_id];
    auto& links = ids[one.segment_id];
    links.erase(links.find(one.root_link_id));
    if (links.empty()) ids.erase(one.segment_id);
  }
  auto& members = realm_[use.proof.realm()];
  members.erase(key);
  if (members.empty()) realm_.erase(use.proof.realm());
  return true;
}

NodeUse Usage::of_node(const std::string& node_id) const {
  const auto at = node_.find(node_id);
  return at == node_.end() ? NodeUse{} : at->second;
}

bool Usage::attachment_in_use(const std::string& attachment_id) const {
  return attachment_.contains(attachment_id);
}

bool Usage::segment_taken(const SegmentUse& wanted) const {
  const auto port = segment_.find(wanted.wan_port_id);
  if (port == segment_.end()) return false;
  const auto at = port->second.find(wanted.segment_id);
  if (at == port->second.end()) return false;
  if (wanted.root_link_id.empty()) return true;
  return std::any_of(at->second.begin(), at->second.end(), [&](const std::string& root_link_id) {
    return root_link_id != wanted.root_link_id;
  });
}

std::vector<Problem::SegmentRange> Usage::free_segments(const driver::v1::WanPort& port) const {
  std::vector<Problem::SegmentRange> ranges;
  const auto add = [&](std::uint64_t first, std::uint64_t last) {
    if (first > last) return;
    Problem::SegmentRange& range = ranges.emplace_back();
    range.set_first(static_cast<std::uint32_t>(first));
    range.set_last(static_cast<std::uint32_t>(last));
  };
  const auto taken = segment_.find(port.id());
  for (const auto& ids : port.segment_ids()) {
    const std::uint64_t last = ids.has_wan_segment_id_upper_range()
                                   ? ids.wan_segment_id_upper_range()
                                   : ids.wan_segment_id_value();
    std::uint64_t next = ids.wan_segment_id_value();
    if (taken != segment_.end()) {
      auto at = taken->second.lower_bound(ids.wan_segment_id_value());
      for (; at != taken->second.end() && at->first <= last; ++at) {
        if (at->first > next) add(next, at->first - 1);
        next = std::uint64_t{at->first} + 1;
      }
    }
    add(next, last);
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& a, const auto& b) { return a.first() < b.first(); });
  return ranges;
}

UsedValues Usage::values_of(const std::string& realm) const {
  UsedValues values;
  const auto members = realm_.find(realm);
  if (members == realm_.end()) return values;
  for (const std::string& key : members->second) values.add(use_.at(key).proof);
  return values;
}

}  // namespace terrace
