// Random services, cut at random on one or two levels: fragments go together again, routes come out
// as if nothing had been cut, and packets that follow them visit the path's functions in order.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/random.h"
#include "recursion/route_set.h"
#include "tests/support/service_builder.h"

namespace terrace {
namespace {

using driver::v1::Function;
using testing::ServiceBuilder;
using testing::World;

constexpr std::uint64_t kSeeds = 250;

struct Service {
  v1::Fragment order;
  World world;
  // The functions of the path, in order.
  std::vector<std::string> chain;
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_.next() % bound; }

  // One chain; links are sometimes shared by neighbouring hops, instances are several.
  Service chain() {
    Service result;
    ServiceBuilder service;
    const std::size_t functions = 1 + below(6);
    std::vector<std::string> hop{"l0"};
    for (std::size_t i = 1; i <= functions; ++i) {
      const bool is_shared = below(5) == 0;
      hop.push_back(is_shared ? hop.back() : "l" + std::to_string(i));
    }
    service.sap("client", "l0");
    auto& path = service.path("p");
    ServiceBuilder::pass_sap(path, "client");
    const bool ends_in_sap = below(4) == 0;
    for (std::size_t i = 0; i < functions; ++i) {
      const bool is_last = i + 1 == functions && !ends_in_sap;
      add_function(service, result, path, "f" + std::to_string(i), hop[i],
                   is_last ? "" : hop[i + 1]);
    }
    if (ends_in_sap) {
      service.sap("far", hop.back());
      ServiceBuilder::pass_sap(path, "far");
    }
    service.function("idle", 1, {{"x", "l0"}});
    add_address(result.world, "idle", 1, "x", "l0");
    add_customer(service, "client", 0);
    if (ends_in_sap) add_customer(service, "far", hop.size() - 1);
    for (std::size_t i = 0; i < hop.size(); ++i) {
      result.world.prefix[hop[i]] = {prefix(hop[i])};
    }
    result.order = service.order();
    return result;
  }

  // Slots and SAPs to one to three parts, all in use.
  Assignment cut(const v1::Fragment& whole, std::size_t most) {
    const std::size_t parts = 1 + below(most);
    std::map<std::size_t, std::size_t> used;
    Assignment assignment;
    const auto part = [&] { return used.emplace(below(parts), used.size()).first->second; };
    for (const auto& slot : whole.slot()) {
      assignment.slot[{slot.vnf_profile_id(), slot.index()}] = part();
    }
    for (const auto& sapd : whole.nsd().sapd()) {
      if (!is_cut_sap(sapd.id())) assignment.sap[sapd.id()] = part();
    }
    return assignment;
  }

 private:
  static std::string prefix(const std::string& link) { return "10." + link.substr(1) + ".0.0/16"; }

  void add_function(ServiceBuilder& service, Service& result, v1::Nfpd& path,
                    const std::string& id, const std::string& in, const std::string& out) {
    const unsigned instances = 1 + static_cast<unsigned>(below(3));
    std::vector<std::pair<std::string, std::string>> cps{{"in", in}};
    const bool has_out = !out.empty() && out != in;
    if (has_out) cps.emplace_back("out", out);
    service.function(id, instances, cps);
    ServiceBuilder::pass(path, id, "in", out.empty() ? "" : has_out ? "out" : "in");
    for (unsigned index = 1; index <= instances; ++index) {
      add_address(result.world, id, index, "in", in);
      if (has_out) add_address(result.world, id, index, "out", out);
    }
    const auto dice = below(10);
    auto& behaviour = result.world.facts[id].behaviour;
    behaviour = dice < 6   ? Function::TRANSPARENT
                : dice < 8 ? Function::TRANSLATING
                           : Function::TERMINATING;
    result.chain.push_back(id);
  }

  void add_address(World& world, const std::string& profile, unsigned index,
                   const std::string& cpd, const std::string& link) {
    const unsigned host = ++hosts_[link];
    world.address[{profile, index, cpd}] = {"10." + link.substr(1) + ".1." +
                                            std::to_string(host) + "/16"};
  }

  void add_customer(ServiceBuilder& service, const std::string& sap, std::size_t hop) {
    auto& data = service.data(sap);
    const auto& nsd = service.order().nsd();
    std::string link;
    for (const auto& sapd : nsd.sapd()) {
      if (sapd.id() == sap) link = sapd.virtual_link_desc().substr(5);
    }
    data.mutable_sap_protocol_data()->add_ip_address("10." + link.substr(1) + ".0." +
                                                     std::to_string(100 + hop));
    data.add_customer_prefix("172.16." + std::to_string(hop) + ".0/24");
  }

  SeededRandom random_;
  std::map<std::string, unsigned> hosts_;
};

using Told = std::map<Slot, InstanceRoutes>;

// A platform: cuts at random so often, then is a leaf.
class Node {
 public:
  Node(v1::Fragment fragment, const World& world, Generator& generator, int levels)
      : fragment_(std::move(fragment)), world_(world) {
    if (levels == 0) {
      proof_ = testing::leaf_proof(fragment_, world_);
      paths_ = *leaf_paths(fragment_, proof_, world_.facts);
      for (auto& said : announce(paths_)) *proof_.add_announcement() = std::move(said);
      return;
    }
    const Division division = *divide(fragment_, generator.cut(fragment_, 3));
    std::vector<v1::Proof> proofs;
    for (const auto& part : division.part) {
      const auto normal = normalise(part);
      EXPECT_TRUE(normal.ok()) << describe(normal.problem());
      EXPECT_EQ(normal->SerializeAsString(), part.SerializeAsString());
      parts_.push_back(std::make_unique<Node>(*normal, world_, generator, levels - 1));
      proofs.push_back(parts_.back()->proof_);
    }
    const auto paths = part_paths(fragment_, division, proofs);
    EXPECT_TRUE(paths.ok()) << describe(paths.problem());
    paths_ = *paths;
    proof_ = testing::joined(fragment_, proofs, paths_);
  }

  void commit(const v1::Bindings& bindings, Told& told) const {
    if (parts_.empty()) {
      const auto routes = instance_routes(paths_, bindings);
      ASSERT_TRUE(routes.ok()) << describe(routes.problem());
      for (const auto& [node, one] : *routes) {
        const auto& vnf = proof_.vnf(static_cast<int>(node));
        told[{vnf.vnf_profile_id(), vnf.index()}] = one;
      }
      return;
    }
    const auto bound = part_bindings(paths_, parts_.size(), bindings);
    for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i]->commit(bound[i], told);
  }

  const v1::Proof& proof() const { return proof_; }

 private:
  v1::Fragment fragment_;
  const World& world_;
  v1::Proof proof_;
  Paths paths_;
  std::vector<std::unique_ptr<Node>> parts_;
};

std::string text(const v1::Fragment& whole, const Told& told) {
  std::string result;
  for (const auto& slot : whole.slot()) {
    const auto at = told.find({slot.vnf_profile_id(), slot.index()});
    if (at == told.end()) continue;
    result += slot.vnf_profile_id() + "/" + std::to_string(slot.index()) + ":";
    for (const auto& route : at->second.route) {
      result += " " + route.prefix() + ">";
      for (const auto& hop : route.next_hop()) result += hop + ",";
    }
    auto backends = at->second.backend;
    std::sort(backends.begin(), backends.end());
    for (const auto& backend : backends) result += " b" + backend;
    result += "\n";
  }
  return result;
}

// Forwards packets as hosts do: connected links and routes, the longest prefix.
class Network {
 public:
  Network(const v1::Fragment& whole, const Node& flat, const Told& told) : told_(told) {
    for (const auto& vnf : flat.proof().vnf()) {
      const Slot slot{vnf.vnf_profile_id(), vnf.index()};
      for (const auto& cp : vnf.cp()) {
        const auto address = *InterfaceAddress::parse(cp.address(0));
        owner_[address.address] = slot;
        links_[slot].push_back(address.prefix());
        address_[{slot, cp.cpd_id()}] = address.address;
      }
    }
    customer_ = customer_routes(whole, flat.proof());
  }

  // From a customer: how he routes.
  std::vector<std::string> from_customer(const IpAddress& to, const Prefix& own) const {
    RouteSet routes;
    for (const auto& binding : customer_) {
      if (binding.sapd_id() != "client") continue;
      for (const auto& route : binding.route()) routes.add(route);
    }
    return follow(next(routes, {own}, to), to);
  }

  // From an instance.
  std::vector<std::string> from(const Slot& slot, const IpAddress& to) const {
    return follow(hop_at(slot, to), to);
  }

  IpAddress address(const Slot& slot, const std::string& cpd) const {
    return address_.at({slot, cpd});
  }

 private:
  static std::optional<IpAddress> next(const RouteSet& routes, const std::vector<Prefix>& links,
                                       const IpAddress& to) {
    unsigned length = 0;
    const auto* hops = routes.find(to, &length);
    for (const Prefix& link : links) {
      if (link.contains(to) && (hops == nullptr || link.length() >= length)) return to;
    }
    if (hops == nullptr) return std::nullopt;
    return *hops->begin();
  }

  std::optional<IpAddress> hop_at(const Slot& slot, const IpAddress& to) const {
    RouteSet routes;
    if (const auto at = told_.find(slot); at != told_.end()) {
      for (const auto& route : at->second.route) routes.add(route);
    }
    return next(routes, links_.at(slot), to);
  }

  // The functions passed, in order; "lost" where it ends elsewhere.
  std::vector<std::string> follow(std::optional<IpAddress> hop, const IpAddress& to) const {
    std::vector<std::string> passed;
    for (int hops = 0; hops < 32; ++hops) {
      if (!hop) return {"lost"};
      const auto owner = owner_.find(*hop);
      if (owner == owner_.end()) {
        // A customer's address, or his router's.
        passed.push_back("customer");
        return passed;
      }
      passed.push_back(owner->second.vnf_profile_id);
      if (owner_.count(to) != 0 && owner_.at(to) == owner->second) return passed;
      hop = hop_at(owner->second, to);
    }
    return {"loop"};
  }

  const Told& told_;
  std::map<IpAddress, Slot> owner_;
  std::map<Slot, std::vector<Prefix>> links_;
  std::map<std::pair<Slot, std::string>, IpAddress> address_;
  std::vector<v1::SapBinding> customer_;
};

// Every section of the path, there and back.
void check_traffic(const Service& service, const v1::Fragment& whole, const Network& network) {
  const auto& chain = service.chain;
  const auto& data = whole.params().sap_data();
  const bool has_far = whole.nsd().sapd_size() > 1;
  const auto client = *IpAddress::parse(sap_data_of(whole, "client")->sap_protocol_data()
                                            .ip_address(0));
  // The first section's start is the customer, who is answered at this address.
  std::optional<std::size_t> start;
  IpAddress answer_to = client;
  std::vector<std::string> there;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const auto behaviour = service.world.facts.at(chain[i]).behaviour;
    const bool is_end = i + 1 == chain.size() && !has_far;
    there.push_back(chain[i]);
    if (behaviour == Function::TERMINATING || is_end) {
      const IpAddress target = network.address({chain[i], 1}, "in");
      const Prefix own(client, 16);
      const auto went = start ? network.from({chain[*start], 1}, target)
                              : network.from_customer(target, own);
      EXPECT_EQ(went, there) << "to " << target.str();
      // Back to whoever is seen as the sender: a translating function, or the section's start.
      std::vector<std::string> back(there.rbegin() + 1, there.rend());
      if (start) back.push_back(chain[*start]);
      else back.push_back("customer");
      std::size_t translated = 0;
      for (std::size_t j = 0; j + 1 < there.size(); ++j) {
        const std::size_t index = i - there.size() + 1 + j;
        const bool is_translating =
            service.world.facts.at(chain[index]).behaviour == Function::TRANSLATING;
        if (!is_translating) continue;
        translated = index + 1;
      }
      if (translated > 0) {
        const Slot nat{chain[translated - 1], 1};
        const auto& positions = whole.nsd().vnffgd(0).nfpd(0).position();
        const auto& position = positions[static_cast<int>(translated)];
        answer_to = network.address(nat, position.egress_cpd_id());
        back.assign(there.rbegin() + 1, there.rbegin() + 1 +
                                            static_cast<std::ptrdiff_t>(i - translated + 1));
      }
      EXPECT_EQ(network.from({chain[i], 1}, answer_to), back) << "back to " << answer_to.str();
      start = i;
      there.clear();
      const auto& positions = whole.nsd().vnffgd(0).nfpd(0).position();
      const auto& egress = positions[static_cast<int>(i) + 1].egress_cpd_id();
      if (!egress.empty()) answer_to = network.address({chain[i], 1}, egress);
    }
  }
  EXPECT_GT(data.size(), 0);
}

// Shows: R2
TEST(Division, ReassemblesWhatItCut) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Generator generator(seed);
    const auto whole = normalise(generator.chain().order);
    ASSERT_TRUE(whole.ok()) << describe(whole.problem());
    const auto division = divide(*whole, generator.cut(*whole, 4));
    ASSERT_TRUE(division.ok());
    const auto again = reassemble(*division);
    ASSERT_TRUE(again.ok()) << describe(again.problem());
    ASSERT_EQ(again->DebugString(), whole->DebugString());
    for (const auto& part : division->part) {
      const auto second = divide(part, generator.cut(part, 3));
      ASSERT_TRUE(second.ok());
      ASSERT_EQ(reassemble(*second)->DebugString(), part.DebugString());
    }
  }
}

// Shows: R17, R18, R19
TEST(Routes, AreTheSameHoweverTheServiceIsCut) {
  int several = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Generator generator(seed);
    const Service service = generator.chain();
    const v1::Fragment whole = *normalise(service.order);
    Told flat_told;
    Node(whole, service.world, generator, 0).commit(root_bindings(whole), flat_told);
    for (int levels = 1; levels <= 2; ++levels) {
      Told told;
      const Node tree(whole, service.world, generator, levels);
      tree.commit(root_bindings(whole), told);
      ASSERT_EQ(text(whole, told), text(whole, flat_told)) << levels << " levels";
      several += told.size() > 2;
    }
  }
  EXPECT_GT(several, 100);
}

// Shows: R17, R18
TEST(Routes, LeadThroughThePathInOrderBothWays) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Generator generator(seed);
    const Service service = generator.chain();
    const v1::Fragment whole = *normalise(service.order);
    Told told;
    const Node tree(whole, service.world, generator, 2);
    tree.commit(root_bindings(whole), told);
    const Network network(whole, tree, told);
    check_traffic(service, whole, network);
    if (::testing::Test::HasFailure()) FAIL() << text(whole, told) << whole.nsd().DebugString();
  }
}

}  // namespace
}  // namespace terrace
