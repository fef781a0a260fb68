// Where everything of a lab is: derived from its topology and its directory, nothing chosen twice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lab/topology.h"

namespace terrace::lab {

// A parent and its child: a veth pair, and an address for each end. Nobody else has a way there.
struct Relation {
  std::string parent, child;
  // Without prefix length; /30.
  std::string parent_address, child_address;
  // Names of the two ends.
  std::string parent_link, child_link;
};

class Layout {
 public:
  // `directory`: the lab's own, absolute. Both outlive it.
  Layout(const Topology& topology, std::string directory);

  const Topology& topology() const { return topology_; }
  const std::string& directory() const { return directory_; }
  const std::vector<Relation>& relations() const { return relations_; }

  std::string namespaces() const { return directory_ + "/ns"; }
  std::string platform_namespace(const std::string& name) const;
  std::string site_namespace(const std::string& name) const;
  std::string customer_namespace(const std::string& name) const;
  std::string wan_namespace() const { return namespaces() + "/wan"; }

  std::string platform_directory(const std::string& name) const;
  // For its administrator: a socket in the file system, which no network leads to.
  std::string admin_address(const std::string& name) const;
  std::string config_path(const std::string& name) const;
  std::string log_path(const std::string& name) const;
  // Of a platform's netns infrastructure.
  std::string infrastructure_directory(const std::string& name) const;
  // Of parts made: their namespaces' files.
  std::string function_namespaces(const std::string& name) const;
  // The daemons' PATH: a directory with nothing in it.
  std::string empty_path() const { return directory_ + "/no-programs"; }

  // UUIDs, the same for the same lab and name.
  std::string platform_id(const std::string& name) const;
  std::string attachment_id(const Customer& customer) const;
  std::string interconnect_id(const std::string& site) const;

  // Links in a site: towards the WAN, and to its customers.
  static constexpr char kWanLink[] = "wan";
  static constexpr char kCustomerLink[] = "eth0";
  std::string attachment_link(const Customer& customer) const;
  std::string wan_port(const std::string& site) const;

 private:
  std::string id(const std::string& name) const;

  const Topology& topology_;
  const std::string directory_;
  std::vector<Relation> relations_;
};

// The port that daemons listen on for the platforms above.
inline constexpr std::uint16_t kApiPort = 7100;

// A daemon's configuration: docs/reference/configuration.md.
std::string daemon_config(const Layout& layout, const Platform& platform);

}  // namespace terrace::lab
