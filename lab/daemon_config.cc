// A daemon's configuration, from the topology.
#include <sstream>

#include "lab/layout.h"

namespace terrace::lab {
namespace {

// YAML's double-quoted form, which can hold any text.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + "\"";
}

void write_location(std::ostream& out, const char* indent, const Location& location) {
  const auto field = [&](const char* key, const std::string& value) {
    if (!value.empty()) out << indent << "  " << key << ": " << quoted(value) << "\n";
  };
  out << indent << "location:\n";
  field("nfvi-pop", location.pop);
  field("zone", location.zone);
  field("zone-group", location.zone_group);
  field("country-code", location.country);
}

void write_children(std::ostream& out, const Layout& layout, const Platform& platform) {
  if (platform.below.empty()) return;
  out << "children:\n";
  for (const auto& below : platform.below)
    for (const auto& relation : layout.relations()) {
      if (relation.parent != platform.name || relation.child != below.platform) continue;
      out << "  - name: " << below.platform << "\n    address: \"" << relation.child_address << ":"
          << kApiPort << "\"\n";
      if (!below.margin.empty()) out << "    margin: " << quoted(below.margin) << "\n";
    }
}

void write_functions(std::ostream& out, const Infrastructure& own) {
  out << "  functions:\n";
  for (const auto& function : own.functions) {
    out << "    - name: " << quoted(function.name) << "\n";
    if (!function.monthly.empty()) out << "      monthly: " << quoted(function.monthly) << "\n";
    if (!function.one_off.empty()) out << "      one-off: " << quoted(function.one_off) << "\n";
    if (!own.currency.empty() && !(function.monthly.empty() && function.one_off.empty()))
      out << "      currency: " << quoted(own.currency) << "\n";
  }
}

void write_attachments(std::ostream& out, const Layout& layout, const Infrastructure& own) {
  std::ostringstream entries;
  for (const auto& customer : layout.topology().customers) {
    if (customer.site != own.site) continue;
    entries << "    - id: " << layout.attachment_id(customer)
            << "\n      name: " << quoted(customer.attachment)
            << "\n      interface: " << layout.attachment_link(customer) << "\n";
    write_location(entries, "      ", own.location);
  }
  if (!entries.str().empty()) out << "  attachment-points:\n" << entries.str();
}

void write_interconnects(std::ostream& out, const Layout& layout, const Infrastructure& own) {
  const auto& topology = layout.topology();
  if (!topology.wan || own.first_segment == 0) return;
  for (const auto& site : topology.sites) {
    if (site.name != own.site) continue;
    out << "  interconnects:\n    - id: " << layout.interconnect_id(site.name)
        << "\n      underlay: " << quoted(topology.wan->name) << "\n      vtep: \"" << site.address
        << "\"\n      interface: " << Layout::kWanLink << "\n      mtu: " << topology.wan->mtu
        << "\n      segment-ids:\n        - first: " << own.first_segment
        << "\n          last: " << own.last_segment << "\n";
    write_location(out, "      ", own.location);
  }
}

void write_infrastructure(std::ostream& out, const Layout& layout, const Platform& platform) {
  if (!platform.infrastructure) return;
  const Infrastructure& own = *platform.infrastructure;
  out << "infrastructure:\n  kind: netns\n  netns:\n    site: "
      << quoted(layout.site_namespace(own.site))
      << "\n    run-dir: " << quoted(layout.infrastructure_directory(platform.name))
      << "\n  nodes:\n";
  for (const auto& node : own.nodes) {
    out << "    - id: " << quoted(node.name) << "\n      vcpus: " << node.vcpus
        << "\n      memory-mib: " << node.memory_mib << "\n";
    write_location(out, "      ", own.location);
  }
  write_functions(out, own);
  write_attachments(out, layout, own);
  write_interconnects(out, layout, own);
}

}  // namespace

std::string daemon_config(const Layout& layout, const Platform& platform) {
  std::ostringstream out;
  out << "# Written by terrace-lab for the lab " << layout.topology().name << ".\n"
      << "platform: " << layout.platform_id(platform.name)
      << "\nprovider: " << quoted(platform.provider) << "\nlisten:\n  - "
      << quoted(layout.admin_address(platform.name)) << "\n";
  for (const auto& relation : layout.relations())
    if (relation.child == platform.name)
      out << "  - \"" << relation.child_address << ":" << kApiPort << "\"\n";
  out << "state: " << quoted(layout.platform_directory(platform.name) + "/state")
      << "\naddresses:\n  prefixes:\n";
  for (const auto& prefix : platform.addresses) out << "    - " << quoted(prefix) << "\n";
  write_children(out, layout, platform);
  write_infrastructure(out, layout, platform);
  return out.str();
}

}  // namespace terrace::lab
