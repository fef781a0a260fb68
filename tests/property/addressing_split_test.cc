// Whatever the service and however it is divided, three tiers deep: envelopes stay within, apart
// and well-formed, and what leaves choose never meets.
#include <gtest/gtest.h>

#include <set>

#include "recursion/address_chooser.h"
#include "recursion/envelope_check.h"
#include "recursion/mac.h"
#include "recursion/proof.h"
#include "tests/property/addressing_support.h"

namespace terrace::test {
namespace {

constexpr int kCases = 10'000;

// A tree of tiers below one order.
class Tiers {
 public:
  explicit Tiers(Dice& dice) : dice_(dice) {}

  // Empty, or what went wrong.
  std::string descend(const v1::Envelope& envelope, const v1::Fragment& order, int tiers) {
    if (const Status status = check_envelope(envelope, order); !status) {
      return "check: " + describe(status.problem());
    }
    if (tiers == 0) return choose(envelope, order);
    const Cut cut = random_cut(dice_, order, dice_.between(1, 3));
    const auto children = split_envelope(envelope, order, cut.division, cut.stitching);
    if (!children) return "split: " + describe(children.problem());
    const auto again = split_envelope(envelope, order, cut.division, cut.stitching);
    for (std::size_t i = 0; i < children->size(); ++i) {
      const v1::Envelope& child = (*children)[i];
      if (child.SerializeAsString() != (*again)[i].SerializeAsString()) return "not repeatable";
      if (const Status status = within(envelope, child); !status) {
        return "within: " + describe(status.problem());
      }
    }
    if (const Status status = disjoint(*children); !status) {
      return "disjoint: " + describe(status.problem());
    }
    for (std::size_t i = 0; i < children->size(); ++i) {
      const std::string wrong = descend((*children)[i], cut.division.part[i], tiers - 1);
      if (!wrong.empty()) return wrong;
    }
    return {};
  }

 private:
  std::string choose(const v1::Envelope& envelope, const v1::Fragment& order) {
    auto proof = choose_addresses(envelope, order);
    if (!proof) return "choose: " + describe(proof.problem());
    complete(envelope, order, *proof);
    if (const Status status = check_proof(envelope, order, *proof); !status) {
      return "proof: " + describe(status.problem());
    }
    for (const auto& link : envelope.link()) {
      for (const auto& subnet : link.subnet()) {
        if (!link.has_stitching()) continue;
        if (!chosen_.insert(subnet.probe_address()).second) return "probe address twice";
      }
    }
    for (const auto& vnf : proof->vnf()) {
      for (const auto& cp : vnf.cp()) {
        for (const auto& address : cp.address()) {
          const std::string bare = address.substr(0, address.find('/'));
          if (!chosen_.insert(bare).second) return "address twice: " + address;
        }
      }
    }
    return {};
  }

  Dice& dice_;
  // Addresses of the realm, at all leaves.
  std::set<std::string> chosen_;
};

// Shows: R13, R14, R15
TEST(AddressingSplit, ThreeTiersStayWithinAndApart) {
  const std::uint64_t run = seed_of_run();
  for (int i = 0; i < kCases; ++i) {
    Dice dice(seed_of_case(run, static_cast<std::uint64_t>(i)));
    const v1::Fragment order = random_service(dice);
    const auto root = root_envelope(random_pools(dice), order, kRealm);
    ASSERT_TRUE(root.ok()) << describe(root.problem());
    const std::string wrong = Tiers(dice).descend(*root, order, static_cast<int>(i % 4));
    ASSERT_EQ(wrong, "") << "case " << i << "\n" << order.DebugString() << root->DebugString();
  }
}

// Pools that may be too small: a refusal is typed, anything else holds all the same.
// Shows: R13
TEST(AddressingSplit, SmallPoolsRefuseTypedOrFit) {
  const std::uint64_t run = seed_of_run();
  int refused = 0;
  for (int i = 0; i < kCases; ++i) {
    Dice dice(seed_of_case(run, static_cast<std::uint64_t>(i)));
    const v1::Fragment order = random_service(dice);
    AddressPools pools;
    const auto v4 = static_cast<unsigned>(dice.between(20, 29));
    const auto v6 = static_cast<unsigned>(dice.between(60, 125));
    if (dice.chance(60)) pools.prefixes.push_back({*IpAddress::parse("10.9.0.0"), v4});
    if (pools.prefixes.empty() || dice.chance(50)) {
      pools.prefixes.push_back({*IpAddress::parse("fd00::"), v6});
    }
    const auto root = root_envelope(pools, order, kRealm);
    if (!root) {
      ASSERT_EQ(root.problem().type(), "envelope.exhausted") << describe(root.problem());
      ++refused;
      continue;
    }
    const std::string wrong = Tiers(dice).descend(*root, order, static_cast<int>(i % 3));
    if (wrong.empty()) continue;
    ASSERT_TRUE(wrong.starts_with("split: link ") || wrong.starts_with("choose: link "))
        << "case " << i << ": " << wrong;
    ASSERT_NE(wrong.find(" missing"), std::string::npos) << wrong;
    ++refused;
  }
  EXPECT_GT(refused, kCases / 20);
  EXPECT_LT(refused, kCases * 19 / 20);
}

// One link, shared by as many parts as there are: it fits exactly, and with one address less one is
// missing.
// Shows: R13
TEST(AddressingSplit, NarrowEnvelopesAreExhaustedByExactlyOne) {
  const std::uint64_t run = seed_of_run();
  for (int i = 0; i < kCases; ++i) {
    Dice dice(seed_of_case(run, static_cast<std::uint64_t>(i)));
    const bool v4 = dice.chance(50);
    const auto parts = dice.between(2, 5);
    v1::Fragment whole;
    auto& df = *whole.mutable_nsd()->add_df();
    df.add_virtual_link_profile()->set_id("l");
    Division division;
    std::uint64_t points = 0;
    for (std::uint64_t part = 0; part < parts; ++part) {
      v1::Fragment fragment = whole;
      auto& profile = *fragment.mutable_nsd()->mutable_df(0)->add_vnf_profile();
      profile.set_id("f" + std::to_string(part));
      auto& connectivity = *profile.add_virtual_link_connectivity();
      connectivity.set_virtual_link_profile_id("l");
      connectivity.add_constituent_cpd_id("cp");
      const auto instances = dice.between(1, 9);
      for (std::uint32_t index = 1; index <= instances; ++index) {
        auto& slot = *fragment.add_slot();
        slot.set_vnf_profile_id(profile.id());
        slot.set_index(index);
      }
      points += instances;
      division.part.push_back(std::move(fragment));
    }
    // The parent's own probe address serves the first end; the others' come out of the range.
    const std::uint64_t needed = points + parts - 1;
    const Prefix prefix(*IpAddress::parse(v4 ? "10.1.2.0" : "fd00::"), v4 ? 24 : 120);
    const IpAddress first = prefix.first().plus(dice.between(2, 100));
    for (const bool enough : {true, false}) {
      v1::Envelope parent;
      parent.set_realm(kRealm);
      auto& link = *parent.add_link();
      link.set_link_id("l");
      link.set_root_link_id(kRealm);
      link.set_mtu(1500);
      link.set_mac_prefix("02:54:00:10:00:00/28");
      link.mutable_port_ids()->set_first(1);
      link.mutable_port_ids()->set_last(1000);
      auto& subnet = *link.add_subnet();
      subnet.set_prefix(prefix.str());
      subnet.set_probe_address(prefix.first().plus(1).str());
      auto& range = *subnet.add_assignable();
      range.set_first(first.str());
      range.set_last(first.plus(needed - (enough ? 1 : 2)).str());
      const auto children = split_envelope(parent, whole, division, {stitched("l", 7)});
      if (enough) {
        ASSERT_TRUE(children.ok()) << describe(children.problem());
        ASSERT_TRUE(disjoint(*children).ok());
        for (std::size_t part = 0; part < children->size(); ++part) {
          ASSERT_TRUE(choose_addresses((*children)[part], division.part[part]).ok());
        }
        continue;
      }
      ASSERT_FALSE(children.ok());
      const Problem& problem = children.problem();
      ASSERT_EQ(problem.code(), Problem::RESOURCE_EXHAUSTED);
      ASSERT_EQ(problem.type(), "envelope.exhausted");
      ASSERT_EQ(problem.where(0).resource(), "link/l");
      ASSERT_NE(problem.what().find(": 1 missing"), std::string::npos) << problem.what();
      ASSERT_EQ(problem.constraint().limit(), std::to_string(needed - 1));
      ASSERT_EQ(problem.constraint().actual(), std::to_string(needed));
    }
  }
}

}  // namespace
}  // namespace terrace::test
