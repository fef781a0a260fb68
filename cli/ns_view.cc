#include "cli/ns_view.h"

#include <algorithm>
#include <map>
#include <ostream>

#include "cli/proof_check.h"
#include "cli/words.h"

namespace terrace::cli {
namespace {

std::string numbered(const std::string& profile, std::uint32_t index) {
  return profile + " #" + std::to_string(index);
}

Tree functions(const Terminal& terminal, const v1::Proof& proof) {
  Tree branch{"functions"};
  for (const auto& vnf : proof.vnf()) {
    std::string text = terminal.paint(Colour::kBold, numbered(vnf.vnf_profile_id(), vnf.index()));
    const std::string where = words(vnf.location());
    if (!where.empty()) text += "  at " + where;
    if (vnf.has_price()) text += "  " + words(vnf.price());
    if (terminal.wide()) text += "  instance " + vnf.vnf_instance_id();
    Tree& function = branch.add(text);
    for (const auto& cp : vnf.cp()) {
      std::string point = cp.cpd_id() + "  " + joined(cp.address()) + "  on " + cp.link_id();
      if (terminal.wide()) point += "  " + cp.mac() + "  port " + std::to_string(cp.port_id());
      function.add(point);
    }
  }
  return branch;
}

Tree links(const v1::Proof& proof) {
  Tree branch{"links"};
  for (const auto& link : proof.link()) {
    Tree& line = branch.add(link.link_id() + "  " + joined(link.prefix()) + "  mtu " +
                            std::to_string(link.mtu()) +
                            (link.has_stitching() ? "  stitched: " + words(link.stitching()) : ""));
    for (const auto& end : proof.end())
      if (end.link_id() == link.link_id())
        line.add("end at " + end.vtep() + ":" + std::to_string(end.port()));
  }
  return branch;
}

Tree saps(const Terminal& terminal, const v1::Proof& proof) {
  Tree branch{"service access points"};
  for (const auto& sap : proof.sap()) {
    std::string text = sap.sapd_id() + "  on " + sap.link_id();
    if (!sap.attachment_point_id().empty())
      text += "  at attachment point " + short_id(terminal, sap.attachment_point_id());
    const std::string where = words(sap.location());
    branch.add(where.empty() ? text : text + ", " + where);
  }
  return branch;
}

Tree announcements(const v1::Proof& proof) {
  Tree branch{"announcements"};
  for (const auto& one : proof.announcement()) {
    std::string text = one.sapd_id() + ": ";
    if (one.originates_size() > 0) text += joined(one.originates()) + " ";
    text += "via " + joined(one.next_hop());
    if (one.passes_on_size() > 0) text += ", passes on " + joined(one.passes_on());
    if (!one.path_id().empty()) text += "  (path " + one.path_id() + ")";
    branch.add(text);
  }
  return branch;
}

void add_if_any(std::vector<Tree>& branches, Tree branch) {
  if (!branch.below.empty()) branches.push_back(std::move(branch));
}

Tree customer_routes(const v1::NsInstance& instance) {
  Tree branch{"routes for the customer to set"};
  if (instance.ns_state() != v1::INSTANTIATED) return branch;
  for (const auto& sap : instance.customer_route())
    for (const auto& route : sap.route()) branch.add("at " + sap.sapd_id() + ": " + words(route));
  return branch;
}

Tree parts_branch(const Terminal& terminal, const std::vector<v1::Part>& parts) {
  Tree branch{"parts, as this platform divided it"};
  for (const auto& part : parts) {
    if (part.state() == "RELEASED") continue;
    std::vector<std::string> held;
    for (const auto& slot : part.hold().fragment().slot())
      held.push_back(numbered(slot.vnf_profile_id(), slot.index()));
    if (held.empty())
      for (const auto& vnf : part.hold().proof().vnf())
        held.push_back(numbered(vnf.vnf_profile_id(), vnf.index()));
    branch.add(terminal.paint(Colour::kBold, part.child()) + "  " + part.state() + "  " +
               joined(held) + "  as " + short_id(terminal, part.delegated_id()));
  }
  return branch;
}

Tree choices(const Terminal& terminal, const v1::Hold& hold) {
  Tree branch{"what goes where"};
  std::map<std::string, Tree> by_profile;
  std::vector<std::string> order;
  for (const auto& candidate : hold.candidate()) {
    const auto [it, fresh] =
        by_profile.emplace(candidate.vnf_profile_id(), Tree{candidate.vnf_profile_id()});
    if (fresh) order.push_back(candidate.vnf_profile_id());
    std::string text = candidate.child();
    if (candidate.has_price()) text += ", " + words(candidate.price());
    if (candidate.chosen()) {
      it->second.text += "  ->  " + terminal.paint(Colour::kBold, text);
      continue;
    }
    if (!candidate.reason().empty()) text += ": " + candidate.reason();
    it->second.add(terminal.paint(Colour::kDim, "not " + text));
  }
  for (const auto& profile : order) branch.below.push_back(std::move(by_profile[profile]));
  return branch;
}

}  // namespace

std::vector<Tree> proof_branches(const Terminal& terminal, const v1::Proof& proof) {
  std::vector<Tree> branches;
  if (proof.has_price()) branches.push_back({"price  " + words(proof.price())});
  add_if_any(branches, functions(terminal, proof));
  add_if_any(branches, links(proof));
  add_if_any(branches, saps(terminal, proof));
  add_if_any(branches, announcements(proof));
  return branches;
}

Tree instance_tree(const Terminal& terminal, const v1::NsInstance& instance,
                   const std::vector<v1::Part>& parts) {
  const std::string name =
      instance.ns_instance_name().empty() ? instance.id() : instance.ns_instance_name();
  std::string text = terminal.paint(Colour::kBold, name) + "  " +
                     state(terminal, instance.ns_state()) + "  " + instance.nsd_id();
  if (!instance.flavour_id().empty()) text += ", flavour " + instance.flavour_id();
  Tree tree{text};
  if (name != instance.id()) tree.add("id     " + instance.id());
  if (!instance.operation_id().empty()) tree.add("operation under way: " + instance.operation_id());
  for (auto& branch : proof_branches(terminal, instance.proof()))
    tree.below.push_back(std::move(branch));
  add_if_any(tree.below, customer_routes(instance));
  add_if_any(tree.below, parts_branch(terminal, parts));
  return tree;
}

Tree plan_tree(const Terminal& terminal, const v1::Hold& plan) {
  const auto& nsd = plan.fragment().nsd();
  Tree tree{terminal.paint(Colour::kBold, "plan for " + nsd.id())};
  add_if_any(tree.below, choices(terminal, plan));
  for (auto& branch : proof_branches(terminal, plan.proof()))
    tree.below.push_back(std::move(branch));
  if (!plan.plan_digest().empty()) tree.add("digest " + plan.plan_digest());
  return tree;
}

Tree hold_tree(const Terminal& terminal, const v1::Hold& hold) {
  Tree tree{terminal.paint(Colour::kBold, hold.id()) + "  " + state(terminal, hold.state()) + "  " +
            hold.fragment().nsd().id()};
  if (hold.state() == v1::Hold::HELD) tree.add("until  " + words(hold.expires()));
  if (hold.has_error()) tree.add("error  " + describe(hold.error()));
  if (!hold.ns_instance_id().empty()) tree.add("for    " + hold.ns_instance_id());
  for (auto& branch : proof_branches(terminal, hold.proof()))
    tree.below.push_back(std::move(branch));
  return tree;
}

int print_proof_check(const Terminal& terminal, const v1::Proof& proof,
                      const v1::Envelope& envelope, const std::string& indent) {
  Table table({"VALUE CHOSEN", "", "THE ENVELOPE ADMITS", ""});
  const auto lines = check_proof(proof, envelope);
  for (const auto& line : lines)
    table.add({line.what, line.value, line.admitted,
               line.within ? terminal.paint(Colour::kGreen, "within")
                           : terminal.paint(Colour::kRed, "OUTSIDE")});
  table.print(terminal.out, indent);
  return static_cast<int>(
      std::count_if(lines.begin(), lines.end(), [](const auto& line) { return !line.within; }));
}

}  // namespace terrace::cli
