// What a lab that is up consists of, in DIR/state.json: for `down` after a crash, for `terrace -p
// NAME`, and for scripts (`terrace-lab status -o json` shows it with what is alive).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "lab/layout.h"
#include "linux/process.h"

namespace terrace::lab {

struct RunningPlatform {
  std::string name;
  std::string provider;
  std::string platform_id;
  // For its administrator.
  std::string address;
  // For platforms above.
  std::vector<std::string> listen;
  std::string network_namespace;
  std::string log;
  // Of the site it has; empty: none.
  std::string site;
  std::vector<std::string> below;
  kernel::ProcessId process;
};

struct Place {
  std::string name;
  std::string network_namespace;
  // On the WAN, or the customer's own.
  std::vector<std::string> address;
};

struct LabState {
  std::string name;
  std::string directory;
  // Absolute.
  std::string topology_file;
  std::vector<RunningPlatform> platforms;
  std::vector<Place> sites;
  std::vector<Place> customers;
};

// All of it but the processes.
LabState describe(const Layout& layout, const std::string& topology_file);

// As a whole or not at all.
Status save(const LabState& state);
// NOT_FOUND "lab.not-up"; DATA_LOSS "lab.bad-state".
Result<LabState> load(const std::string& directory);
// With `alive` for each platform.
std::string to_json(const LabState& state);

}  // namespace terrace::lab
