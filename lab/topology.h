// What a lab is made of, as its file says. See examples/three-tier/lab.yaml for every key.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace terrace::lab {

struct Below {
  std::string platform;
  // Percent on its prices; empty: none.
  std::string margin;
};

struct Location {
  std::string pop, zone, zone_group, country;
};

struct Node {
  std::string name;
  std::uint32_t vcpus = 0;
  std::uint64_t memory_mib = 0;
};

struct Function {
  std::string name;
  // Decimals; empty: nothing.
  std::string monthly, one_off;
};

// What a platform has of its own, at one site.
struct Infrastructure {
  std::string site;
  Location location;
  std::vector<Node> nodes;
  std::string currency;
  std::vector<Function> functions;
  // Segment ids it may use on the WAN.
  std::uint32_t first_segment = 0, last_segment = 0;
};

struct Platform {
  std::string name;
  std::string provider;
  // Addresses for orders that come without any.
  std::vector<std::string> addresses;
  std::vector<Below> below;
  std::optional<Infrastructure> infrastructure;
};

struct Site {
  std::string name;
  // On the WAN.
  std::string address;
};

// A customer's network: a namespace with one interface, at an attachment point of a site.
struct Customer {
  std::string name;
  std::string site;
  // The attachment point's name in the catalogue.
  std::string attachment;
  // With its prefix length; several: one of each family.
  std::vector<std::string> address;
};

// The underlay between the sites: one subnet.
struct Wan {
  std::string name;
  std::string subnet;
  std::uint32_t mtu = 1500;
};

struct Topology {
  std::string name;
  std::optional<Wan> wan;
  std::vector<Site> sites;
  std::vector<Platform> platforms;
  std::vector<Customer> customers;

  const Platform* platform(std::string_view wanted) const;
  // Those above, by index in `platforms`.
  std::vector<const Platform*> above(const Platform& platform) const;
};

// INVALID_ARGUMENT "lab.invalid" with a cause for every problem, each with its line: unknown keys,
// names that are taken, too long or no names, platforms and sites that are not there, a platform
// below itself, a site that no platform or more than one has, addresses outside the WAN.
Result<Topology> parse_topology(std::string_view text, const std::string& file_name);
Result<Topology> read_topology(const std::string& path);

}  // namespace terrace::lab
