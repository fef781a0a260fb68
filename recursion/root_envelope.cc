// The envelope of an order that came without one.
#include <algorithm>
#include <map>

#include "base/ids.h"
#include "recursion/envelope.h"
#include "recursion/fragment_view.h"
#include "recursion/mac.h"
#include "recursion/subnet.h"

namespace terrace {

namespace {

// Room for the lower tiers' divisions: 31 bits of ports, 32 of MACs behind "02:" and eight bits of
// the realm's.
constexpr std::uint32_t kLastPortId = 0x7fffffff;
constexpr unsigned kMacPrefixLength = 16;

MacPrefix mac_prefix_of(const std::string& realm) {
  const std::string id = uuid_v5(realm, "mac");
  const auto mac = MacAddress::parse("02:" + id.substr(0, 2) + ":00:00:00:00");
  return {mac.value(), kMacPrefixLength};
}

Problem malformed(const std::string& resource, const Problem& cause) {
  return make_problem(Problem::INVALID_ARGUMENT, "addressing.malformed", cause.what())
      .at_resource(resource)
      .cause(cause);
}

// What the order itself says of one link's addresses.
struct LinkWish {
  const LinkView* view = nullptr;
  bool has_sap = false;
  std::vector<SubnetPlan> subnets;
  std::vector<v1::Exclusion> excluded;
};

class RootEnvelope {
 public:
  RootEnvelope(const AddressPools& pools, const v1::Fragment& order, const std::string& realm)
      : pools_(pools),
        order_(order),
        realm_(realm),
        space_(pools.prefixes),
        links_(links_of(order)) {
    for (const auto& [id, view] : links_) wishes_[id].view = &view;
  }

  Result<v1::Envelope> make() {
    if (!is_uuid(realm_)) {
      return problem(Problem::INVALID_ARGUMENT, "addressing.malformed",
                     "the realm \"" + realm_ + "\" is no UUID");
    }
    for (const auto step :
         {&RootEnvelope::read_saps, &RootEnvelope::read_profiles, &RootEnvelope::keep_customers_out,
          &RootEnvelope::from_customers_address, &RootEnvelope::from_pools}) {
      if (Status status = (this->*step)(); !status) return status.problem();
    }
    return assemble();
  }

 private:
  // Customers' subnets and addresses, by the link their SAP is on.
  Status read_saps() {
    for (const auto& sapd : order_.nsd().sapd()) {
      const std::string link_id = link_of_sap(order_, sapd);
      const auto wish = wishes_.find(link_id);
      if (wish == wishes_.end()) {
        return make_problem(Problem::INVALID_ARGUMENT, "addressing.malformed",
                            "SAP " + sapd.id() + " is on no virtual link of the flavour")
            .at_resource("sap/" + sapd.id());
      }
      wish->second.has_sap = true;
      const v1::SapData* data = sap_data_of(order_, sapd.id());
      if (data == nullptr) continue;
      if (Status status = read_sap_data(*data, wish->second); !status) return status;
    }
    return {};
  }

  Status read_sap_data(const v1::SapData& data, LinkWish& wish) {
    const std::string resource = "sap/" + data.sapd_id();
    for (const auto& text : data.sap_protocol_data().subnet()) {
      const auto prefix = Prefix::parse(text);
      if (!prefix) return malformed(resource, prefix.problem());
      if (!has_subnet(wish, *prefix)) wish.subnets.push_back({*prefix, {}, {}, {}});
    }
    for (const auto& text : data.sap_protocol_data().ip_address()) {
      const auto address = IpAddress::parse_canonical(text);
      if (!address) return malformed(resource, address.problem());
      v1::Exclusion exclusion;
      exclusion.mutable_range()->set_first(text);
      exclusion.mutable_range()->set_last(text);
      exclusion.set_reason("the customer's own address at SAP " + data.sapd_id());
      wish.excluded.push_back(std::move(exclusion));
    }
    for (const auto& text : data.customer_prefix()) {
      const auto prefix = Prefix::parse(text);
      if (!prefix) return malformed(resource, prefix.problem());
      customer_prefixes_.push_back(*prefix);
    }
    return {};
  }

  static bool has_subnet(const LinkWish& wish, const Prefix& prefix) {
    return std::any_of(wish.subnets.begin(), wish.subnets.end(),
                       [&](const SubnetPlan& plan) { return plan.prefix == prefix; });
  }

  // Link profiles' own addresses: all of it where the customer said nothing, else what fits his.
  Status read_profiles() {
    for (auto& [id, wish] : wishes_) {
      const bool customers = !wish.subnets.empty();
      for (const auto& l3 : wish.view->profile->l3_protocol_data()) {
        if (l3.cidr().empty()) continue;
        if (Status status = read_l3(l3, "link/" + id, customers, wish); !status) return status;
      }
    }
    return {};
  }

  static Status read_l3(const v1::L3ProtocolData& l3, const std::string& resource, bool customers,
                        LinkWish& wish) {
    const auto prefix = Prefix::parse(l3.cidr());
    if (!prefix) return malformed(resource, prefix.problem());
    if (!has_subnet(wish, *prefix)) {
      if (customers) return {};
      wish.subnets.push_back({*prefix, {}, {}, {}});
    }
    const auto plan = std::find_if(wish.subnets.begin(), wish.subnets.end(),
                                   [&](const SubnetPlan& p) { return p.prefix == *prefix; });
    if (!l3.gateway_ip().empty()) {
      const auto gateway = IpAddress::parse_canonical(l3.gateway_ip());
      if (!gateway) return malformed(resource, gateway.problem());
      if (!prefix->contains(*gateway)) return outside(resource, l3.gateway_ip(), *prefix);
      plan->gateway = *gateway;
    }
    for (const auto& pool : l3.ip_allocation_pool()) {
      const auto range = AddressRange::parse(pool.start_ip_address(), pool.end_ip_address());
      if (!range) return malformed(resource, range.problem());
      if (!prefix->range().contains(*range)) return outside(resource, range->str(), *prefix);
      plan->pools.push_back(*range);
    }
    return {};
  }

  static Problem outside(const std::string& resource, const std::string& text,
                         const Prefix& prefix) {
    return make_problem(Problem::INVALID_ARGUMENT, "addressing.malformed",
                        text + " is not in " + prefix.str())
        .at_resource(resource)
        .constraint("link-prefix", prefix.str(), text);
  }

  // Links take their own prefixes out of the pools, and customers' networks theirs. A network wider
  // than the link (a default route, a campus) is reached around it: the longer prefix wins.
  Status keep_customers_out() {
    std::vector<std::pair<Prefix, std::string>> taken;
    for (const auto& [id, wish] : wishes_) {
      for (const SubnetPlan& plan : wish.subnets) {
        if (Status status = take(plan.prefix, "link " + id, taken); !status) return status;
      }
    }
    for (const Prefix& network : customer_prefixes_) {
      for (const auto& [prefix, who] : taken) {
        if (prefix.contains(network)) return overlap(prefix, who, network, "a customer's network");
      }
      if (network.length() > 0) space_.remove(network);
    }
    return {};
  }

  Status take(const Prefix& prefix, const std::string& who,
              std::vector<std::pair<Prefix, std::string>>& taken) {
    for (const auto& [other, whose] : taken) {
      if (other.overlaps(prefix)) return overlap(other, whose, prefix, who);
    }
    taken.emplace_back(prefix, who);
    space_.remove(prefix);
    return {};
  }

  static Problem overlap(const Prefix& a, const std::string& who, const Prefix& b,
                         const std::string& other) {
    return make_problem(Problem::INVALID_ARGUMENT, "addressing.overlap",
                        who + " has " + a.str() + " and " + other + " has " + b.str())
        .constraint("unique-prefix", "disjoint from " + a.str(), b.str())
        .possible("another prefix for one of them");
  }

  // A customer who gives an address and no subnet: the link's is the pools' one around it.
  Status from_customers_address() {
    for (auto& [id, wish] : wishes_) {
      if (!wish.subnets.empty()) continue;
      for (const auto& exclusion : wish.excluded) {
        const IpAddress address = *IpAddress::parse(exclusion.range().first());
        const bool v4 = address.family() == IpFamily::kV4;
        const Prefix around(address,
                            v4 ? pools_.link_prefix_length_v4 : pools_.link_prefix_length_v6);
        if (has_subnet(wish, around)) continue;
        const auto& free = space_.free();
        if (std::none_of(free.begin(), free.end(),
                         [&](const Prefix& prefix) { return prefix.contains(around); })) {
          return make_problem(Problem::INVALID_ARGUMENT, "addressing.malformed",
                              exclusion.reason() + ", " + address.str() +
                                  ", comes without its subnet, and is not in the platform's pools")
              .at_resource("link/" + id)
              .possible("sapProtocolData with the subnet of " + address.str());
        }
        space_.remove(around);
        wish.subnets.push_back({around, {}, {}, {}});
      }
    }
    return {};
  }

  Status from_pools() {
    std::vector<PrefixDemand> demands;
    for (const auto& [id, wish] : wishes_) {
      if (!wish.has_sap || !wish.subnets.empty()) continue;
      demands.push_back({id, wish.view->connection_points, 1, wish.view->families});
    }
    auto allotted = allot_prefixes(space_, demands,
                                   {pools_.link_prefix_length_v4, pools_.link_prefix_length_v6});
    if (!allotted) return allotted.problem();
    for (std::size_t i = 0; i < demands.size(); ++i) {
      for (const Prefix& prefix : (*allotted)[i]) {
        wishes_[demands[i].link_id].subnets.push_back({prefix, {}, {}, {}});
      }
    }
    return {};
  }

  Result<v1::Envelope> assemble() {
    v1::Envelope envelope;
    envelope.set_realm(realm_);
    for (auto& [id, wish] : wishes_) {
      if (wish.subnets.empty()) continue;
      if (Status status = add_link(id, wish, envelope); !status) return status.problem();
    }
    if (space_.free().empty()) return envelope;
    auto& carve = *envelope.add_carve();
    for (const Prefix& prefix : space_.free()) carve.add_prefix(prefix.str());
    carve.set_mac_prefix(mac_prefix_of(realm_).str());
    carve.mutable_port_ids()->set_first(1);
    carve.mutable_port_ids()->set_last(kLastPortId);
    carve.set_mtu(pools_.mtu);
    return envelope;
  }

  Status add_link(const std::string& id, LinkWish& wish, v1::Envelope& envelope) {
    auto& link = *envelope.add_link();
    link.set_link_id(id);
    std::vector<bool> placed(wish.excluded.size(), false);
    for (SubnetPlan& plan : wish.subnets) {
      for (std::size_t i = 0; i < wish.excluded.size(); ++i) {
        const IpAddress address = *IpAddress::parse(wish.excluded[i].range().first());
        if (!plan.prefix.contains(address)) continue;
        placed[i] = true;
        plan.excluded.push_back(wish.excluded[i]);
      }
      auto subnet = fresh_subnet(plan, id);
      if (!subnet) return subnet.problem();
      *link.add_subnet() = *std::move(subnet);
    }
    for (std::size_t i = 0; i < placed.size(); ++i) {
      if (placed[i]) continue;
      return make_problem(Problem::INVALID_ARGUMENT, "addressing.malformed",
                          wish.excluded[i].reason() + ", " + wish.excluded[i].range().first() +
                              ", is in none of the link's subnets")
          .at_resource("link/" + id)
          .constraint("link-prefix", link.subnet(0).prefix(), wish.excluded[i].range().first());
    }
    link.set_root_link_id(uuid_v5(realm_, "link/" + id + "/" + link.subnet(0).prefix()));
    const auto* profile = wish.view->profile;
    link.set_mtu(profile->has_mtu() ? std::min(profile->mtu(), pools_.mtu) : pools_.mtu);
    link.set_mac_prefix(mac_prefix_of(realm_).str());
    link.mutable_port_ids()->set_first(1);
    link.mutable_port_ids()->set_last(kLastPortId);
    return {};
  }

  const AddressPools& pools_;
  const v1::Fragment& order_;
  const std::string& realm_;
  PrefixSpace space_;
  const std::map<std::string, LinkView> links_;
  std::map<std::string, LinkWish> wishes_;
  std::vector<Prefix> customer_prefixes_;
};

}  // namespace

Result<v1::Envelope> root_envelope(const AddressPools& pools, const v1::Fragment& order,
                                   const std::string& realm) {
  return RootEnvelope(pools, order, realm).make();
}

}  // namespace terrace
