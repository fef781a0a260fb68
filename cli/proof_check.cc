#include "cli/proof_check.h"

#include <cstdlib>

#include "catalog/ip_text.h"
#include "cli/words.h"

namespace terrace::cli {
namespace {

constexpr char kAny[] = "any";

bool in_range(const IpText& address, const v1::AddressRange& range) {
  const auto first = parse_ip(range.first()), last = parse_ip(range.last());
  return first && last && first->version == address.version && first->bytes <= address.bytes &&
         address.bytes <= last->bytes;
}

std::string range_text(const v1::AddressRange& range) {
  return range.first() + "-" + range.last();
}

const v1::LinkEnvelope* envelope_of(const v1::Envelope& envelope, const std::string& link) {
  for (const auto& one : envelope.link())
    if (one.link_id() == link) return &one;
  return nullptr;
}

// Is `address` one that the subnet lets its owner choose? Says what is admitted.
bool subnet_admits(const v1::SubnetEnvelope& subnet, const IpText& address, std::string& admitted) {
  const auto prefix = parse_prefix(subnet.prefix());
  std::string ranges;
  bool assignable = false;
  for (const auto& range : subnet.assignable()) {
    ranges += (ranges.empty() ? "" : ", ") + range_text(range);
    assignable = assignable || in_range(address, range);
  }
  for (const auto& excluded : subnet.excluded()) {
    ranges += " but " + range_text(excluded.range());
    if (in_range(address, excluded.range())) assignable = false;
  }
  admitted += (admitted.empty() ? "" : "; ") + ranges + " of " + subnet.prefix();
  return prefix && prefix->contains(address) && assignable;
}

bool carves_admit(const v1::Envelope& envelope, const IpText& address, int length,
                  std::string& admitted) {
  bool within = false;
  for (const auto& carve : envelope.carve())
    for (const auto& text : carve.prefix()) {
      admitted += (admitted.empty() ? "inside " : ", ") + text;
      const auto prefix = parse_prefix(text);
      if (prefix && prefix->contains(address) && length >= prefix->length) within = true;
    }
  return within;
}

ProofLine check_address(const v1::Envelope& envelope, const v1::LinkEnvelope* link,
                        const std::string& text) {
  ProofLine line{"address", text, "", false};
  const auto address = parse_prefix(text);
  if (!address) return line;
  if (link != nullptr) {
    for (const auto& subnet : link->subnet())
      if (subnet_admits(subnet, address->address, line.admitted)) line.within = true;
  } else {
    line.within = carves_admit(envelope, address->address, address->length, line.admitted);
  }
  return line;
}

// "02:54:00:10:00:00/28": the leading bits.
bool has_mac_prefix(const std::string& mac, const std::string& prefix) {
  const auto bits_of = [](const std::string& text) {
    std::string bits;
    for (const char digit : text.substr(0, 17)) {
      if (digit == ':') continue;
      const auto value = std::strtoul(std::string(1, digit).c_str(), nullptr, 16);
      for (int bit = 3; bit >= 0; --bit) bits += ((value >> bit) & 1u) != 0 ? '1' : '0';
    }
    return bits;
  };
  const auto slash = prefix.find('/');
  if (slash == std::string::npos) return false;
  const auto length = static_cast<std::size_t>(std::atoi(prefix.c_str() + slash + 1));
  return bits_of(mac).compare(0, length, bits_of(prefix), 0, length) == 0;
}

// MAC prefixes and port ids come with the link, or with any of the carves.
struct Space {
  std::string mac_prefix;
  v1::PortIdRange port_ids;
};

std::vector<Space> spaces(const v1::Envelope& envelope, const v1::LinkEnvelope* link) {
  if (link != nullptr) return {{link->mac_prefix(), link->port_ids()}};
  std::vector<Space> all;
  for (const auto& carve : envelope.carve()) all.push_back({carve.mac_prefix(), carve.port_ids()});
  return all;
}

void check_point(const v1::Envelope& envelope, const v1::CpProof& cp, const std::string& name,
                 std::vector<ProofLine>& lines) {
  const auto* const link = envelope_of(envelope, cp.link_id());
  for (const auto& address : cp.address()) {
    ProofLine line = check_address(envelope, link, address);
    line.what = name + " address";
    lines.push_back(std::move(line));
  }
  ProofLine mac{name + " MAC", cp.mac(), "", false};
  ProofLine port{name + " port id", std::to_string(cp.port_id()), "", false};
  for (const auto& space : spaces(envelope, link)) {
    mac.admitted += (mac.admitted.empty() ? "" : ", ") + space.mac_prefix;
    mac.within = mac.within || has_mac_prefix(cp.mac(), space.mac_prefix);
    port.admitted += (port.admitted.empty() ? "" : ", ") + std::to_string(space.port_ids.first()) +
                     "-" + std::to_string(space.port_ids.last());
    port.within = port.within ||
                  (space.port_ids.first() <= cp.port_id() && cp.port_id() <= space.port_ids.last());
  }
  if (!cp.mac().empty()) lines.push_back(std::move(mac));
  if (cp.port_id() != 0) lines.push_back(std::move(port));
}

void check_link(const v1::Envelope& envelope, const v1::LinkProof& proof,
                std::vector<ProofLine>& lines) {
  const auto* const link = envelope_of(envelope, proof.link_id());
  const std::string name = "link " + proof.link_id();
  for (const auto& text : proof.prefix()) {
    ProofLine line{name + " prefix", text, "", false};
    const auto prefix = parse_prefix(text);
    if (link != nullptr) {
      for (const auto& subnet : link->subnet()) {
        line.admitted += (line.admitted.empty() ? "" : ", ") + subnet.prefix();
        line.within = line.within || subnet.prefix() == text;
      }
    } else if (prefix) {
      line.within = carves_admit(envelope, prefix->address, prefix->length, line.admitted);
    }
    lines.push_back(std::move(line));
  }
  std::uint32_t most = link != nullptr ? link->mtu() : 0;
  if (link == nullptr)
    for (const auto& carve : envelope.carve()) most = std::max(most, carve.mtu());
  lines.push_back({name + " MTU", std::to_string(proof.mtu()), "at most " + std::to_string(most),
                   proof.mtu() != 0 && proof.mtu() <= most});
  if (link != nullptr && link->has_stitching())
    lines.push_back({name + " segment", words(proof.stitching()), words(link->stitching()),
                     words(proof.stitching()) == words(link->stitching())});
}

}  // namespace

std::vector<ProofLine> check_proof(const v1::Proof& proof, const v1::Envelope& envelope) {
  std::vector<ProofLine> lines;
  if (!envelope.realm().empty())
    lines.push_back({"realm", proof.realm(), envelope.realm(), proof.realm() == envelope.realm()});
  for (const auto& link : proof.link()) check_link(envelope, link, lines);
  for (const auto& vnf : proof.vnf())
    for (const auto& cp : vnf.cp())
      check_point(envelope, cp,
                  vnf.vnf_profile_id() + " #" + std::to_string(vnf.index()) + " " + cp.cpd_id(),
                  lines);
  if (envelope.link_size() == 0 && envelope.carve_size() == 0)
    for (auto& line : lines) {
      line.admitted = kAny;
      line.within = true;
    }
  return lines;
}

}  // namespace terrace::cli
