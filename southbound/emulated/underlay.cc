#include "southbound/emulated/underlay.h"

#include <algorithm>

namespace terrace {
namespace {

using driver::v1::DesiredLink;
using driver::v1::DesiredPart;
using driver::v1::DesiredVnf;
using driver::v1::Inventory;
using emulated::find_function;
using emulated::find_wan_port;

Problem unknown(const std::string& kind, const std::string& id) {
  return make_problem(Problem::INVALID_ARGUMENT, "driver.unknown-" + kind,
                      "this infrastructure has no " + kind + " '" + id + "'")
      .at_resource(kind + "/" + id);
}

template <class Entries>
bool has_id(const Entries& entries, const std::string& id) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const auto& entry) { return entry.id() == id; });
}

Status check_link(const Inventory& inventory, const DesiredLink& link) {
  for (const std::string& id : link.attachment_id()) {
    if (!has_id(inventory.attachment(), id)) return unknown("attachment", id);
  }
  if (link.has_stitching() && find_wan_port(inventory, link.wan_port_id()) == nullptr) {
    return unknown("wan-port", link.wan_port_id());
  }
  return {};
}

Status check_vnf(const Inventory& inventory, const DesiredPart& part, const DesiredVnf& vnf) {
  if (!has_id(inventory.node(), vnf.node_id())) return unknown("node", vnf.node_id());
  if (find_function(inventory, vnf.function()) == nullptr) {
    return unknown("function", vnf.function());
  }
  for (const auto& cp : vnf.cp()) {
    const bool known = std::any_of(part.link().begin(), part.link().end(), [&](const auto& link) {
      return link.link_id() == cp.link_id();
    });
    if (!known) return unknown("link", cp.link_id());
  }
  return {};
}

// Two links that are not the same link and would have the same segment id on the same port.
bool same_segment(const DesiredLink& a, const DesiredLink& b) {
  if (!a.has_stitching() || !b.has_stitching() || a.wan_port_id() != b.wan_port_id()) return false;
  if (!a.root_link_id().empty() && a.root_link_id() == b.root_link_id()) return false;
  return a.stitching().encapsulation_type() == b.stitching().encapsulation_type() &&
         a.stitching().wan_segment_ids().wan_segment_id_value() ==
             b.stitching().wan_segment_ids().wan_segment_id_value();
}

Status check_against(const DesiredLink& wanted, const DesiredLink& there,
                     const std::string& owner) {
  if (same_segment(wanted, there)) {
    const auto id = std::to_string(wanted.stitching().wan_segment_ids().wan_segment_id_value());
    return make_problem(Problem::ALREADY_EXISTS, "segment.taken",
                        "segment id " + id + " is in use on port " + wanted.wan_port_id())
        .at_resource("hold/" + owner);
  }
  for (const std::string& id : wanted.attachment_id()) {
    const auto& others = there.attachment_id();
    if (std::find(others.begin(), others.end(), id) == others.end()) continue;
    return make_problem(Problem::FAILED_PRECONDITION, "attachment.in-use",
                        "attachment " + id + " is joined to another link")
        .at_resource("hold/" + owner);
  }
  return {};
}

}  // namespace

EmulatedUnderlay::SiteId EmulatedUnderlay::attach(const Inventory& inventory,
                                                  bool assume_far_ends) {
  Site& site = site_[++last_site_];
  site.inventory = inventory;
  site.assume_far_ends = assume_far_ends;
  return last_site_;
}

void EmulatedUnderlay::detach(SiteId site) {
  site_.erase(site);
}

Status EmulatedUnderlay::check(const Site& site, const DesiredPart& part) const {
  for (const auto& link : part.link()) {
    if (Status status = check_link(site.inventory, link); !status) return status;
  }
  for (const auto& vnf : part.vnf()) {
    if (Status status = check_vnf(site.inventory, part, vnf); !status) return status;
  }
  for (const auto& [hold_id, other] : site.part) {
    if (hold_id == part.hold_id()) continue;
    for (const auto& wanted : part.link()) {
      for (const auto& there : other.desired.link()) {
        if (Status status = check_against(wanted, there, hold_id); !status) return status;
      }
    }
  }
  return {};
}

Status EmulatedUnderlay::put(SiteId site_id, const DesiredPart& part) {
  Site& site = site_.at(site_id);
  if (Status status = check(site, part); !status) return status;
  Part made;
  made.desired = part;
  Part& place = site.part[part.hold_id()];
  for (const auto& vnf : part.vnf()) {
    const VnfKey key{vnf.vnf_profile_id(), vnf.index()};
    made.counters[key] = place.counters[key];
  }
  place = std::move(made);
  return {};
}

void EmulatedUnderlay::put_half(SiteId site, const DesiredPart& part) {
  Part& place = site_.at(site).part[part.hold_id()];
  place = Part{};
  place.desired = part;
  place.desired.clear_vnf();
  place.desired.clear_digest();
  place.half_made = true;
}

void EmulatedUnderlay::erase(SiteId site, const std::string& hold_id) {
  site_.at(site).part.erase(hold_id);
  std::erase_if(cut_link_, [&](const auto& cut) {
    return std::get<0>(cut) == site && std::get<1>(cut) == hold_id;
  });
}

const EmulatedUnderlay::Part* EmulatedUnderlay::find(SiteId site,
                                                     const std::string& hold_id) const {
  const auto at = site_.find(site);
  if (at == site_.end()) return nullptr;
  const auto found = at->second.part.find(hold_id);
  return found == at->second.part.end() ? nullptr : &found->second;
}

EmulatedUnderlay::Part* EmulatedUnderlay::find(SiteId site, const std::string& hold_id) {
  return const_cast<Part*>(std::as_const(*this).find(site, hold_id));
}

void EmulatedUnderlay::cut_link(SiteId site, const std::string& hold_id, const std::string& link_id,
                                bool cut) {
  const auto key = std::tuple(site, hold_id, link_id);
  if (cut) {
    cut_link_.insert(key);
  } else {
    cut_link_.erase(key);
  }
}

void EmulatedUnderlay::cut_wan_port(SiteId site, const std::string& wan_port_id, bool cut) {
  const auto key = std::tuple(site, wan_port_id);
  if (cut) {
    cut_wan_port_.insert(key);
  } else {
    cut_wan_port_.erase(key);
  }
}

bool EmulatedUnderlay::link_cut(SiteId site, const std::string& hold_id,
                                const std::string& link_id) const {
  return cut_link_.contains(std::tuple(site, hold_id, link_id));
}

bool EmulatedUnderlay::wan_port_cut(SiteId site, const std::string& wan_port_id) const {
  return cut_wan_port_.contains(std::tuple(site, wan_port_id));
}

namespace emulated {

const driver::v1::Function* find_function(const Inventory& inventory, const std::string& name) {
  for (const auto& function : inventory.function()) {
    if (function.name() == name) return &function;
  }
  return nullptr;
}

const driver::v1::WanPort* find_wan_port(const Inventory& inventory, const std::string& id) {
  for (const auto& port : inventory.wan_port()) {
    if (port.id() == id) return &port;
  }
  return nullptr;
}

}  // namespace emulated

}  // namespace terrace
