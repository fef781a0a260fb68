// The links of a part: bridges and their ports in its fabric, and interfaces in its VNFs.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "linux/links.h"
#include "linux/netns.h"
#include "terrace/driver/v1/driver.pb.h"

namespace terrace::netns {

// Nothing in the namespace speaks IPv6 of its own accord.
Status no_ipv6(const kernel::NetNs& ns);

// Bridges of a part's links and the ports in them, compared with what is there.
class Fabric {
 public:
  // Looks at what is there.
  static Result<Fabric> open(const kernel::NetNs& ns);

  const kernel::NetNs& ns() const { return ns_; }
  kernel::Netlink& netlink() { return netlink_; }
  // As it was when opened; null where it was not there.
  const kernel::Link* find(const std::string& name) const;

  // A bridge for each link, and nothing else but ports with these names (and probes').
  Status shape(const driver::v1::DesiredPart& part, const std::set<std::string>& ports);
  // Puts a port into a link's bridge, with the link's MTU and bit rate, and raises it.
  Status plug(const std::string& port, const driver::v1::DesiredLink& link);

 private:
  Fabric(const kernel::NetNs& ns, kernel::Netlink netlink)
      : ns_(ns), netlink_(std::move(netlink)) {}

  const kernel::NetNs& ns_;
  kernel::Netlink netlink_;
  std::map<std::string, kernel::Link> there_;
};

// One VNF's interfaces, addresses and routes, compared with what is there.
struct VnfPlumbing {
  const driver::v1::DesiredPart& part;
  const driver::v1::DesiredVnf& vnf;
  const kernel::NetNs& ns;
  Fabric& fabric;
};
Status plumb(const VnfPlumbing& work);

// Tells the neighbours on each link where its addresses are now. They may remember who had them
// before, and would send there for a minute and more. Once the links carry traffic.
Status announce(const driver::v1::DesiredVnf& vnf, const kernel::NetNs& ns);

// Until the namespace takes packets for the IPv6 addresses among these: the kernel joins their
// groups and inserts their routes on its own time, tells nobody, and a neighbour that asks before
// that asks again a second later.
Status wait_heard(const kernel::NetNs& ns, const std::vector<std::string>& addresses,
                  Duration within);

// What the kernel has, connection point by connection point (R15).
Status report(const driver::v1::DesiredVnf& vnf, const kernel::NetNs& ns,
              driver::v1::AppliedPart& applied);

// Forwarding or not; never configured by what others advertise.
Status set_manners(const kernel::NetNs& ns, bool forwards);

const driver::v1::DesiredLink* find_link(const driver::v1::DesiredPart& part,
                                         const std::string& link_id);

}  // namespace terrace::netns
