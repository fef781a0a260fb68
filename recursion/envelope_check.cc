#include "recursion/envelope_check.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/ids.h"
#include "base/unknown_fields.h"
#include "recursion/fragment_view.h"
#include "recursion/mac.h"
#include "recursion/prefix.h"

namespace terrace {

namespace {

// What IPv4 and IPv6 demand of every link (RFC 791, RFC 8200), and what a packet can be.
constexpr std::uint32_t kSmallestMtuV4 = 68;
constexpr std::uint32_t kSmallestMtuV6 = 1280;
constexpr std::uint32_t kLargestMtu = 65535;
constexpr std::uint32_t kLargestVni = 0xffffff;

ProblemBuilder malformed(const std::string& path, const std::string& what) {
  return make_problem(Problem::INVALID_ARGUMENT, "envelope.malformed", what).at_path(path);
}

Problem malformed(const std::string& path, const Problem& cause) {
  Problem problem = malformed(path, cause.what());
  if (cause.has_constraint()) *problem.mutable_constraint() = cause.constraint();
  return problem;
}

std::string at(const std::string& path, const std::string& field, int index) {
  return path + (path.empty() ? "" : ".") + field + "[" + std::to_string(index) + "]";
}

class EnvelopeCheck {
 public:
  EnvelopeCheck(const v1::Envelope& envelope, const v1::Fragment& fragment)
      : envelope_(envelope), fragment_(fragment), links_(links_of(fragment)) {}

  Status run() {
    if (const auto unknown = find_unknown(envelope_)) {
      const std::string kind = unknown->is_enum_value ? "value " : "field ";
      return malformed(unknown->path, "the envelope says something that is not understood: " +
                                          kind + std::to_string(unknown->number));
    }
    if (!is_uuid(envelope_.realm())) {
      return malformed("realm", "the realm \"" + envelope_.realm() + "\" is no UUID");
    }
    for (int i = 0; i < envelope_.link_size(); ++i) {
      if (Status status = check_link(envelope_.link(i), at("", "link", i)); !status) return status;
    }
    for (int i = 0; i < envelope_.carve_size(); ++i) {
      Status status = check_carve(envelope_.carve(i), at("", "carve", i));
      if (!status) return status;
    }
    return check_cut_saps();
  }

 private:
  Status check_link(const v1::LinkEnvelope& link, const std::string& path) {
    if (!links_.contains(link.link_id())) {
      return malformed(path + ".link_id",
                       "the order has no virtual link \"" + link.link_id() + "\"");
    }
    if (!named_.insert(link.link_id()).second) {
      return malformed(path + ".link_id", "link " + link.link_id() + " has two envelopes");
    }
    if (!is_uuid(link.root_link_id())) {
      return malformed(path + ".root_link_id", "\"" + link.root_link_id() + "\" is no UUID");
    }
    if (link.subnet().empty()) {
      return malformed(path, "link " + link.link_id() + " has no subnet");
    }
    bool v6 = false;
    for (int i = 0; i < link.subnet_size(); ++i) {
      Status status = check_subnet(link.subnet(i), at(path, "subnet", i));
      if (!status) return status;
      v6 = v6 || link.subnet(i).prefix().find(':') != std::string::npos;
    }
    if (Status status = check_numbers(link.mtu(), v6, link.mac_prefix(), link.port_ids(), path);
        !status) {
      return status;
    }
    return link.has_stitching() ? check_stitching(link.stitching(), path + ".stitching") : Status();
  }

  Status check_subnet(const v1::SubnetEnvelope& subnet, const std::string& path) {
    const auto prefix = Prefix::parse(subnet.prefix());
    if (!prefix) return malformed(path + ".prefix", prefix.problem());
    if (Status status = check_unique(*prefix, path + ".prefix"); !status) return status;
    AddressSet assignable;
    for (int i = 0; i < subnet.assignable_size(); ++i) {
      const std::string place = at(path, "assignable", i);
      const auto range = check_range(subnet.assignable(i), *prefix, place);
      if (!range) return range.problem();
      if (assignable.overlaps(*range)) {
        return malformed(place, "the assignable range " + range->str() + " is there twice");
      }
      assignable.add(*range);
    }
    for (int i = 0; i < subnet.excluded_size(); ++i) {
      const auto range =
          check_range(subnet.excluded(i).range(), *prefix, at(path, "excluded", i) + ".range");
      if (!range) return range.problem();
    }
    if (!subnet.gateway().empty()) {
      const auto gateway = check_address(subnet.gateway(), *prefix, path + ".gateway");
      if (!gateway) return gateway.problem();
    }
    const auto probe = check_address(subnet.probe_address(), *prefix, path + ".probe_address");
    if (!probe) return probe.problem();
    if (assignable.contains(*probe)) {
      return malformed(path + ".probe_address", "the probe address may be assigned")
          .constraint("probe-address", "outside of the assignable ranges", probe->str());
    }
    return {};
  }

  static Result<AddressRange> check_range(const v1::AddressRange& text, const Prefix& prefix,
                                          const std::string& path) {
    const auto range = AddressRange::parse(text.first(), text.last());
    if (!range) return malformed(path, range.problem());
    if (!prefix.range().contains(*range)) {
      return malformed(path, range->str() + " is not in " + prefix.str())
          .constraint("link-prefix", prefix.str(), range->str());
    }
    return *range;
  }

  static Result<IpAddress> check_address(const std::string& text, const Prefix& prefix,
                                         const std::string& path) {
    const auto address = IpAddress::parse_canonical(text);
    if (!address) return malformed(path, address.problem());
    if (!prefix.contains(*address)) {
      return malformed(path, text + " is not in " + prefix.str())
          .constraint("link-prefix", prefix.str(), text);
    }
    return *address;
  }

  static Status check_numbers(std::uint32_t mtu, bool v6, const std::string& mac_prefix,
                              const v1::PortIdRange& port_ids, const std::string& path) {
    const std::uint32_t smallest = v6 ? kSmallestMtuV6 : kSmallestMtuV4;
    if (mtu < smallest || mtu > kLargestMtu) {
      return malformed(path + ".mtu", "no such MTU: " + std::to_string(mtu))
          .constraint("mtu", std::to_string(smallest) + ".." + std::to_string(kLargestMtu),
                      std::to_string(mtu));
    }
    const auto mac = MacPrefix::parse(mac_prefix);
    if (!mac) return malformed(path + ".mac_prefix", mac.problem());
    if (mac->length() < 8 || mac->first().is_group()) {
      return malformed(path + ".mac_prefix", mac_prefix + " holds group addresses");
    }
    if (port_ids.first() == 0 || port_ids.first() > port_ids.last()) {
      return malformed(path + ".port_ids",
                       "no such range of port ids: " + std::to_string(port_ids.first()) + "-" +
                           std::to_string(port_ids.last()));
    }
    return {};
  }

  static Status check_stitching(const v1::Stitching& stitching, const std::string& path) {
    if (stitching.underlay().empty()) return malformed(path + ".underlay", "no underlay is named");
    if (stitching.encapsulation_type() == v1::Stitching::ENCAPSULATION_TYPE_UNSPECIFIED) {
      return malformed(path + ".encapsulation_type", "no encapsulation is named");
    }
    const std::uint32_t id = stitching.wan_segment_ids().wan_segment_id_value();
    if (stitching.encapsulation_type() == v1::Stitching::VXLAN && (id == 0 || id > kLargestVni)) {
      return malformed(path + ".wan_segment_ids", "no such VNI: " + std::to_string(id))
          .constraint("segment-id", "1.." + std::to_string(kLargestVni), std::to_string(id));
    }
    return {};
  }

  Status check_carve(const v1::Carve& carve, const std::string& path) {
    bool v6 = false;
    if (carve.prefix().empty()) return malformed(path, "a carve without a prefix");
    for (int i = 0; i < carve.prefix_size(); ++i) {
      const std::string place = at(path, "prefix", i);
      const auto prefix = Prefix::parse(carve.prefix(i));
      if (!prefix) return malformed(place, prefix.problem());
      if (Status status = check_unique(*prefix, place); !status) return status;
      v6 = v6 || prefix->family() == IpFamily::kV6;
    }
    return check_numbers(carve.mtu(), v6, carve.mac_prefix(), carve.port_ids(), path);
  }

  Status check_unique(const Prefix& prefix, const std::string& path) {
    for (const Prefix& other : prefixes_) {
      if (!other.overlaps(prefix)) continue;
      return malformed(path, prefix.str() + " overlaps " + other.str())
          .constraint("unique-prefix", "disjoint from " + other.str(), prefix.str());
    }
    prefixes_.push_back(prefix);
    return {};
  }

  // A link that ends in "cut:..." here continues outside, and says how.
  Status check_cut_saps() const {
    for (const auto& sapd : fragment_.nsd().sapd()) {
      if (!is_cut_sap(sapd.id())) continue;
      const std::string link_id = link_of_sap(fragment_, sapd);
      const auto link = std::find_if(envelope_.link().begin(), envelope_.link().end(),
                                     [&](const auto& other) { return other.link_id() == link_id; });
      if (link != envelope_.link().end() && link->has_stitching()) continue;
      return malformed("link", "link " + link_id + " is cut at SAP " + sapd.id() +
                                   ", and the envelope has no stitching for it")
          .constraint("stitching", "one for link " + link_id, "none");
    }
    return {};
  }

  const v1::Envelope& envelope_;
  const v1::Fragment& fragment_;
  const std::map<std::string, LinkView> links_;
  std::set<std::string> named_;
  std::vector<Prefix> prefixes_;
};

}  // namespace

Status check_envelope(const v1::Envelope& envelope, const v1::Fragment& fragment) {
  return EnvelopeCheck(envelope, fragment).run();
}

}  // namespace terrace
