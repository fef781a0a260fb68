// What addressing needs to know of a fragment: its links, who is on them and how often. A view: the
// fragment outlives it.
//
// It reads fragments as decomposition leaves them: one flavour, each SAP on a link. A SAP that
// exposes a connection point is on that connection point's link.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "recursion/division.h"
#include "recursion/ip_address.h"
#include "terrace/v1/ns.pb.h"

namespace terrace {

// The flavour the parameters name, or the first; null when there is none.
const v1::NsDf* flavour_of(const v1::Fragment& fragment);

// The instances the fragment consists of: its slots, or what flavour and level say (R1).
std::vector<Slot> slots_of(const v1::Fragment& fragment);

// The id of the link a SAP is on; empty when it is on none.
std::string link_of_sap(const v1::Fragment& fragment, const v1::Sapd& sapd);

// True for "cut:<link>".
bool is_cut_sap(const std::string& sapd_id);

// The SAP's entry in the parameters, or null.
const v1::SapData* sap_data_of(const v1::Fragment& fragment, const std::string& sapd_id);

// One connection point of one instance, on a link.
struct Attachment {
  Slot slot;
  std::string cpd_id;
  std::string link_id;
  auto operator<=>(const Attachment&) const = default;
};

// Every connection point of every slot that is on a link, in the order of slots, then of the
// descriptor.
std::vector<Attachment> attachments_of(const v1::Fragment& fragment);

struct LinkView {
  const v1::VirtualLinkProfile* profile = nullptr;
  // Connection points of the fragment's slots on it, and SAPs of nested services placed whole.
  std::uint64_t connection_points = 0;
  // The families it asks for; empty: whatever there is.
  std::vector<IpFamily> families;
};

// By link id, the profile's.
std::map<std::string, LinkView> links_of(const v1::Fragment& fragment);

// Instances of nested services that are placed whole: their links are not to be seen.
std::uint64_t nested_services_of(const v1::Fragment& fragment);

}  // namespace terrace
