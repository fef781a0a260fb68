// Routes while they are worked out: which prefix lies beyond, and by whom. Part of the closure of
// routes.h, apart for its rules on what is kept.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "recursion/prefix.h"
#include "terrace/v1/addressing.pb.h"

namespace terrace {

// "10.0.0.1" or "10.0.0.1/24" as an address; nothing when it is neither.
std::optional<IpAddress> address_of(const std::string& text);

class RouteSet {
 public:
  // `prefix` lies beyond; of the next hops those of its family count, and none is no way at all. A
  // next hop that is the (host) prefix itself is the only one. Text that is none adds nothing.
  void add(const std::string& prefix, const std::vector<std::string>& next_hops);
  // A route without next hops is kept as one: on the link itself.
  void add(const v1::Route& route);
  void add_on_link(const Prefix& prefix) { entries_[prefix]; }
  void add(const RouteSet& other);
  RouteSet without_on_link() const;

  // Sorted by prefix.
  std::vector<v1::Route> routes() const;
  // The longest prefix around an address; null when there is none.
  const std::set<IpAddress>* find(const IpAddress& address, unsigned* length = nullptr) const;

  // What whoever sits on the link `connected` and also on `others` must be told (R18).
  struct Keep {
    std::vector<Prefix> connected;
    std::vector<Prefix> others;
    // It is one host, which has these links' prefixes already.
    bool is_host_itself = false;
    // Somebody further in needs the connected prefix as well, or its neighbours.
    bool whole_prefix = false;
    bool neighbours = false;
  };
  RouteSet kept(const Keep& keep) const;

  const std::map<Prefix, std::set<IpAddress>>& entries() const { return entries_; }

 private:
  bool is_said_already(const Prefix& host, const std::set<IpAddress>& next_hops) const;

  std::map<Prefix, std::set<IpAddress>> entries_;
};

bool is_host(const Prefix& prefix);

}  // namespace terrace
