#include <algorithm>

#include "linux/link_watch.h"
#include "linux/links.h"
#include "linux/process.h"
#include "southbound/netns/names.h"
#include "southbound/netns/parts.h"

namespace terrace::netns {
namespace {

using kernel::NetNs;

constexpr Duration kKillWithin = std::chrono::seconds(10);
constexpr Duration kGoneWithin = std::chrono::seconds(20);

// A hold's ports in the site, which go when its fabric goes.
Result<std::vector<std::string>> site_ports(const Site& site, const std::string& key) {
  auto netlink = kernel::Netlink::open(site.ns());
  if (!netlink) return std::move(netlink).problem();
  const auto links = netlink->links();
  if (!links) return links.problem();
  std::vector<std::string> ports;
  for (const auto& link : *links) {
    if (link.name.rfind(attachment_ports(key), 0) == 0) ports.push_back(link.name);
  }
  return ports;
}

}  // namespace

Status Parts::drop_namespaces(const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    const std::string path = site_.run().namespace_path(name);
    if (const auto ns = NetNs::open(path)) {
      // A process would keep it alive, unseen.
      if (Status ended = kernel::kill_all_in(ns->inode(), kKillWithin); !ended) return ended;
    }
    if (Status gone = NetNs::remove(path); !gone) return gone;
  }
  return {};
}

Status Parts::drop_stranger(const std::string& name) {
  const auto names = site_.run().namespace_names();
  if (!names) return names.problem();
  const auto keys = site_.run().keys();
  if (!keys) return keys.problem();
  // Only what is there, and never a path that leads elsewhere.
  if (std::find(keys->begin(), keys->end(), name) != keys->end()) return drop_key(name);
  if (std::find(names->begin(), names->end(), name) == names->end()) return {};
  return is_segment(name) ? segments_.drop(name) : drop_namespaces({name});
}

Status Parts::remove(const std::string& hold_id) {
  constexpr std::string_view kPrefix = kStray;
  if (hold_id.rfind(kPrefix, 0) == 0) return drop_stranger(hold_id.substr(kPrefix.size()));
  return drop_key(hold_key(hold_id));
}

Status Parts::drop_key(const std::string& key) {
  const auto names = site_.run().namespace_names();
  if (!names) return names.problem();
  std::vector<std::string> own;
  for (const std::string& name : *names) {
    if (key_of(name) == key) own.push_back(name);
  }
  auto watch = kernel::LinkWatch::open(site_.ns());
  if (!watch) return std::move(watch).problem();
  const auto ports = site_ports(site_, key);
  if (!ports) return ports.problem();
  if (Status gone = drop_namespaces(own); !gone) return gone;
  if (Status left = segments_.leave(key, {}); !left) return left;
  if (Status gone = watch->wait_gone(*ports, kGoneWithin); !gone) return gone;
  return site_.run().forget(key);
}

}  // namespace terrace::netns
