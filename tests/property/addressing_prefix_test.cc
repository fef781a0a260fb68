// Arithmetic of prefixes and sets of addresses, against counting one by one.
#include <gtest/gtest.h>

#include <set>

#include "recursion/mac.h"
#include "recursion/prefix.h"
#include "tests/property/addressing_support.h"

namespace terrace::test {
namespace {

constexpr int kCases = 10'000;

IpAddress random_address(Dice& dice) {
  const IpFamily family = dice.chance(50) ? IpFamily::kV4 : IpFamily::kV6;
  // Zeros in runs, as RFC 5952 shortens them.
  uint128 bits = dice.wide();
  for (unsigned group = 0; group < 8; ++group) {
    if (dice.chance(40)) bits &= ~(uint128{0xffff} << (16 * group));
  }
  return {family, bits};
}

TEST(AddressingPrefix, TextIsReadBack) {
  const std::uint64_t run = seed_of_run();
  for (int i = 0; i < kCases; ++i) {
    Dice dice(seed_of_case(run, static_cast<std::uint64_t>(i)));
    const IpAddress address = random_address(dice);
    const auto read = IpAddress::parse_canonical(address.str());
    ASSERT_TRUE(read.ok()) << address.str();
    ASSERT_EQ(*read, address);
    const auto length = static_cast<unsigned>(dice.between(0, width_of(address.family())));
    const Prefix prefix(address, length);
    ASSERT_EQ(*Prefix::parse(prefix.str()), prefix);
    ASSERT_EQ(Prefix::parse(address.str() + "/" + std::to_string(length)).ok(),
              address == prefix.first());
    const MacPrefix mac({static_cast<std::uint64_t>(dice.wide())},
                        static_cast<unsigned>(dice.between(0, 48)));
    ASSERT_EQ(*MacPrefix::parse(mac.str()), mac);
  }
}

TEST(AddressingPrefix, WhatIsTakenAndWhatIsLeftMakeTheWhole) {
  const std::uint64_t run = seed_of_run();
  for (int i = 0; i < kCases; ++i) {
    Dice dice(seed_of_case(run, static_cast<std::uint64_t>(i)));
    const IpAddress address = random_address(dice);
    const unsigned width = width_of(address.family());
    const auto length = static_cast<unsigned>(dice.between(0, width));
    const Prefix whole(address, length);
    const auto inner = static_cast<unsigned>(dice.between(length, width));
    const Prefix taken({address.family(), address.bits() ^ (dice.wide() & ~whole.first().bits() &
                                                            whole.last().bits())},
                       inner);
    ASSERT_TRUE(whole.contains(taken)) << whole.str() << " " << taken.str();
    std::vector<Prefix> pieces = whole.minus(taken);
    for (const Prefix& piece : pieces) {
      ASSERT_FALSE(piece.overlaps(taken));
      ASSERT_TRUE(whole.contains(piece));
    }
    pieces.push_back(taken);
    ASSERT_EQ(aggregate(pieces), std::vector<Prefix>{whole});
    if (const auto next = taken.next()) {
      ASSERT_EQ(next->first().bits() - taken.last().bits(), 1U);
    }
  }
}

TEST(AddressingPrefix, SetsCountAsOneByOne) {
  const std::uint64_t run = seed_of_run();
  for (int i = 0; i < kCases; ++i) {
    Dice dice(seed_of_case(run, static_cast<std::uint64_t>(i)));
    const IpAddress base = *IpAddress::parse(dice.chance(50) ? "10.0.0.0" : "fd00::");
    AddressSet set;
    std::set<std::uint64_t> counted;
    for (int step = 0; step < 12; ++step) {
      const auto first = dice.between(0, 60);
      const auto last = dice.between(first, 63);
      const AddressRange range{base.plus(first), base.plus(last)};
      const bool adding = dice.chance(60);
      if (adding) set.add(range);
      else set.remove(range);
      for (auto n = first; n <= last; ++n) {
        if (adding) counted.insert(n);
        else counted.erase(n);
      }
      if (dice.chance(20)) {
        const auto taken = set.take_lowest(dice.between(1, 10));
        for (uint128 n = 0; n < taken.count(); ++n) counted.erase(counted.begin());
      }
      ASSERT_EQ(set.count(), counted.size());
      for (std::uint64_t n = 0; n < 64; ++n) {
        ASSERT_EQ(set.contains(base.plus(n)), counted.contains(n));
      }
    }
  }
}

TEST(AddressingPrefix, SpaceGivesEveryPieceOnce) {
  const std::uint64_t run = seed_of_run();
  for (int i = 0; i < kCases; ++i) {
    Dice dice(seed_of_case(run, static_cast<std::uint64_t>(i)));
    const bool v4 = dice.chance(50);
    const IpFamily family = v4 ? IpFamily::kV4 : IpFamily::kV6;
    const Prefix whole(*IpAddress::parse(v4 ? "10.8.0.0" : "fd00:8::"), v4 ? 24 : 120);
    PrefixSpace space({whole});
    AddressSet taken;
    uint128 sum = 0;
    while (space.largest(family)) {
      const auto length = static_cast<unsigned>(dice.between(*space.largest(family),
                                                             width_of(family)));
      const auto piece = space.take(family, length);
      ASSERT_TRUE(piece.has_value());
      ASSERT_TRUE(whole.contains(*piece));
      ASSERT_FALSE(taken.overlaps(piece->range()));
      taken.add(piece->range());
      sum += piece->count();
      ASSERT_EQ(sum + space.count(family), whole.count());
    }
    ASSERT_EQ(sum, whole.count());
  }
}

}  // namespace
}  // namespace terrace::test
