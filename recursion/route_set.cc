#include "recursion/route_set.h"

#include <algorithm>

namespace terrace {

bool is_host(const Prefix& prefix) {
  return prefix.length() == width_of(prefix.family());
}

std::optional<IpAddress> address_of(const std::string& text) {
  const auto parsed = IpAddress::parse(text.substr(0, text.find('/')));
  if (!parsed) return std::nullopt;
  return *parsed;
}

void RouteSet::add(const std::string& prefix, const std::vector<std::string>& next_hops) {
  const auto parsed = Prefix::parse(prefix);
  if (!parsed) return;
  std::set<IpAddress> hops;
  for (const auto& text : next_hops) {
    const auto hop = address_of(text);
    if (hop && hop->family() == parsed->family()) hops.insert(*hop);
  }
  if (hops.empty()) return;
  auto& entry = entries_[*parsed];
  entry.insert(hops.begin(), hops.end());
  if (is_host(*parsed) && entry.count(parsed->first()) != 0) entry = {parsed->first()};
}

void RouteSet::add(const v1::Route& route) {
  const auto prefix = Prefix::parse(route.prefix());
  if (route.next_hop().empty() && prefix) add_on_link(*prefix);
  add(route.prefix(), {route.next_hop().begin(), route.next_hop().end()});
}

void RouteSet::add(const RouteSet& other) {
  for (const auto& [prefix, hops] : other.entries_) {
    std::vector<std::string> texts;
    for (const auto& hop : hops) texts.push_back(hop.str());
    if (texts.empty()) add_on_link(prefix);
    add(prefix.str(), texts);
  }
}

RouteSet RouteSet::without_on_link() const {
  RouteSet result;
  for (const auto& [prefix, hops] : entries_) {
    if (!hops.empty()) result.entries_[prefix] = hops;
  }
  return result;
}

std::vector<v1::Route> RouteSet::routes() const {
  std::vector<v1::Route> result;
  for (const auto& [prefix, hops] : entries_) {
    v1::Route route;
    route.set_prefix(prefix.str());
    for (const auto& hop : hops) route.add_next_hop(hop.str());
    result.push_back(std::move(route));
  }
  return result;
}

const std::set<IpAddress>* RouteSet::find(const IpAddress& address, unsigned* length) const {
  const std::set<IpAddress>* best = nullptr;
  unsigned longest = 0;
  for (const auto& [prefix, hops] : entries_) {
    if (!prefix.contains(address)) continue;
    if (best != nullptr && prefix.length() < longest) continue;
    best = &hops;
    longest = prefix.length();
  }
  if (length != nullptr) *length = longest;
  return best;
}

// A wider route that leads the same way says it too.
bool RouteSet::is_said_already(const Prefix& host, const std::set<IpAddress>& next_hops) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& entry) {
    return !is_host(entry.first) && entry.first.contains(host) && entry.second == next_hops;
  });
}

RouteSet RouteSet::kept(const Keep& keep) const {
  const auto inside = [](const std::vector<Prefix>& prefixes, const Prefix& prefix) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const Prefix& one) { return one.contains(prefix); });
  };
  RouteSet result;
  for (const auto& [prefix, hops] : entries_) {
    bool is_kept = true;
    const bool is_connected = inside(keep.connected, prefix);
    if (!is_host(prefix)) {
      is_kept = !is_connected || keep.whole_prefix;
      if (keep.is_host_itself && inside(keep.others, prefix)) is_kept = false;
    } else if (is_connected) {
      const bool is_neighbour = hops.count(prefix.first()) != 0;
      const bool is_covered = std::any_of(entries_.begin(), entries_.end(), [&](const auto& entry) {
        return !is_host(entry.first) && entry.first.contains(prefix);
      });
      // A translating neighbour says its addresses only, not the link's prefix.
      is_kept = !is_neighbour || keep.neighbours || (keep.whole_prefix && !is_covered);
    } else {
      // On another link of one's own the prefix leads there directly, past the path.
      is_kept = inside(keep.others, prefix) || !is_said_already(prefix, hops);
    }
    if (is_kept) result.entries_[prefix] = hops;
  }
  return result;
}

}  // namespace terrace
