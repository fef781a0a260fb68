// Random services, divided at random, for the properties of addressing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "recursion/division.h"
#include "recursion/envelope.h"

namespace terrace::test {

// TERRACE_SEED, or one drawn from the system; printed, so that a run can be repeated.
std::uint64_t seed_of_run();

// The seed of one case of a run.
std::uint64_t seed_of_case(std::uint64_t run, std::uint64_t index);

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  // Uniform, inclusive.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + random_.next() % (high - low + 1);
  }
  bool chance(unsigned percent) { return between(1, 100) <= percent; }
  uint128 wide() { return uint128{random_.next()} << 64 | random_.next(); }

 private:
  SeededRandom random_;
};

inline constexpr char kRealm[] = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

// "f1"... on "l1"..., each function on one to three links, some links with a customer's SAP.
v1::Fragment random_service(Dice& dice);

// Every slot and customer's SAP goes to one of at most `parts` parts; empty parts vanish. What is
// cut gets its "cut:" SAPs.
struct Cut {
  Division division;
  std::vector<StitchedLink> stitching;
};
Cut random_cut(Dice& dice, const v1::Fragment& whole, std::size_t parts);

// Over VXLAN, on the one underlay there is.
StitchedLink stitched(const std::string& link_id, std::uint32_t segment);

// IPv4, IPv6 or both; wide enough for any random service.
AddressPools random_pools(Dice& dice);

// What the leaf adds to what was chosen: instances' ids, SAPs, ends, an announcement for each SAP.
void complete(const v1::Envelope& envelope, const v1::Fragment& fragment, v1::Proof& proof);

}  // namespace terrace::test
