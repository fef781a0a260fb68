// What emulated infrastructures of one process are made in: sites (one per driver), the parts
// applied at each, and the network between them. WAN ports that name the same underlay are on it
// together, so a VXLAN segment between two leaves connects when, and only when, both ends say so.
//
// A plain model: no time, no executor. One thread. It outlives the drivers that use it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "terrace/driver/v1/driver.pb.h"

namespace terrace {

// Packets that probes made a VNF handle.
struct EmulatedCounters {
  std::uint64_t received = 0;
  std::uint64_t forwarded = 0;
  std::uint64_t translated = 0;
  // That it answered or took in as their destination.
  std::uint64_t delivered = 0;
  std::uint64_t dropped = 0;
  bool operator==(const EmulatedCounters&) const = default;
};

class EmulatedUnderlay {
 public:
  using SiteId = std::uint64_t;

  struct VnfKey {
    std::string vnf_profile_id;
    std::uint32_t index = 1;
    auto operator<=>(const VnfKey&) const = default;
  };

  struct Part {
    driver::v1::DesiredPart desired;
    // Applied only so far: links, but no functions.
    bool half_made = false;
    std::map<VnfKey, EmulatedCounters> counters;
    // Functions that still start: they take and send nothing.
    std::set<VnfKey> starting;
    // Connections a load balancer has opened: it takes its backends in turn.
    std::map<VnfKey, std::uint64_t> turn;
  };

  struct Site {
    driver::v1::Inventory inventory;
    bool assume_far_ends = false;
    // By hold id.
    std::map<std::string, Part> part;
  };

  EmulatedUnderlay() = default;
  EmulatedUnderlay(const EmulatedUnderlay&) = delete;
  EmulatedUnderlay& operator=(const EmulatedUnderlay&) = delete;

  SiteId attach(const driver::v1::Inventory& inventory, bool assume_far_ends);
  // Its parts go with it.
  void detach(SiteId site);

  // Makes the part so, in place of what its hold had. Counters of functions that stay are kept.
  // Refuses what the site cannot make (INVALID_ARGUMENT: no such node, function, link or port) and
  // what another part has (FAILED_PRECONDITION: an attachment; ALREADY_EXISTS: a segment id).
  Status put(SiteId site, const driver::v1::DesiredPart& part);
  // Only its links.
  void put_half(SiteId site, const driver::v1::DesiredPart& part);
  void erase(SiteId site, const std::string& hold_id);

  // Null when there is none. Valid until the next put or erase.
  const Part* find(SiteId site, const std::string& hold_id) const;
  Part* find(SiteId site, const std::string& hold_id);
  const std::map<SiteId, Site>& sites() const { return site_; }

  // A link of a part, or a WAN port, that carries nothing until mended.
  void cut_link(SiteId site, const std::string& hold_id, const std::string& link_id, bool cut);
  void cut_wan_port(SiteId site, const std::string& wan_port_id, bool cut);
  bool link_cut(SiteId site, const std::string& hold_id, const std::string& link_id) const;
  bool wan_port_cut(SiteId site, const std::string& wan_port_id) const;

 private:
  Status check(const Site& site, const driver::v1::DesiredPart& part) const;

  std::map<SiteId, Site> site_;
  SiteId last_site_ = 0;
  std::set<std::tuple<SiteId, std::string, std::string>> cut_link_;
  std::set<std::tuple<SiteId, std::string>> cut_wan_port_;
};

namespace emulated {

// The inventory's entry of that id or name; null when there is none.
const driver::v1::Function* find_function(const driver::v1::Inventory& inventory,
                                          const std::string& name);
const driver::v1::WanPort* find_wan_port(const driver::v1::Inventory& inventory,
                                         const std::string& id);

}  // namespace emulated

}  // namespace terrace
