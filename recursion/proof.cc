#include "recursion/proof.h"

#include <algorithm>

#include <google/protobuf/util/message_differencer.h>

#include "recursion/proof_values.h"
#include "recursion/subnet.h"

namespace terrace {

ProblemBuilder violation(const std::string& path, const std::string& constraint,
                         const std::string& limit, const std::string& actual) {
  return make_problem(
             Problem::FAILED_PRECONDITION, "proof.outside-envelope",
             "the proof breaks " + constraint + ": " + actual + " where " + limit + " is admitted")
      .at_path(path)
      .constraint(constraint, limit, actual);
}

namespace {

std::string text_of(const AddressSet& set) {
  std::string text;
  for (const AddressRange& range : set.ranges()) text += (text.empty() ? "" : ", ") + range.str();
  return text.empty() ? "nothing" : text;
}

std::string at(const std::string& field, int index) {
  return field + "[" + std::to_string(index) + "]";
}

void read_link(const v1::LinkEnvelope& envelope, LinkTerms& terms) {
  terms.envelope = &envelope;
  terms.mtu = envelope.mtu();
  terms.macs = {MacPrefix::parse(envelope.mac_prefix()).value()};
  terms.ports = {envelope.port_ids()};
  for (const auto& subnet : envelope.subnet()) {
    terms.prefixes.push_back({Prefix::parse(subnet.prefix()).value(), assignable_of(subnet)});
  }
}

void read_carve(const v1::Carve& carve, LinkTerms& terms) {
  terms.mtu = std::max(terms.mtu, carve.mtu());
  terms.macs.push_back(MacPrefix::parse(carve.mac_prefix()).value());
  terms.ports.push_back(carve.port_ids());
}

// One reading of one proof.
class Inspection {
 public:
  Inspection(const v1::Envelope& envelope, const v1::Fragment& fragment, const v1::Proof& proof)
      : envelope_(envelope),
        fragment_(fragment),
        proof_(proof),
        terms_(terms_of(envelope, fragment)),
        hidden_(nested_services_of(fragment) > 0) {}

  Status run() {
    if (proof_.realm() != envelope_.realm()) {
      return violation("realm", "realm", envelope_.realm(), proof_.realm());
    }
    for (const auto step :
         {&Inspection::check_links, &Inspection::check_vnfs, &Inspection::check_saps}) {
      if (Status status = (this->*step)(); !status) return status;
    }
    if (Status status = check_ends(proof_, terms_); !status) return status;
    return check_announcements(proof_, fragment_, terms_);
  }

 private:
  Status check_links() {
    for (int i = 0; i < proof_.link_size(); ++i) {
      const auto& link = proof_.link(i);
      const std::string path = at("link", i);
      const auto known = terms_.find(link.link_id());
      if (known == terms_.end() && !hidden_) {
        return violation(path + ".link_id", "link-known", "a link of the order", link.link_id());
      }
      LinkTerms& terms = known != terms_.end() ? known->second : hidden_link(link.link_id());
      if (terms.answered) {
        return violation(path + ".link_id", "link-answered", "one answer", link.link_id());
      }
      terms.answered = true;
      if (Status status = check_link(link, path, terms); !status) return status;
    }
    for (const auto& [id, terms] : terms_) {
      if (!terms.answered) return violation("link", "link-answered", "link " + id, "no answer");
    }
    return {};
  }

  // A link inside a nested service that was placed whole: chosen out of the carve like any other.
  LinkTerms& hidden_link(const std::string& link_id) {
    LinkTerms& terms = terms_[link_id];
    for (const auto& carve : envelope_.carve()) read_carve(carve, terms);
    return terms;
  }

  Status check_link(const v1::LinkProof& link, const std::string& path, LinkTerms& terms) {
    if (Status status = terms.envelope != nullptr ? check_given_prefixes(link, path, terms)
                                                  : check_carved_prefixes(link, path, terms);
        !status) {
      return status;
    }
    if (link.mtu() == 0 || link.mtu() > terms.mtu) {
      return violation(path + ".mtu", "mtu", "up to " + std::to_string(terms.mtu),
                       std::to_string(link.mtu()));
    }
    // What an inner cut looks like stays inside: nobody above learns of it.
    const bool continues = terms.envelope != nullptr && terms.envelope->has_stitching();
    const auto& expected =
        continues ? terms.envelope->stitching() : v1::Stitching::default_instance();
    if (link.has_stitching() != continues ||
        !google::protobuf::util::MessageDifferencer::Equals(link.stitching(), expected)) {
      return violation(path + ".stitching", "stitching",
                       continues ? expected.ShortDebugString() : "none",
                       link.has_stitching() ? link.stitching().ShortDebugString() : "none");
    }
    return {};
  }

  static Status check_given_prefixes(const v1::LinkProof& link, const std::string& path,
                                     const LinkTerms& terms) {
    std::set<std::string> left;
    for (const auto& subnet : terms.envelope->subnet()) left.insert(subnet.prefix());
    for (int i = 0; i < link.prefix_size(); ++i) {
      if (left.erase(link.prefix(i)) == 1) continue;
      return violation(path + "." + at("prefix", i), "link-prefix",
                       "each subnet of the envelope, once", link.prefix(i));
    }
    if (left.empty()) return {};
    return violation(path + ".prefix", "link-prefix", *left.begin(), "no such prefix");
  }

  Status check_carved_prefixes(const v1::LinkProof& link, const std::string& path,
                               LinkTerms& terms) {
    if (link.prefix().empty()) {
      return violation(path + ".prefix", "link-prefix", "a prefix of the carve", "none");
    }
    for (int i = 0; i < link.prefix_size(); ++i) {
      const std::string place = path + "." + at("prefix", i);
      const auto prefix = Prefix::parse(link.prefix(i));
      if (!prefix) return violation(place, "canonical", "a canonical prefix", link.prefix(i));
      if (!in_carve(*prefix)) {
        return violation(place, "carve", carve_text(), prefix->str());
      }
      for (const Prefix& other : carved_) {
        if (!other.overlaps(*prefix)) continue;
        return violation(place, "unique-prefix", "disjoint from " + other.str(), prefix->str());
      }
      carved_.push_back(*prefix);
      terms.prefixes.push_back({*prefix, AddressSet({prefix->hosts()})});
    }
    return {};
  }

  bool in_carve(const Prefix& prefix) const {
    for (const auto& carve : envelope_.carve()) {
      for (const auto& text : carve.prefix()) {
        if (Prefix::parse(text).value().contains(prefix)) return true;
      }
    }
    return false;
  }

  std::string carve_text() const {
    std::string text;
    for (const auto& carve : envelope_.carve()) {
      for (const auto& prefix : carve.prefix()) text += (text.empty() ? "" : ", ") + prefix;
    }
    return text.empty() ? "no carve" : text;
  }

  Status check_vnfs() {
    std::map<Slot, std::vector<Attachment>> open;
    for (const Slot& slot : slots_of(fragment_)) open[slot];
    for (Attachment& attachment : attachments_of(fragment_)) {
      const Slot slot = attachment.slot;
      open[slot].push_back(std::move(attachment));
    }
    for (int i = 0; i < proof_.vnf_size(); ++i) {
      const auto& vnf = proof_.vnf(i);
      const std::string path = at("vnf", i);
      const Slot slot{vnf.vnf_profile_id(), vnf.index()};
      const std::string name = slot.vnf_profile_id + " " + std::to_string(slot.index);
      const auto wanted = open.find(slot);
      const bool hidden = wanted == open.end() && hidden_ && !is_profile(slot.vnf_profile_id);
      if (wanted == open.end() && !hidden) {
        const bool twice = answered_.contains(slot);
        return violation(path, twice ? "slot-answered" : "slot-known",
                         twice ? "one answer" : "an instance of the order", name);
      }
      if (!instances_.insert(vnf.vnf_instance_id()).second || vnf.vnf_instance_id().empty()) {
        return violation(path + ".vnf_instance_id", "instance-id", "an id of its own",
                         "\"" + vnf.vnf_instance_id() + "\"");
      }
      if (Status status = hidden ? Status() : check_function(vnf, path); !status) return status;
      if (Status status = check_cps(vnf, path, hidden ? nullptr : &wanted->second); !status) {
        return status;
      }
      if (hidden) continue;
      answered_.insert(slot);
      open.erase(wanted);
    }
    if (open.empty()) return {};
    const Slot& slot = open.begin()->first;
    return violation("vnf", "slot-answered", slot.vnf_profile_id + " " + std::to_string(slot.index),
                     "no answer");
  }

  bool is_profile(const std::string& id) const {
    const v1::NsDf* df = flavour_of(fragment_);
    return std::any_of(df->vnf_profile().begin(), df->vnf_profile().end(),
                       [&](const auto& profile) { return profile.id() == id; });
  }

  // The function that was ordered, by id and digest (R4).
  Status check_function(const v1::VnfProof& vnf, const std::string& path) const {
    const v1::NsDf* df = flavour_of(fragment_);
    for (const auto& profile : df->vnf_profile()) {
      if (profile.id() != vnf.vnf_profile_id() || profile.vnfd_id() == vnf.vnfd_id()) continue;
      return violation(path + ".vnfd_id", "function", profile.vnfd_id(), vnf.vnfd_id());
    }
    for (const auto& function : fragment_.function()) {
      if (function.vnfd_id() != vnf.vnfd_id() || function.vnfd_digest().empty()) continue;
      if (function.vnfd_digest() == vnf.vnfd_digest()) continue;
      return violation(path + ".vnfd_digest", "function", function.vnfd_digest(),
                       vnf.vnfd_digest());
    }
    return {};
  }

  // `wanted`: null for a function inside a nested service, whose connection points nobody knows.
  Status check_cps(const v1::VnfProof& vnf, const std::string& path,
                   const std::vector<Attachment>* wanted) {
    std::set<std::pair<std::string, std::string>> open;
    if (wanted != nullptr) {
      for (const Attachment& attachment : *wanted) {
        open.emplace(attachment.cpd_id, attachment.link_id);
      }
    }
    const auto all = open;
    for (int i = 0; i < vnf.cp_size(); ++i) {
      const auto& cp = vnf.cp(i);
      const std::string place = path + "." + at("cp", i);
      const std::pair key{cp.cpd_id(), cp.link_id()};
      if (wanted != nullptr && open.erase(key) == 0) {
        return violation(place, all.contains(key) ? "cp-answered" : "cp-known",
                         all.contains(key) ? "one answer" : "a connection point of the order",
                         cp.cpd_id() + " on " + cp.link_id());
      }
      const auto terms = terms_.find(cp.link_id());
      if (terms == terms_.end()) {
        return violation(place + ".link_id", "link-known", "a link of the order", cp.link_id());
      }
      if (Status status = check_cp(cp, place, terms->second); !status) return status;
    }
    if (open.empty()) return {};
    return violation(path + ".cp", "cp-answered",
                     open.begin()->first + " on " + open.begin()->second, "no answer");
  }

  static Status check_cp(const v1::CpProof& cp, const std::string& path, LinkTerms& terms) {
    std::set<IpFamily> missing;
    for (const LinkPrefix& prefix : terms.prefixes) missing.insert(prefix.prefix.family());
    for (int i = 0; i < cp.address_size(); ++i) {
      const auto family = check_address(cp.address(i), path + "." + at("address", i), terms);
      if (!family) return family.problem();
      missing.erase(*family);
    }
    if (!missing.empty()) {
      return violation(path + ".address", "address-family",
                       std::string("an ") + name_of(*missing.begin()) + " address", "none");
    }
    return check_identifiers(cp, path, terms);
  }

  static Result<IpFamily> check_address(const std::string& text, const std::string& path,
                                        LinkTerms& terms) {
    const auto parsed = InterfaceAddress::parse(text);
    if (!parsed) return violation(path, "canonical", "an address with its prefix length", text);
    const auto prefix =
        std::find_if(terms.prefixes.begin(), terms.prefixes.end(),
                     [&](const LinkPrefix& one) { return one.prefix.contains(parsed->address); });
    if (prefix == terms.prefixes.end()) {
      std::string limit;
      for (const LinkPrefix& one : terms.prefixes) {
        limit += (limit.empty() ? "" : ", ") + one.prefix.str();
      }
      return violation(path, "assignable-range", limit, text);
    }
    if (parsed->length != prefix->prefix.length()) {
      return violation(path, "prefix-length", "/" + std::to_string(prefix->prefix.length()), text);
    }
    if (!prefix->assignable.contains(parsed->address)) {
      return violation(path, "assignable-range", text_of(prefix->assignable), text);
    }
    if (!terms.addresses.insert(parsed->address).second) {
      return violation(path, "unique-address", "each address once on a link", text);
    }
    return parsed->address.family();
  }

  static Status check_identifiers(const v1::CpProof& cp, const std::string& path,
                                  LinkTerms& terms) {
    const auto mac = MacAddress::parse(cp.mac());
    if (!mac) return violation(path + ".mac", "canonical", "a MAC address", cp.mac());
    if (std::none_of(terms.macs.begin(), terms.macs.end(),
                     [&](const MacPrefix& prefix) { return prefix.contains(*mac); })) {
      return violation(path + ".mac", "mac-prefix",
                       terms.macs.empty() ? "none" : terms.macs.front().str(), cp.mac());
    }
    if (!terms.taken_macs.insert(*mac).second) {
      return violation(path + ".mac", "unique-mac", "each MAC address once on a link", cp.mac());
    }
    const std::string port = std::to_string(cp.port_id());
    if (std::none_of(terms.ports.begin(), terms.ports.end(), [&](const v1::PortIdRange& range) {
          return range.first() <= cp.port_id() && cp.port_id() <= range.last();
        })) {
      const std::string limit = terms.ports.empty()
                                    ? "none"
                                    : std::to_string(terms.ports.front().first()) + "-" +
                                          std::to_string(terms.ports.front().last());
      return violation(path + ".port_id", "port-id-range", limit, port);
    }
    if (!terms.taken_ports.insert(cp.port_id()).second) {
      return violation(path + ".port_id", "unique-port-id", "each port id once on a link", port);
    }
    return {};
  }

  Status check_saps() {
    std::map<std::string, const v1::Sapd*> open;
    for (const auto& sapd : fragment_.nsd().sapd()) open.emplace(sapd.id(), &sapd);
    const auto all = open;
    for (int i = 0; i < proof_.sap_size(); ++i) {
      const auto& sap = proof_.sap(i);
      const std::string path = at("sap", i);
      const auto wanted = open.find(sap.sapd_id());
      if (wanted == open.end()) {
        const bool twice = all.contains(sap.sapd_id());
        return violation(path + ".sapd_id", twice ? "sap-answered" : "sap-known",
                         twice ? "one answer" : "a SAP of the order", sap.sapd_id());
      }
      const std::string link_id = link_of_sap(fragment_, *wanted->second);
      if (sap.link_id() != link_id) {
        return violation(path + ".link_id", "sap-link", link_id, sap.link_id());
      }
      if (Status status = check_attachment(sap, path); !status) return status;
      open.erase(wanted);
    }
    if (open.empty()) return {};
    return violation("sap", "sap-answered", "SAP " + open.begin()->first, "no answer");
  }

  // The attachment point that the customer named; any where he named none (R3).
  Status check_attachment(const v1::SapProof& sap, const std::string& path) const {
    const v1::SapData* data = sap_data_of(fragment_, sap.sapd_id());
    const std::string& actual = sap.attachment_point_id();
    if (data != nullptr && !data->attachment_point_id().empty()) {
      if (data->attachment_point_id() == actual) return {};
      return violation(path + ".attachment_point_id", "attachment-point",
                       data->attachment_point_id(), actual);
    }
    if (!actual.empty() || is_cut_sap(sap.sapd_id())) return {};
    return violation(path + ".attachment_point_id", "attachment-point", "one that was picked",
                     "none");
  }

  const v1::Envelope& envelope_;
  const v1::Fragment& fragment_;
  const v1::Proof& proof_;
  std::map<std::string, LinkTerms> terms_;
  // A nested service placed whole answers for more than the fragment shows.
  const bool hidden_;
  std::vector<Prefix> carved_;
  std::set<Slot> answered_;
  std::set<std::string> instances_;
};

}  // namespace

std::map<std::string, LinkTerms> terms_of(const v1::Envelope& envelope,
                                          const v1::Fragment& fragment) {
  std::map<std::string, LinkTerms> all;
  for (const auto& [id, view] : links_of(fragment)) {
    LinkTerms& terms = all[id];
    for (const auto& link : envelope.link()) {
      if (link.link_id() == id) read_link(link, terms);
    }
    if (terms.envelope != nullptr) continue;
    for (const auto& carve : envelope.carve()) read_carve(carve, terms);
  }
  for (const auto& sapd : fragment.nsd().sapd()) {
    const auto terms = all.find(link_of_sap(fragment, sapd));
    const v1::SapData* data = sap_data_of(fragment, sapd.id());
    if (terms == all.end() || data == nullptr) continue;
    for (const auto& text : data->sap_protocol_data().ip_address()) {
      if (const auto address = IpAddress::parse(text)) terms->second.customers.insert(*address);
    }
  }
  return all;
}

Status check_proof(const v1::Envelope& envelope, const v1::Fragment& fragment,
                   const v1::Proof& proof) {
  return Inspection(envelope, fragment, proof).run();
}

}  // namespace terrace
