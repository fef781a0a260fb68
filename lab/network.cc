#include "lab/network.h"

#include <filesystem>
#include <functional>
#include <map>
#include <vector>

#include "linux/link_watch.h"
#include "linux/links.h"
#include "linux/netns.h"
#include "linux/process.h"

namespace terrace::lab {
namespace {

using kernel::Netlink;
using kernel::NetNs;

constexpr char kBridge[] = "wan";

// Builds link by link, and remembers what has to come up where.
class Builder {
 public:
  Builder() = default;

  Status add_namespace(const std::string& path) {
    auto ns = NetNs::create(path);
    if (!ns) return std::move(ns).problem();
    auto watch = kernel::LinkWatch::open(*ns);
    if (!watch) return std::move(watch).problem();
    places_.emplace(path, Place{*std::move(ns), *std::move(watch), {}});
    return {};
  }

  Status bridge(const std::string& place, std::uint32_t mtu) {
    return with(place, [&](Netlink& netlink) -> Status {
      kernel::BridgeOptions options;
      options.name = kBridge;
      options.mtu = mtu;
      if (Status made = netlink.add_bridge(options); !made) return made;
      return netlink.set_up(kBridge);
    });
  }

  Status join(const std::string& one, const std::string& one_link, const std::string& other,
              const std::string& other_link, std::uint32_t mtu) {
    kernel::VethEnd here, there;
    here.name = one_link;
    here.mtu = there.mtu = mtu;
    there.name = other_link;
    there.ns = &places_.at(other).ns;
    const Status made = with(one, [&](Netlink& netlink) { return netlink.add_veth(here, there); });
    if (!made) return made;
    if (Status up = raise(one, one_link); !up) return up;
    return raise(other, other_link);
  }

  Status port(const std::string& place, const std::string& link) {
    return with(place, [&](Netlink& netlink) { return netlink.set_master(link, kBridge); });
  }

  Status address(const std::string& place, const std::string& link, const std::string& address) {
    return with(place, [&](Netlink& netlink) { return netlink.add_address(link, address); });
  }

  Status wait_running(Duration within) {
    for (auto& [path, place] : places_)
      if (!place.links.empty())
        if (Status ready = place.watch.wait_running(place.links, within); !ready) return ready;
    return {};
  }

 private:
  struct Place {
    NetNs ns;
    kernel::LinkWatch watch;
    std::vector<std::string> links;
  };

  Status with(const std::string& place, const std::function<Status(Netlink&)>& use) {
    auto netlink = Netlink::open(places_.at(place).ns);
    if (!netlink) return std::move(netlink).problem();
    return use(*netlink);
  }

  Status raise(const std::string& place, const std::string& link) {
    places_.at(place).links.push_back(link);
    return with(place, [&](Netlink& netlink) { return netlink.set_up(link); });
  }

  std::map<std::string, Place> places_;
};

// The first that fails ends it.
using Steps = std::vector<std::function<Status()>>;
Status in_order(const Steps& steps) {
  for (const auto& step : steps)
    if (Status done = step(); !done) return done;
  return {};
}

Status add_namespaces(Builder& builder, const Layout& layout) {
  std::vector<std::string> paths;
  const Topology& topology = layout.topology();
  if (topology.wan) paths.push_back(layout.wan_namespace());
  for (const auto& site : topology.sites) paths.push_back(layout.site_namespace(site.name));
  for (const auto& one : topology.platforms) paths.push_back(layout.platform_namespace(one.name));
  for (const auto& one : topology.customers) paths.push_back(layout.customer_namespace(one.name));
  for (const auto& path : paths)
    if (Status made = builder.add_namespace(path); !made) return made;
  return {};
}

Status join_sites(Builder& builder, const Layout& layout) {
  if (!layout.topology().wan) return {};
  const Wan& wan = *layout.topology().wan;
  const std::string length = wan.subnet.substr(wan.subnet.find('/'));
  if (Status made = builder.bridge(layout.wan_namespace(), wan.mtu); !made) return made;
  for (const auto& site : layout.topology().sites) {
    const std::string place = layout.site_namespace(site.name), port = layout.wan_port(site.name);
    const Status done = in_order(
        {[&] {
           return builder.join(place, Layout::kWanLink, layout.wan_namespace(), port, wan.mtu);
         },
         [&] { return builder.port(layout.wan_namespace(), port); },
         [&] { return builder.address(place, Layout::kWanLink, site.address + length); }});
    if (!done) return done;
  }
  return {};
}

Status join_customers(Builder& builder, const Layout& layout) {
  constexpr std::uint32_t kMtu = 1500;
  for (const auto& customer : layout.topology().customers) {
    const std::string place = layout.customer_namespace(customer.name);
    if (Status joined =
            builder.join(place, Layout::kCustomerLink, layout.site_namespace(customer.site),
                         layout.attachment_link(customer), kMtu);
        !joined)
      return joined;
    for (const auto& address : customer.address)
      if (Status set = builder.address(place, Layout::kCustomerLink, address); !set) return set;
  }
  return {};
}

Status join_platforms(Builder& builder, const Layout& layout) {
  constexpr std::uint32_t kMtu = 1500;
  for (const auto& relation : layout.relations()) {
    const std::string parent = layout.platform_namespace(relation.parent);
    const std::string child = layout.platform_namespace(relation.child);
    const Status done = in_order(
        {[&] {
           return builder.join(parent, relation.parent_link, child, relation.child_link, kMtu);
         },
         [&] {
           return builder.address(parent, relation.parent_link, relation.parent_address + "/30");
         },
         [&] {
           return builder.address(child, relation.child_link, relation.child_address + "/30");
         }});
    if (!done) return done;
  }
  return {};
}

// Directories below the lab's that keep namespaces.
std::vector<std::string> keeping(const std::string& directory) {
  std::vector<std::string> found;
  std::error_code ignored;
  const std::filesystem::path root(directory);
  found.push_back((root / "ns").string());
  for (const auto& platform : std::filesystem::directory_iterator(root / "platforms", ignored))
    found.push_back((platform.path() / "netns" / "ns").string());
  return found;
}

}  // namespace

Status make_network(const Layout& layout, Duration within) {
  Builder builder;
  return in_order({[&] { return add_namespaces(builder, layout); },
                   [&] { return join_sites(builder, layout); },
                   [&] { return join_customers(builder, layout); },
                   [&] { return join_platforms(builder, layout); },
                   [&] { return builder.wait_running(within); }});
}

Status drop_namespaces(const std::string& directory, Duration within) {
  Status worst;
  const auto note = [&worst](const Status& status) {
    if (!status && worst.ok()) worst = status;
  };
  for (const auto& kept : keeping(directory)) {
    const auto names = NetNs::list(kept);
    if (!names) {
      note(names.problem());
      continue;
    }
    for (const auto& name : *names) {
      const std::string path = kept + "/" + name;
      if (const auto ns = NetNs::open(path)) note(kernel::kill_all_in(ns->inode(), within));
      note(NetNs::remove(path));
    }
  }
  return worst;
}

}  // namespace terrace::lab
