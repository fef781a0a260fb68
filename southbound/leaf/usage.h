// What live holds use of a leaf's infrastructure: the one place where it is added up (R21: only
// leaves subtract). In memory; rebuilt from the holds' records at start.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "recursion/address_chooser.h"
#include "terrace/driver/v1/driver.pb.h"
#include "terrace/v1/addressing.pb.h"

namespace terrace {

struct NodeUse {
  std::uint64_t vcpus = 0;
  std::uint64_t memory_mib = 0;
  std::uint64_t instances = 0;
};

// A link's tunnel on a WAN port.
struct SegmentUse {
  std::string wan_port_id;
  std::uint32_t segment_id = 0;
  // The same link may come along several paths (R10).
  std::string root_link_id;
};

// What one hold uses.
struct HoldUse {
  // By node id.
  std::map<std::string, NodeUse> node;
  std::set<std::string> attachment;
  std::vector<SegmentUse> segment;
  v1::Proof proof;
};

class Usage {
 public:
  // In place of what that hold used before.
  void set(const std::string& key, HoldUse use);
  // True when it used anything.
  bool drop(const std::string& key);

  NodeUse of_node(const std::string& node_id) const;
  bool attachment_in_use(const std::string& attachment_id) const;
  // Whether another link has that id on that port.
  bool segment_taken(const SegmentUse& wanted) const;
  // The port's configured ranges less what is taken, ascending.
  std::vector<Problem::SegmentRange> free_segments(const driver::v1::WanPort& port) const;
  // What holds of that realm have chosen.
  UsedValues values_of(const std::string& realm) const;

 private:
  std::map<std::string, HoldUse> use_;
  // Sums, and who is in a realm, so that an order costs what it touches and not what is there.
  std::map<std::string, NodeUse> node_;
  std::map<std::string, std::uint32_t> attachment_;
  std::map<std::string, std::map<std::uint32_t, std::multiset<std::string>>> segment_;
  std::map<std::string, std::set<std::string>> realm_;
};

}  // namespace terrace
