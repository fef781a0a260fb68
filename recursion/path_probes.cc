#include "recursion/path_probes.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "recursion/decompose.h"
#include "recursion/fragment_view.h"
#include "recursion/prefix.h"

namespace terrace {

namespace {

using Mtus = std::map<std::string, std::uint32_t>;

void add_mtus(const v1::Proof& proof, Mtus& mtus) {
  for (const auto& link : proof.link()) {
    const auto [at, is_fresh] = mtus.emplace(link.link_id(), link.mtu());
    if (!is_fresh) at->second = std::min(at->second, link.mtu());
  }
}

// The links from a path's position `from` to its position `to`.
std::uint32_t smallest_mtu(const v1::Fragment& whole, const v1::Nfpd& path, int from, int to,
                           const Mtus& mtus) {
  std::uint32_t smallest = 0;
  for (int index = from; index < to; ++index) {
    const auto at = mtus.find(link_after(whole, path, index));
    if (at == mtus.end() || at->second == 0) continue;
    smallest = smallest == 0 ? at->second : std::min(smallest, at->second);
  }
  return smallest;
}

std::string protocol_name(const std::string& text) {
  if (text == "1" || text == "58" || text == "icmpv6") return "icmp";
  if (text == "6") return "tcp";
  if (text == "17") return "udp";
  return text;
}

bool admits_port(const v1::NfpRule& rule, std::uint32_t port) {
  if (!rule.has_destination_ports()) return true;
  return port >= rule.destination_ports().lower() && port <= rule.destination_ports().upper();
}

// What the path's rule admits of what the target answers. Beyond a terminating function traffic is
// its own: there its next function's service counts, not the customer's port.
std::vector<v1::ProbeTarget> admitted(const v1::Nfpd& path, const v1::ProbeTarget& target,
                                      bool is_first_section) {
  const v1::NfpRule& rule = path.nfp_rule();
  const std::string protocol = protocol_name(rule.protocol());
  const bool has_service = target.protocol() != "icmp" && target.port() != 0;
  std::vector<v1::ProbeTarget> result;
  v1::ProbeTarget echo = target;
  echo.set_protocol("icmp");
  echo.clear_port();
  const bool is_any = protocol.empty() && !rule.has_destination_ports();
  if (is_any || protocol == "icmp") result.push_back(echo);
  if (protocol == "icmp") return result;
  const bool is_same = protocol.empty() || protocol == target.protocol();
  const bool is_admitted = !is_first_section || admits_port(rule, target.port());
  if (has_service && is_same && is_admitted) {
    result.push_back(target);
  } else if (rule.has_destination_ports()) {
    v1::ProbeTarget ruled = target;
    ruled.set_protocol(protocol.empty() ? "tcp" : protocol);
    ruled.set_port(rule.destination_ports().lower());
    result.push_back(std::move(ruled));
  }
  return result;
}

// Index of a position, by profile or SAP; -1 when the path has none such.
int position_of(const v1::Nfpd& path, const std::string& profile, const std::string& sapd_id) {
  for (int index = 0; index < path.position_size(); ++index) {
    const auto& position = path.position(index);
    const bool is_it =
        sapd_id.empty() ? position.vnf_profile_id() == profile : position.sapd_id() == sapd_id;
    if (is_it) return index;
  }
  return -1;
}

// Where a section starts.
struct Start {
  std::size_t part = 0;
  std::string sapd_id;
  std::string link_id;
  std::string path_id;
  int position = 0;
  const PathMember* member = nullptr;
};

// The whole path, its links' MTUs and prefixes.
struct Way {
  const v1::Fragment& whole;
  const v1::Nfpd& path;
  const Mtus& mtus;
  const Paths& paths;
};

// The position in [first, last] that is entered by a link with this address on it.
int entered_at(const Way& way, int first, int last, const std::string& text) {
  const auto address = IpAddress::parse(text);
  for (int index = std::max(first, 1); address && index <= last; ++index) {
    const auto at = way.paths.prefixes.find(link_after(way.whole, way.path, index - 1));
    if (at == way.paths.prefixes.end()) continue;
    for (const auto& prefix : at->second) {
      const auto parsed = Prefix::parse(prefix);
      if (parsed && parsed->contains(*address)) return index;
    }
  }
  return last;
}

// To the targets of a face whose member has the path's positions `span`.
void add_probes(const Way& way, const Start& start, const PathFace& face, std::pair<int, int> span,
                bool is_first, std::vector<PathProbe>& probes) {
  const v1::Nfpd& path = way.path;
  for (const auto& target : face.target) {
    const int to = entered_at(way, span.first, span.second, target.address());
    const std::uint32_t mtu = smallest_mtu(way.whole, path, start.position, to, way.mtus);
    for (auto& one : admitted(path, target, is_first)) {
      PathProbe probe;
      probe.part = start.part;
      probe.sapd_id = start.sapd_id;
      probe.link_id = start.link_id;
      probe.path_id = start.path_id;
      probe.target = std::move(one);
      probe.packet_size = mtu;
      probes.push_back(std::move(probe));
    }
  }
}

// The first and last position of a part's run, as positions of the whole's path.
std::pair<int, int> span_of(const v1::Nfpd& whole_path, const v1::Fragment& part,
                            const std::string& path_id) {
  std::pair<int, int> span{-1, -1};
  const v1::Nfpd* run = path_of(part, path_id);
  if (run == nullptr) return span;
  for (const auto& position : run->position()) {
    const int index = position_of(whole_path, position.vnf_profile_id(), position.sapd_id());
    if (index < 0) continue;  // a cut of this division
    if (span.first < 0) span.first = index;
    span.second = index;
  }
  return span;
}

class Across {
 public:
  Across(const v1::Fragment& whole, const Division& division, const std::vector<v1::Proof>& proofs,
         const Paths& paths)
      : whole_(whole), division_(division), paths_(paths) {
    for (const auto& proof : proofs) add_mtus(proof, mtus_);
  }

  void row(const v1::Nfpd& path, const PathRow& row, std::vector<PathProbe>& probes) const {
    std::vector<Start> starts = first_starts(row);
    bool is_first = true;
    for (const auto& stage : row.stage) {
      const bool ends_here = std::any_of(stage.begin(), stage.end(), [](const auto& member) {
        return member.in && !member.in->target.empty();
      });
      const bool begins_here =
          std::any_of(stage.begin(), stage.end(), [](const auto& member) { return !member.in; });
      for (const auto& member : stage) {
        for (const Start& start : starts) {
          if (!ends_here || start.member == &member || !member.in) continue;
          const auto span = span_of(path, division_.part[member.node], member.path_id);
          add_probes({whole_, path, mtus_, paths_}, start, *member.in, span, is_first, probes);
        }
      }
      if (!ends_here && !begins_here) continue;
      is_first = false;
      starts = starts_behind(path, stage);
    }
  }

 private:
  // The customer's SAP, by the part that holds it.
  std::vector<Start> first_starts(const PathRow& row) const {
    if (!row.first || is_cut_sap(row.first->sapd_id)) return {};
    Start start{0, row.first->sapd_id, row.first->link_id, {}, 0, nullptr};
    if (row.first_transit) {
      start.part = row.first_transit->node;
      start.path_id = row.first_transit->path_id;
      return {start};
    }
    if (row.stage.empty()) return {};
    std::vector<Start> starts;
    for (const auto& member : row.stage.front()) {
      if (!member.in || member.in->port != row.first->sapd_id) continue;
      start.part = member.node;
      start.path_id = member.path_id;
      start.member = &member;
      starts.push_back(start);
    }
    return starts;
  }

  // The section goes on from the cut behind the part that has the terminating function.
  std::vector<Start> starts_behind(const v1::Nfpd& path,
                                   const std::vector<PathMember>& stage) const {
    std::vector<Start> starts;
    for (const auto& member : stage) {
      if (!member.out) continue;
      const auto span = span_of(path, division_.part[member.node], member.path_id);
      starts.push_back({member.node, member.out->port, member.out->link_id, member.path_id,
                        span.second, &member});
    }
    return starts;
  }

  const v1::Fragment& whole_;
  const Division& division_;
  const Paths& paths_;
  Mtus mtus_;
};

}  // namespace

std::string PathProbe::str() const {
  std::string text = "path " + path_id + " from " + (sapd_id.empty() ? link_id : sapd_id) + " to " +
                     target.address() + " " + target.protocol();
  if (target.port() != 0) text += "/" + std::to_string(target.port());
  return text;
}

std::vector<PathProbe> inside_probes(const v1::Fragment& fragment, const v1::Proof& proof,
                                     const Paths& paths) {
  Mtus mtus;
  add_mtus(proof, mtus);
  std::vector<PathProbe> probes;
  for (const auto& row : paths.row) {
    const v1::Nfpd* path = path_of(fragment, row.path_id);
    if (path == nullptr) continue;
    std::optional<Start> start;
    if (row.first && !is_cut_sap(row.first->sapd_id)) {
      start = Start{0, row.first->sapd_id, row.first->link_id, row.path_id, 0, nullptr};
    }
    bool is_first = true;
    for (const auto& stage : row.stage) {
      // Instances of one function behave alike: the first speaks for all but the addresses.
      const PathMember& one = stage.front();
      const auto& profile = proof.vnf(static_cast<int>(one.node)).vnf_profile_id();
      const int position = position_of(*path, profile, {});
      for (const auto& member : stage) {
        if (!start || !member.in) continue;
        add_probes({fragment, *path, mtus, paths}, *start, *member.in, {position, position},
                   is_first, probes);
      }
      if (one.in && one.in->target.empty()) continue;
      is_first = false;
      start.reset();
      if (one.out) start = Start{0, {}, one.out->link_id, row.path_id, position, nullptr};
    }
  }
  return probes;
}

std::vector<PathProbe> across_probes(const v1::Fragment& whole, const Division& division,
                                     const std::vector<v1::Proof>& proofs, const Paths& paths) {
  std::vector<PathProbe> probes;
  const Across across(whole, division, proofs, paths);
  for (const auto& row : paths.row) {
    const v1::Nfpd* path = path_of(whole, row.path_id);
    if (path != nullptr) across.row(*path, row, probes);
  }
  return probes;
}

}  // namespace terrace
