// Of the engine alone: the division as the record has it, and what its parts add up to.
#pragma once

#include <string>
#include <vector>

#include "recursion/division.h"
#include "recursion/engine_core.h"
#include "recursion/routes.h"

namespace terrace {

// The active parts as a division, with their proofs, and what they say of the paths.
struct Composition {
  std::vector<DelegatedPart*> parts;
  Division division;
  std::vector<v1::Proof> proofs;
  Paths paths;
};

Result<Composition> compose(record::v1::HoldRecord& record);

// R15: the proof that goes up: every value the parts chose, at our own prices, with the ends of the
// links that continue and the announcements of the whole.
Result<v1::Proof> composed_proof(const record::v1::HoldRecord& record,
                                 const Composition& composition, const EngineCore& core);

// A child's problem as our own: nothing of the child shows (R24).
Problem restated(const Problem& problem);

// The envelope that admits exactly what was proved (R8: hold again after a sibling expired).
v1::Envelope exact_envelope(const v1::Envelope& envelope, const v1::Proof& proof);

}  // namespace terrace
