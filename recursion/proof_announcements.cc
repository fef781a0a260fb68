// What a proof says of its borders: ends of links that continue outside, and announcements.
#include <algorithm>

#include "recursion/proof_values.h"

namespace terrace {

namespace {

std::string at(const std::string& field, int index) {
  return field + "[" + std::to_string(index) + "]";
}

bool continues(const LinkTerms& terms) {
  return terms.envelope != nullptr && terms.envelope->has_stitching();
}

Status check_end(const v1::LinkEnd& end, const std::string& path, const LinkTerms& terms) {
  if (terms.envelope->stitching().encapsulation_type() != v1::Stitching::VXLAN) return {};
  if (!IpAddress::parse_canonical(end.vtep())) {
    return violation(path + ".vtep", "end-address", "an underlay address", end.vtep());
  }
  if (end.port() == 0 || end.port() > 65535) {
    return violation(path + ".port", "end-address", "1..65535", std::to_string(end.port()));
  }
  return {};
}

// The announcements of one proof.
class Announcements {
 public:
  Announcements(const v1::Fragment& fragment, const std::map<std::string, LinkTerms>& terms)
      : terms_(terms) {
    for (const auto& sapd : fragment.nsd().sapd()) {
      links_.emplace(sapd.id(), link_of_sap(fragment, sapd));
    }
    for (const auto& graph : fragment.nsd().vnffgd()) {
      for (const auto& path : graph.nfpd()) paths_.insert(path.id());
    }
    for (const auto& data : fragment.params().sap_data()) {
      for (const auto& text : data.customer_prefix()) add_prefix(text);
      for (const auto& text : data.sap_protocol_data().subnet()) add_prefix(text);
    }
    for (const auto& [id, link] : terms) {
      for (const LinkPrefix& prefix : link.prefixes) inside_.push_back(prefix.prefix);
    }
  }

  Status check(const v1::Announcement& announcement, const std::string& path) const {
    const auto link = links_.find(announcement.sapd_id());
    if (link == links_.end()) {
      return violation(path + ".sapd_id", "announcement-sap", "a SAP of the order",
                       announcement.sapd_id());
    }
    if (!announcement.path_id().empty() && !paths_.contains(announcement.path_id())) {
      return violation(path + ".path_id", "path", "a path of the order", announcement.path_id());
    }
    if (Status status = check_next_hops(announcement, path, link->second); !status) return status;
    for (int i = 0; i < announcement.originates_size(); ++i) {
      if (Status status =
              check_origin(announcement.originates(i), path + "." + at("originates", i));
          !status) {
        return status;
      }
    }
    for (int i = 0; i < announcement.passes_on_size(); ++i) {
      const std::string& sap = announcement.passes_on(i);
      // By one cut a path may come in and go on (see routes.h).
      const bool is_other = sap != announcement.sapd_id() || is_cut_sap(sap);
      if (links_.contains(sap) && is_other) continue;
      return violation(path + "." + at("passes_on", i), "passes-on", "another SAP of the order",
                       sap);
    }
    for (int i = 0; i < announcement.target_size(); ++i) {
      if (Status status = check_target(announcement.target(i), path + "." + at("target", i));
          !status) {
        return status;
      }
    }
    return {};
  }

 private:
  void add_prefix(const std::string& text) {
    if (const auto prefix = Prefix::parse(text)) inside_.push_back(*prefix);
  }

  // Next to a SAP is who is on its link: functions of this part, or the customer.
  Status check_next_hops(const v1::Announcement& announcement, const std::string& path,
                         const std::string& link_id) const {
    const auto terms = terms_.find(link_id);
    for (int i = 0; i < announcement.next_hop_size(); ++i) {
      const auto hop = IpAddress::parse_canonical(announcement.next_hop(i));
      const bool is_there =
          hop && terms != terms_.end() &&
          (terms->second.addresses.contains(*hop) || terms->second.customers.contains(*hop));
      if (is_there) continue;
      return violation(path + "." + at("next_hop", i), "next-hop",
                       "an address of this part on link " + link_id, announcement.next_hop(i));
    }
    return {};
  }

  Status check_origin(const std::string& text, const std::string& path) const {
    const auto prefix = Prefix::parse(text);
    if (!prefix) return violation(path, "canonical", "a canonical prefix", text);
    if (std::any_of(inside_.begin(), inside_.end(),
                    [&](const Prefix& mine) { return mine.contains(*prefix); })) {
      return {};
    }
    return violation(path, "originates", "prefixes of its links and of its customers", text);
  }

  Status check_target(const v1::ProbeTarget& target, const std::string& path) const {
    const auto address = IpAddress::parse_canonical(target.address());
    const bool is_there =
        address && std::any_of(terms_.begin(), terms_.end(), [&](const auto& link) {
          return link.second.addresses.contains(*address);
        });
    if (!is_there) {
      return violation(path + ".address", "target", "an address of this part", target.address());
    }
    if (target.protocol() != "tcp" && target.protocol() != "udp" && target.protocol() != "icmp") {
      return violation(path + ".protocol", "target", "tcp, udp or icmp", target.protocol());
    }
    const bool has_port = target.protocol() != "icmp";
    if (has_port && (target.port() == 0 || target.port() > 65535)) {
      return violation(path + ".port", "target", "1..65535", std::to_string(target.port()));
    }
    return {};
  }

  const std::map<std::string, LinkTerms>& terms_;
  // Of each SAP.
  std::map<std::string, std::string> links_;
  std::set<std::string> paths_;
  // What may end inside.
  std::vector<Prefix> inside_;
};

}  // namespace

Status check_ends(const v1::Proof& proof, const std::map<std::string, LinkTerms>& terms) {
  std::set<std::pair<std::string, std::string>> seen;
  std::set<std::string> answered;
  for (int i = 0; i < proof.end_size(); ++i) {
    const auto& end = proof.end(i);
    const std::string path = at("end", i);
    const auto link = terms.find(end.link_id());
    if (link == terms.end() || !continues(link->second)) {
      return violation(path + ".link_id", "end-link", "a link that continues outside",
                       end.link_id());
    }
    if (end.end_id().empty() || !seen.emplace(end.link_id(), end.end_id()).second) {
      return violation(path + ".end_id", "end-unique", "an id of its own on the link",
                       "\"" + end.end_id() + "\"");
    }
    if (Status status = check_end(end, path, link->second); !status) return status;
    answered.insert(end.link_id());
  }
  for (const auto& [id, link] : terms) {
    if (!continues(link) || answered.contains(id)) continue;
    return violation("end", "end-answered", "an end of link " + id, "none");
  }
  return {};
}

Status check_announcements(const v1::Proof& proof, const v1::Fragment& fragment,
                           const std::map<std::string, LinkTerms>& terms) {
  const Announcements announcements(fragment, terms);
  for (int i = 0; i < proof.announcement_size(); ++i) {
    if (Status status = announcements.check(proof.announcement(i), at("announcement", i));
        !status) {
      return status;
    }
  }
  return {};
}

}  // namespace terrace
