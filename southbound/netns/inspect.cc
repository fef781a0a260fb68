#include <algorithm>
#include <map>
#include <set>

#include "linux/links.h"
#include "linux/process.h"
#include "southbound/netns/names.h"
#include "southbound/netns/parts.h"

namespace terrace::netns {
namespace {

using driver::v1::DesiredPart;
using driver::v1::DesiredVnf;
using v1::Resource;

void add_detail(Resource& resource, const std::string& key, const std::string& value) {
  auto& detail = *resource.add_detail();
  detail.set_key(key);
  detail.set_value(value);
}

// Whose a namespace is.
struct Owner {
  std::string hold_id;
  std::string vnf_profile_id;
  std::uint32_t index = 0;
};

class Listing {
 public:
  Listing(const RunDir& run, std::vector<Resource>& found) : run_(run), found_(found) {}

  // The namespace, and what is in it. One that goes meanwhile is not listed.
  void add(const std::string& name, const Owner& owner) {
    const std::string path = run_.namespace_path(name);
    const auto ns = kernel::NetNs::open(path);
    if (!ns) {
      // The file of a namespace that is gone (a restart of the machine) is something to clear away.
      if (ns.problem().code() == Problem::INVALID_ARGUMENT) put("file", name, path, owner);
      return;
    }
    const std::size_t at = found_.size();
    put("netns", name, path, owner);
    add_links(*ns, owner, path, at);
    const auto pids = kernel::processes_in(ns->inode());
    if (!pids) return;
    for (const pid_t pid : *pids) {
      auto& process = put("process", program_of(pid), std::to_string(pid), owner);
      add_detail(process, "netns", path);
    }
  }

  Resource& put(const std::string& kind, const std::string& name, const std::string& where,
                const Owner& owner) {
    Resource& resource = found_.emplace_back();
    resource.set_kind(kind);
    resource.set_name(name);
    resource.set_hold_id(owner.hold_id);
    resource.set_vnf_profile_id(owner.vnf_profile_id);
    resource.set_index(owner.index);
    resource.set_where(where);
    return resource;
  }

 private:
  static std::string program_of(pid_t pid) {
    std::string name = read_file("/proc/" + std::to_string(pid) + "/comm").value_or("");
    while (!name.empty() && name.back() == '\n') name.pop_back();
    return name;
  }

  // Bridges and their ports as resources of their own; a VNF's interfaces as details of it.
  void add_links(const kernel::NetNs& ns, const Owner& owner, const std::string& path,
                 std::size_t at) {
    auto netlink = kernel::Netlink::open(ns);
    if (!netlink) return;
    const auto links = netlink->links();
    const auto addresses = netlink->addresses();
    if (!links || !addresses) return;
    for (const auto& link : *links) {
      // A probe's port vanishes by itself.
      if (link.kind.empty() || link.name.rfind(kProbePort, 0) == 0) continue;
      Resource& resource = put(link.kind, link.name, path, owner);
      add_detail(resource, "mac", link.mac);
      add_detail(resource, "mtu", std::to_string(link.mtu));
      for (const auto& [name, address] : *addresses) {
        if (name != link.name || address.rfind("fe80:", 0) == 0) continue;
        add_detail(resource, "address", address);
        add_detail(found_[at], name, address);
      }
    }
  }

  const RunDir& run_;
  std::vector<Resource>& found_;
};

// By namespace name, of all parts that are known.
std::multimap<std::string, Owner> owners(const RunDir& run, const std::vector<std::string>& keys) {
  std::multimap<std::string, Owner> owner;
  for (const std::string& key : keys) {
    const auto part = run.load(key);
    if (!part) continue;
    owner.insert({fabric_namespace(key), {part->hold_id(), {}, 0}});
    std::set<std::string> segments;
    for (const auto& link : part->link()) {
      if (is_stitched(link)) segments.insert(segment_of(link));
    }
    for (const auto& name : segments) owner.insert({name, {part->hold_id(), {}, 0}});
    for (const DesiredVnf& vnf : part->vnf()) {
      owner.insert({vnf_namespace(key, vnf), {part->hold_id(), vnf.vnf_profile_id(), vnf.index()}});
    }
  }
  return owner;
}

}  // namespace

Result<std::vector<Resource>> Parts::inspect(const std::optional<std::string>& hold_id) const {
  const auto keys = site_.run().keys();
  if (!keys) return keys.problem();
  const auto names = site_.run().namespace_names();
  if (!names) return names.problem();
  const auto known = owners(site_.run(), *keys);
  std::vector<Resource> found;
  Listing listing(site_.run(), found);
  const auto wanted = [&](const Owner& owner) { return !hold_id || *hold_id == owner.hold_id; };
  for (const std::string& name : *names) {
    auto [at, end] = known.equal_range(name);
    std::vector<Owner> owner;
    for (; at != end; ++at) owner.push_back(at->second);
    if (owner.empty()) {
      // A hold's that left its shape, or nobody's we know.
      const auto part = site_.run().load(key_of(name));
      owner.push_back({part ? part->hold_id() : kStray + name, {}, 0});
    }
    for (const Owner& one : owner) {
      if (wanted(one)) listing.add(name, one);
    }
  }
  for (const std::string& key : *keys) {
    const auto part = site_.run().load(key);
    const Owner owner{part ? part->hold_id() : kStray + key, {}, 0};
    if (wanted(owner)) listing.put("file", key, site_.run().hold_directory(key), owner);
  }
  return found;
}

}  // namespace terrace::netns
