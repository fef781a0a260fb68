// A lab, from up to down.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "lab/state.h"

namespace terrace::lab {

struct LabOptions {
  // Each lab has a directory of its own name below it.
  std::string run_directory = "/run/terrace/labs";
  // The daemon's program, and what its environment has beside an empty PATH ("NAME=value").
  std::string terraced;
  std::vector<std::string> environment = {};
  Duration patience = std::chrono::seconds(30);
};

// Makes all that the topology says and starts the daemons; returns when every platform's catalogue
// shows what is offered below it. A lab that is up already: its state, and `was_up`. On failure
// everything is undone. FAILED_PRECONDITION "lab.half-up" where another run left something.
// `say` gets a line for each step.
struct Raised {
  LabState state;
  bool was_up = false;
};
Result<Raised> up(const LabOptions& options, const std::string& topology_file, std::ostream& say);

// Stops a platform's daemon, if it still runs, and starts it anew as `options` say; returns when
// all platforms' catalogues show what is offered below them. What its infrastructure made runs on.
// NOT_FOUND "lab.no-such-place"; else problems as of up(), without the undoing. The state is
// `state` with the new process, and is saved.
Result<LabState> restart(const LabOptions& options, LabState state, const std::string& platform);

// Stops the daemons, ends what else runs in the lab's namespaces, drops them and all files. False:
// there was nothing. Repeating it is harmless, and it needs no state to have been written.
Result<bool> down(const LabOptions& options, const std::string& name);

// The lab of that name; with none, the one that is up. NOT_FOUND "lab.not-up", or
// INVALID_ARGUMENT "lab.which" where several are.
Result<LabState> find(const LabOptions& options, const std::string& name);

// The namespace of a platform, a site, a customer ("client"), "wan", or a function that was made:
// "firewall-1", or with its platform "edge/firewall-1". NOT_FOUND "lab.no-such-place" lists those
// there are; INVALID_ARGUMENT "lab.which-place".
Result<std::string> find_namespace(const LabState& state, const std::string& name);

}  // namespace terrace::lab
