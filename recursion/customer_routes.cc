// The outermost end of routes: the customer.
#include <set>
#include <string>
#include <vector>

#include "recursion/decompose.h"
#include "recursion/fragment_view.h"
#include "recursion/route_set.h"
#include "recursion/routes.h"

namespace terrace {

namespace {

std::vector<std::string> addresses_of(const v1::SapData& data) {
  const auto& addresses = data.sap_protocol_data().ip_address();
  return {addresses.begin(), addresses.end()};
}

// Of each family the first: the customer's router.
std::vector<std::string> first_addresses(const v1::SapData& data) {
  std::vector<std::string> result;
  std::set<IpFamily> families;
  for (const auto& text : addresses_of(data)) {
    const auto address = address_of(text);
    if (address && families.insert(address->family()).second) result.push_back(address->str());
  }
  return result;
}

std::vector<std::string> own_hosts(const v1::SapData& data) {
  std::vector<std::string> result;
  for (const auto& text : addresses_of(data)) {
    if (const auto address = address_of(text)) {
      result.push_back(Prefix(*address, width_of(address->family())).str());
    }
  }
  return result;
}

v1::SapBinding behind(const v1::SapData* data, const std::string& sapd_id,
                      const std::string& path_id) {
  v1::SapBinding binding;
  binding.set_sapd_id(sapd_id);
  binding.set_path_id(path_id);
  if (data == nullptr) return binding;
  RouteSet routes;
  for (const auto& prefix : data->customer_prefix()) routes.add(prefix, first_addresses(*data));
  for (const auto& host : own_hosts(*data)) routes.add(host, addresses_of(*data));
  for (auto& route : routes.routes()) *binding.add_route() = std::move(route);
  return binding;
}

std::vector<std::string> link_prefixes(const v1::Proof& proof, const std::string& sapd_id) {
  for (const auto& sap : proof.sap()) {
    if (sap.sapd_id() != sapd_id) continue;
    for (const auto& link : proof.link()) {
      if (link.link_id() == sap.link_id()) return {link.prefix().begin(), link.prefix().end()};
    }
  }
  return {};
}

}  // namespace

v1::Bindings root_bindings(const v1::Fragment& order) {
  v1::Bindings bindings;
  for (const auto* path : paths_of(order)) {
    if (path->position_size() == 0) continue;
    for (const int index : {0, path->position_size() - 1}) {
      const std::string& sapd_id = path->position(index).sapd_id();
      if (sapd_id.empty() || is_cut_sap(sapd_id)) continue;
      *bindings.add_sap() = behind(sap_data_of(order, sapd_id), sapd_id, path->id());
    }
  }
  return bindings;
}

std::vector<v1::SapBinding> customer_routes(const v1::Fragment& order, const v1::Proof& proof) {
  std::vector<v1::SapBinding> result;
  for (const auto& said : proof.announcement()) {
    if (is_cut_sap(said.sapd_id())) continue;
    const std::vector<std::string> hops(said.next_hop().begin(), said.next_hop().end());
    RouteSet routes;
    for (const auto& prefix : said.originates()) routes.add(prefix, hops);
    for (const auto& sapd_id : said.passes_on()) {
      for (const auto& prefix : link_prefixes(proof, sapd_id)) routes.add(prefix, hops);
      const v1::SapData* data = sap_data_of(order, sapd_id);
      if (data == nullptr) continue;
      for (const auto& prefix : data->customer_prefix()) routes.add(prefix, hops);
      for (const auto& host : own_hosts(*data)) routes.add(host, hops);
    }
    RouteSet::Keep keep;
    for (const auto& text : link_prefixes(proof, said.sapd_id())) {
      if (const auto prefix = Prefix::parse(text)) keep.connected.push_back(*prefix);
    }
    v1::SapBinding binding;
    binding.set_sapd_id(said.sapd_id());
    binding.set_path_id(said.path_id());
    for (auto& route : routes.kept(keep).routes()) *binding.add_route() = std::move(route);
    if (binding.route_size() > 0) result.push_back(std::move(binding));
  }
  return result;
}

}  // namespace terrace
