// Routes (R17 to R19): one closure over what the members of each path say of themselves. For an
// engine the members are the parts of a division, for a leaf the instances of its functions; the
// same rules hold, so it makes no difference to the result where a service was cut.
// Functions of their arguments; any thread.
//
// A route without a next hop, at a cut: the prefix is on that link itself.
//
// A path is a row of stages; a stage's members (instances, or parts that share the position) stand
// side by side. Each member has a face towards the path's start and one towards its end. Of a face
// is said how it is entered (`next_hop`), which prefixes end behind it (`originates`) and whether
// what lies beyond the opposite face can be reached through it (`passes_on`):
//
// | function    | entered from the start                  | entered from the end              |
// | transparent | passes on                               | passes on                         |
// | translating | passes on                               | its own addresses                 |
// | terminating | its link's prefix, its own addresses    | its link's prefix, own addresses  |
//
// A function without the opposite face ends the path: as terminating. Beyond a customer's SAP lies
// its link's prefix, and what the incoming bindings say.
//
// A path may come into a part and leave it by one SAP, on a link with other members. Its
// announcements and bindings for that SAP and path are then two, the one towards the path's start
// first.
//
// Own addresses (/32, /128) make paths hold on links that have other members (R18): a host route is
// kept wherever the prefix around it would lead past the path, and dropped where it says no more
// than the prefix does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "recursion/division.h"
#include "terrace/driver/v1/driver.pb.h"
#include "terrace/v1/addressing.pb.h"
#include "terrace/v1/ns.pb.h"

namespace terrace {

// What a leaf knows of a function that the descriptor does not say.
struct FunctionFacts {
  driver::v1::Function::Behaviour behaviour = driver::v1::Function::TRANSPARENT;
  // What a probe can ask of it; the address is left empty. Unset protocol: ICMP only.
  v1::ProbeTarget service;
};

struct PathFace {
  // The part's SAP, or the instance's connection point.
  std::string port;
  std::string link_id;
  std::vector<std::string> next_hop;
  std::vector<std::string> originates;
  bool passes_on = false;
  std::vector<v1::ProbeTarget> target;
  // Other functions of the member lie behind the one next to this face, and are on its link too.
  bool has_more_behind = false;
  bool is_link_used_behind = false;
};

struct PathMember {
  // Index of the part in the division, or of the instance in the proof.
  std::size_t node = 0;
  // The path's id as the member knows it.
  std::string path_id;
  // Towards the start and the end. A stage's first or last has none where the path begins or ends.
  std::optional<PathFace> in;
  std::optional<PathFace> out;
  // All links that the member's functions on this path are on.
  std::set<std::string> links;
};

struct PathEnd {
  std::string sapd_id;
  std::string link_id;
};

struct PathRow {
  std::string path_id;
  // The SAPs where the path comes in and leaves; unset: it begins or ends with a function.
  std::optional<PathEnd> first;
  std::optional<PathEnd> last;
  std::vector<std::vector<PathMember>> stage;
  // Parts that only have the SAP, and the functions next to it are elsewhere.
  std::optional<PathMember> first_transit;
  std::optional<PathMember> last_transit;
};

struct Paths {
  std::vector<PathRow> row;
  // By link id, as proved.
  std::map<std::string, std::vector<std::string>> prefixes;
};

// A leaf's: members are proof.vnf's. `facts` by VNF profile id; a profile without is transparent.
// Precondition: the proof answers the fragment (check_proof). INTERNAL "routes.proof" if not.
Result<Paths> leaf_paths(const v1::Fragment& fragment, const v1::Proof& proof,
                         const std::map<std::string, FunctionFacts>& facts);

// An engine's: members are the division's parts; `proofs` in the same order.
Result<Paths> part_paths(const v1::Fragment& whole, const Division& division,
                         const std::vector<v1::Proof>& proofs);

// What the composition says of itself at its SAPs: goes up in the proof. By path, then SAP.
std::vector<v1::Announcement> announce(const Paths& paths);

// Each part's bindings from what came from above (`incoming`); `end`s are not routes and left
// empty. One entry per SAP and path of the part, also where there is nothing to say.
std::vector<v1::Bindings> part_bindings(const Paths& paths, std::size_t parts,
                                        const v1::Bindings& incoming);

// What one instance must be told.
struct InstanceRoutes {
  std::vector<v1::Route> route;
  // Addresses of the next function's instances, of the first path that goes on from here (R19).
  std::vector<std::string> backend;
  // Of the first path it is on.
  std::string ingress_cpd_id;
  std::string egress_cpd_id;
};

// By index in the proof; instances on no path have none. FAILED_PRECONDITION "routes.conflict" when
// two paths want one prefix at one instance by different ways.
Result<std::map<std::size_t, InstanceRoutes>> instance_routes(const Paths& paths,
                                                              const v1::Bindings& incoming);

// How traffic of the path that starts at a link of one's own, at that SAP (or, where the path
// starts there, at the egress of a function: `port` is then empty and `link_id` counts), reaches
// the address. Empty: it is on the link. NOT_FOUND "routes.unreachable".
Result<std::string> probe_next_hop(const Paths& paths, const v1::Bindings& incoming,
                                   const std::string& path_id, const std::string& sapd_id,
                                   const std::string& link_id, const std::string& destination);

// What lies behind the customers' SAPs: networks through the customer's first address, and the
// customer's own addresses. For the root, where no bindings come from above.
v1::Bindings root_bindings(const v1::Fragment& order);

// What the customer must route where, at each of his SAPs. `proof` is the whole service's.
std::vector<v1::SapBinding> customer_routes(const v1::Fragment& order, const v1::Proof& proof);

}  // namespace terrace
