// Decomposition (R1 to R3): an order made explicit, cut into orders for parts, and put together
// again. Functions of their arguments; any thread.
//
// Canonical order: lists of things that have ids are sorted by them; lists whose order means
// something (positions of a path, addresses, pools) stay as they are. Everything below returns
// fragments in it, so that equal orders are equal messages.
//
// Paths in parts. Two neighbouring positions of a path whose instances are not all in one part are
// separated by a cut, on the link between them. What lies between two cuts is a run; a part's NSD
// has one Nfpd for each run in it, with `cut:<link>` as its first or last position where the path
// comes from or goes on to elsewhere. (A position whose instances are spread over parts is a run in
// each of them.) A part with one run of path P calls it P; one with several calls them P#1, P#2 ...
// in the path's order.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "recursion/division.h"
#include "terrace/v1/ns.pb.h"

namespace terrace {

// The order with nothing left open: one flavour, no levels, a slot for every instance, one link per
// link descriptor, every SAP on a link and without associated-cpd, links that share a connection
// point (or that a SAP joins) merged under the id that comes first, the order's affinity rules as
// groups of the NSD ("order-1" ...). Unused profiles, links and flavours are gone. Normalising
// again changes nothing. A fragment with slots keeps exactly those.
//
// Errors, each at its path in the NSD or the parameters:
// - INVALID_ARGUMENT "nsd.flavour-unknown", "nsd.level-unknown", "nsd.duplicate-id",
//   "nsd.function-missing" (a profile's VNFD is not among the functions), "nsd.link-unknown",
//   "nsd.cpd-unknown", "nsd.sap-unknown", "nsd.sap-without-link", "nsd.profile-unknown",
//   "nsd.instances-out-of-range", "nsd.path-broken" (neighbours do not meet on a link),
//   "nsd.path-visits-twice" (R18), "nsd.path-sap-inside", "nsd.path-id", "nsd.group-unknown";
// - UNIMPLEMENTED "nsd.nested".
Result<v1::Fragment> normalise(const v1::Fragment& order);

// Which part has what: indexes from 0, without gaps. Customers' SAPs only: `cut:<link>` SAPs go
// wherever their link goes.
struct Assignment {
  std::map<Slot, std::size_t> slot;
  std::map<std::string, std::size_t> sap;
};

// `whole` projected on each part (R2): what the part's slots and SAPs need of NSD, parameters and
// functions, and a SAP `cut:<link>` for each link that others have members of too.
// Precondition: `whole` is normalised. INVALID_ARGUMENT "division.incomplete" when a slot or SAP
// has no part, or a part has nothing.
Result<Division> divide(const v1::Fragment& whole, const Assignment& assignment);

// The normalised fragment that was divided so. INTERNAL "division.inconsistent" when parts disagree
// about something that several of them have.
Result<v1::Fragment> reassemble(const Division& division);

// A path of the (normalised) fragment by its id, or null; and all of them, in order.
const v1::Nfpd* path_of(const v1::Fragment& fragment, const std::string& path_id);
std::vector<const v1::Nfpd*> paths_of(const v1::Fragment& fragment);

// The link on which a path's position `index` meets the next one. Precondition: there is a next
// one.
std::string link_after(const v1::Fragment& fragment, const v1::Nfpd& path, int index);

// Sorts in place.
void make_canonical(v1::Fragment& fragment);

}  // namespace terrace
