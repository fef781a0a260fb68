// The narrow interface of a driver: nothing but effects. What all infrastructure shares (what is
// held and used, address choice, expiry) is the Leaf's.
//
// Called on the executor's strand, never concurrently for one hold id; replies on that strand,
// never inside the call. A driver takes as long as it needs, elsewhere.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "recursion/platform.h"
#include "terrace/driver/v1/driver.pb.h"
#include "terrace/v1/platform.pb.h"

namespace terrace {

class Infrastructure {
 public:
  virtual ~Infrastructure() = default;

  // What there is in all, used or not. Called before anything else; constant while a daemon runs.
  virtual driver::v1::Inventory inventory() const = 0;

  // Makes the desired state of one part so, from whatever state it is in (nothing, half-made, made
  // before a restart). Replies with what was really made once it carries traffic: functions run and
  // listen. A failure leaves something half-made: `remove` follows.
  virtual void apply(const driver::v1::DesiredPart& part, Reply<driver::v1::AppliedPart> reply) = 0;

  // Takes down all that this hold has; replies once it is observed gone. Nothing there: done.
  virtual void remove(const std::string& hold_id, std::function<void(Status)> reply) = 0;

  // What is really there: of one hold, or (no id) everything this driver ever made (R27).
  virtual void inspect(std::optional<std::string> hold_id,
                       Reply<std::vector<v1::Resource>> reply) = 0;

  // Sends test traffic from a link of an applied part.
  virtual void probe(const driver::v1::ProbeOrder& order, Reply<v1::ProbeResult> reply) = 0;
};

}  // namespace terrace
