#include "tests/property/addressing_support.h"

#include <cstdlib>
#include <iostream>
#include <map>
#include <set>

#include "recursion/fragment_view.h"
#include "recursion/prefix.h"

namespace terrace::test {

std::uint64_t seed_of_run() {
  const char* given = std::getenv("TERRACE_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10)
                                              : SystemRandom().next();
  std::cout << "TERRACE_SEED=" << seed << std::endl;
  return seed;
}

std::uint64_t seed_of_case(std::uint64_t run, std::uint64_t index) {
  return SeededRandom(run + index * 0x9e3779b97f4a7c15U).next();
}

namespace {

void add_function(Dice& dice, const std::string& id, std::size_t links, v1::Fragment& fragment) {
  auto& df = *fragment.mutable_nsd()->mutable_df(0);
  auto& profile = *df.add_vnf_profile();
  profile.set_id(id);
  profile.set_vnfd_id("vnfd-" + id);
  auto& function = *fragment.add_function();
  function.set_vnfd_id(profile.vnfd_id());
  function.set_vnfd_digest("sha256:" + id);
  std::set<std::uint64_t> on;
  const auto wanted = dice.between(1, std::min<std::size_t>(3, links));
  while (on.size() < wanted) on.insert(dice.between(1, links));
  for (const std::uint64_t link : on) {
    auto& connectivity = *profile.add_virtual_link_connectivity();
    connectivity.set_virtual_link_profile_id("l" + std::to_string(link));
    const auto cps = dice.chance(15) ? 2 : 1;
    for (int cp = 1; cp <= cps; ++cp) {
      connectivity.add_constituent_cpd_id("cp" + std::to_string(link) + "-" + std::to_string(cp));
    }
  }
  const auto instances = dice.between(1, 3);
  for (std::uint32_t index = 1; index <= instances; ++index) {
    auto& slot = *fragment.add_slot();
    slot.set_vnf_profile_id(id);
    slot.set_index(index);
  }
}

void add_sap(const std::string& id, const std::string& link_id, v1::Fragment& fragment) {
  auto& sapd = *fragment.mutable_nsd()->add_sapd();
  sapd.set_id(id);
  sapd.set_virtual_link_desc("desc-" + link_id);
}

}  // namespace

v1::Fragment random_service(Dice& dice) {
  v1::Fragment fragment;
  auto& nsd = *fragment.mutable_nsd();
  nsd.set_id("nsd");
  auto& df = *nsd.add_df();
  df.set_id("df");
  const auto links = dice.between(1, 5);
  for (std::uint64_t i = 1; i <= links; ++i) {
    const std::string id = "l" + std::to_string(i);
    auto& profile = *df.add_virtual_link_profile();
    profile.set_id(id);
    profile.set_virtual_link_desc_id("desc-" + id);
    if (dice.chance(20)) profile.set_mtu(static_cast<std::uint32_t>(dice.between(1280, 9000)));
    nsd.add_virtual_link_desc()->set_id("desc-" + id);
  }
  const auto functions = dice.between(1, 5);
  for (std::uint64_t i = 1; i <= functions; ++i) {
    add_function(dice, "f" + std::to_string(i), links, fragment);
  }
  const auto saps = dice.between(1, 2);
  for (std::uint64_t i = 1; i <= saps; ++i) {
    const std::string id = "sap" + std::to_string(i);
    add_sap(id, "l" + std::to_string(dice.between(1, links)), fragment);
  }
  return fragment;
}

namespace {

// The links that one part has members of.
std::set<std::string> links_with_members(const v1::Fragment& part) {
  std::set<std::string> links;
  for (const Attachment& attachment : attachments_of(part)) links.insert(attachment.link_id);
  for (const auto& sapd : part.nsd().sapd()) {
    if (!is_cut_sap(sapd.id())) links.insert(link_of_sap(part, sapd));
  }
  return links;
}

void keep_links(const std::set<std::string>& links, v1::Fragment& part) {
  auto& profiles = *part.mutable_nsd()->mutable_df(0)->mutable_virtual_link_profile();
  for (int i = profiles.size() - 1; i >= 0; --i) {
    if (!links.contains(profiles[i].id())) profiles.DeleteSubrange(i, 1);
  }
}

}  // namespace

StitchedLink stitched(const std::string& link_id, std::uint32_t segment) {
  StitchedLink link{link_id, {}, 1450};
  link.stitching.set_underlay("wan");
  link.stitching.set_encapsulation_type(v1::Stitching::VXLAN);
  link.stitching.mutable_wan_segment_ids()->set_wan_segment_id_value(segment);
  return link;
}

Cut random_cut(Dice& dice, const v1::Fragment& whole, std::size_t parts) {
  std::map<std::uint64_t, v1::Fragment> by_number;
  const auto part_at = [&](std::uint64_t number) -> v1::Fragment& {
    auto [it, fresh] = by_number.try_emplace(number, whole);
    if (fresh) {
      it->second.clear_slot();
      it->second.mutable_nsd()->clear_sapd();
    }
    return it->second;
  };
  for (const auto& slot : whole.slot()) *part_at(dice.between(1, parts)).add_slot() = slot;
  std::set<std::string> continuing;
  for (const auto& sapd : whole.nsd().sapd()) {
    if (is_cut_sap(sapd.id())) continuing.insert(link_of_sap(whole, sapd));
    else *part_at(dice.between(1, parts)).mutable_nsd()->add_sapd() = sapd;
  }
  Cut cut;
  std::map<std::string, std::vector<std::size_t>> holders;
  for (auto& [number, part] : by_number) {
    // Without slots of its own it would stand for what the flavour says.
    if (part.slot().empty()) part.mutable_nsd()->mutable_df(0)->clear_vnf_profile();
    const auto links = links_with_members(part);
    keep_links(links, part);
    for (const auto& link : links) holders[link].push_back(cut.division.part.size());
    cut.division.part.push_back(part);
  }
  std::uint32_t segment = 7000;
  for (const auto& [link, held_by] : holders) {
    if (held_by.size() > 1) {
      cut.division.cut.push_back({link, held_by});
      cut.stitching.push_back(stitched(link, ++segment));
    }
    if (held_by.size() < 2 && !continuing.contains(link)) continue;
    for (const std::size_t part : held_by) add_sap("cut:" + link, link, cut.division.part[part]);
  }
  return cut;
}

AddressPools random_pools(Dice& dice) {
  AddressPools pools;
  const auto families = dice.between(1, 3);
  if ((families & 1) != 0) pools.prefixes.push_back(*Prefix::parse("10.0.0.0/8"));
  if ((families & 2) != 0) pools.prefixes.push_back(*Prefix::parse("fd00:10::/32"));
  return pools;
}

void complete(const v1::Envelope& envelope, const v1::Fragment& fragment, v1::Proof& proof) {
  int number = 0;
  std::map<std::string, std::string> hop;
  for (auto& vnf : *proof.mutable_vnf()) {
    vnf.set_vnf_instance_id("instance-" + std::to_string(++number));
    for (const auto& cp : vnf.cp()) {
      hop[cp.link_id()] = InterfaceAddress::parse(cp.address(0))->address.str();
    }
  }
  for (const auto& sapd : fragment.nsd().sapd()) {
    auto& sap = *proof.add_sap();
    sap.set_sapd_id(sapd.id());
    sap.set_link_id(link_of_sap(fragment, sapd));
    if (!is_cut_sap(sapd.id())) sap.set_attachment_point_id("ap-" + sapd.id());
    const auto first = hop.find(sap.link_id());
    if (first == hop.end()) continue;
    auto& announcement = *proof.add_announcement();
    announcement.set_sapd_id(sapd.id());
    announcement.add_next_hop(first->second);
    for (const auto& link : proof.link()) announcement.add_originates(link.prefix(0));
    auto& target = *announcement.add_target();
    target.set_address(first->second);
    target.set_protocol("tcp");
    target.set_port(80);
  }
  for (const auto& link : envelope.link()) {
    if (!link.has_stitching()) continue;
    auto& end = *proof.add_end();
    end.set_link_id(link.link_id());
    end.set_end_id("end-" + link.link_id());
    end.set_vtep("192.0.2.1");
    end.set_port(4789);
  }
}

}  // namespace terrace::test
