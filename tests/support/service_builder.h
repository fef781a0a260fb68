// Services for tests of the recursion room, in a few lines; and the proof that a leaf would give.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "recursion/decompose.h"
#include "recursion/fragment_view.h"
#include "recursion/routes.h"
#include "terrace/v1/ns.pb.h"

namespace terrace::testing {

class ServiceBuilder {
 public:
  ServiceBuilder() {
    auto& nsd = *order_.mutable_nsd();
    nsd.set_id("service");
    nsd.set_name("service");
    nsd.add_df()->set_id("default");
    order_.set_nsd_digest("d1");
  }

  void link(const std::string& id) {
    if (!links_.insert(id).second) return;
    order_.mutable_nsd()->add_virtual_link_desc()->set_id("desc-" + id);
    auto& link = *df().add_virtual_link_profile();
    link.set_id(id);
    link.set_virtual_link_desc_id("desc-" + id);
  }

  void sap(const std::string& id, const std::string& on) {
    link(on);
    auto& sapd = *order_.mutable_nsd()->add_sapd();
    sapd.set_id(id);
    sapd.set_virtual_link_desc("desc-" + on);
  }

  // Connection points and the links they are on.
  v1::VnfProfile& function(const std::string& id, unsigned instances,
                           const std::vector<std::pair<std::string, std::string>>& cps) {
    auto& profile = *df().add_vnf_profile();
    profile.set_id(id);
    profile.set_vnfd_id("vnfd-" + id);
    profile.set_min_number_of_instances(instances);
    profile.set_max_number_of_instances(instances);
    for (const auto& [cpd, on] : cps) {
      link(on);
      auto& connectivity = *profile.add_virtual_link_connectivity();
      connectivity.set_virtual_link_profile_id(on);
      connectivity.add_constituent_cpd_id(cpd);
    }
    auto& ref = *order_.add_function();
    ref.set_vnfd_id("vnfd-" + id);
    ref.set_vnfd_digest("digest-" + id);
    return profile;
  }

  v1::Nfpd& path(const std::string& id) {
    auto& nsd = *order_.mutable_nsd();
    if (nsd.vnffgd_size() == 0) nsd.add_vnffgd()->set_id("graph");
    auto& path = *nsd.mutable_vnffgd(0)->add_nfpd();
    path.set_id(id);
    return path;
  }

  static void pass_sap(v1::Nfpd& path, const std::string& id) {
    path.add_position()->set_sapd_id(id);
  }
  static void pass(v1::Nfpd& path, const std::string& profile, const std::string& in,
                   const std::string& out) {
    auto& position = *path.add_position();
    position.set_vnf_profile_id(profile);
    position.set_ingress_cpd_id(in);
    position.set_egress_cpd_id(out);
  }

  v1::SapData& data(const std::string& sapd_id) {
    auto& data = *order_.mutable_params()->add_sap_data();
    data.set_sapd_id(sapd_id);
    return data;
  }

  v1::Fragment& order() { return order_; }
  v1::NsDf& df() { return *order_.mutable_nsd()->mutable_df(0); }

 private:
  v1::Fragment order_;
  std::set<std::string> links_;
};

// Prefixes of links, addresses of connection points: the same wherever a part is held.
struct World {
  std::map<std::string, std::vector<std::string>> prefix;
  // (profile, index, connection point)
  std::map<std::tuple<std::string, unsigned, std::string>, std::vector<std::string>> address;
  std::map<std::string, FunctionFacts> facts;
  std::uint32_t mtu = 1500;
};

inline v1::Proof leaf_proof(const v1::Fragment& fragment, const World& world) {
  v1::Proof proof;
  for (const auto& [id, view] : links_of(fragment)) {
    auto& link = *proof.add_link();
    link.set_link_id(id);
    link.set_mtu(world.mtu);
    for (const auto& prefix : world.prefix.at(id)) link.add_prefix(prefix);
  }
  std::map<Slot, int> index;
  for (const auto& slot : slots_of(fragment)) {
    index[slot] = proof.vnf_size();
    auto& vnf = *proof.add_vnf();
    vnf.set_vnf_profile_id(slot.vnf_profile_id);
    vnf.set_index(slot.index);
  }
  for (const auto& at : attachments_of(fragment)) {
    auto& cp = *proof.mutable_vnf(index.at(at.slot))->add_cp();
    cp.set_cpd_id(at.cpd_id);
    cp.set_link_id(at.link_id);
    for (const auto& address :
         world.address.at({at.slot.vnf_profile_id, at.slot.index, at.cpd_id})) {
      cp.add_address(address);
    }
  }
  for (const auto& sapd : fragment.nsd().sapd()) {
    auto& sap = *proof.add_sap();
    sap.set_sapd_id(sapd.id());
    sap.set_link_id(link_of_sap(fragment, sapd));
  }
  return proof;
}

// What an engine answers: its parts' proofs in one, announcements its own.
inline v1::Proof joined(const v1::Fragment& whole, const std::vector<v1::Proof>& proofs,
                        const Paths& paths) {
  v1::Proof proof;
  std::set<std::string> links;
  std::set<std::string> saps;
  for (const auto& sapd : whole.nsd().sapd()) saps.insert(sapd.id());
  for (const auto& part : proofs) {
    for (const auto& link : part.link()) {
      if (links.insert(link.link_id()).second) *proof.add_link() = link;
    }
    proof.mutable_vnf()->MergeFrom(part.vnf());
    for (const auto& sap : part.sap()) {
      if (saps.erase(sap.sapd_id()) > 0) *proof.add_sap() = sap;
    }
  }
  for (auto& said : announce(paths)) *proof.add_announcement() = std::move(said);
  return proof;
}

}  // namespace terrace::testing
