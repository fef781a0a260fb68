// What a leaf is told: whose it is, what it sells of what its infrastructure has, how patient it
// is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "terrace/v1/capability.pb.h"
#include "terrace/v1/descriptor.pb.h"

namespace terrace {

// One of the infrastructure's functions, as it is sold. Offered at every PoP that has nodes.
struct LeafFunction {
  // The inventory's name for it.
  std::string function;
  // What it is called in the catalogue; empty: `function`.
  std::string capability;
  // A descriptor of the provider's own that an order may name without bringing it.
  std::optional<v1::Vnfd> descriptor;
  std::string descriptor_digest;
  // Runs descriptors that come with the order, if their image is one of the function's.
  bool brought = true;
  // For one instance.
  v1::Price price;
  Duration lead_time{0};
  std::vector<v1::QosClass> qos_class;
  v1::Sla sla;
};

struct LeafConfig {
  PlatformId platform_id;
  std::string provider;
  // Functions that are not listed are not offered.
  std::vector<LeafFunction> function;
  // Opaque and random, the same for the platform's life (R23).
  std::string origin;
  // Protocol features the catalogue names.
  std::vector<std::string> feature;
  // Of one boot of the store: marks the catalogue's revisions.
  std::string incarnation;

  // How long the catalogue may be relied on; renewed when half of it has passed.
  Duration catalogue_life = std::chrono::minutes(10);
  // Changes of capacity within it become one delta.
  Duration capacity_delay = std::chrono::milliseconds(20);
  // After this an apply that has not answered has failed. (What it does is removed once it
  // answers.)
  Duration apply_patience = std::chrono::minutes(5);
  // A path is probed again while its functions start, for so long.
  Duration probe_patience = std::chrono::seconds(15);
  Duration probe_timeout = std::chrono::seconds(1);
  Duration probe_pause = std::chrono::milliseconds(100);
  // A removal that fails is repeated; the pause doubles from the first to the last.
  Duration first_pause = std::chrono::milliseconds(200);
  Duration longest_pause = std::chrono::seconds(30);
};

}  // namespace terrace
