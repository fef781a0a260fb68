#include "lab/layout.h"

#include "base/ids.h"

namespace terrace::lab {
namespace {

// The namespace of the ids made here.
constexpr char kLabNamespace[] = "5f0f3a6e-3d0f-5b6e-9c0c-7d2f5f1f2a10";

template <class All>
std::string position(const All& all, const std::string& name) {
  std::size_t i = 0;
  while (i < all.size() && all[i].name != name) ++i;
  return std::to_string(i);
}

// Each relation has four addresses of 198.18.0.0/15, which RFC 2544 sets aside for tests.
std::string relation_address(std::size_t index, unsigned host) {
  const std::size_t number = index * 4 + host;
  return "198.18." + std::to_string(number / 256) + "." + std::to_string(number % 256);
}

}  // namespace

Layout::Layout(const Topology& topology, std::string directory)
    : topology_(topology), directory_(std::move(directory)) {
  for (const auto& platform : topology.platforms)
    for (const auto& below : platform.below) {
      const std::size_t index = relations_.size();
      relations_.push_back({platform.name, below.platform, relation_address(index, 1),
                            relation_address(index, 2), "below" + std::to_string(index),
                            "above" + std::to_string(index)});
    }
}

std::string Layout::platform_namespace(const std::string& name) const {
  return namespaces() + "/platform-" + name;
}
std::string Layout::site_namespace(const std::string& name) const {
  return namespaces() + "/site-" + name;
}
std::string Layout::customer_namespace(const std::string& name) const {
  return namespaces() + "/customer-" + name;
}
std::string Layout::platform_directory(const std::string& name) const {
  return directory_ + "/platforms/" + name;
}
std::string Layout::admin_address(const std::string& name) const {
  return "unix:" + platform_directory(name) + "/api.sock";
}
std::string Layout::config_path(const std::string& name) const {
  return platform_directory(name) + "/terraced.yaml";
}
std::string Layout::log_path(const std::string& name) const {
  return platform_directory(name) + "/terraced.log";
}
std::string Layout::infrastructure_directory(const std::string& name) const {
  return platform_directory(name) + "/netns";
}
std::string Layout::function_namespaces(const std::string& name) const {
  return infrastructure_directory(name) + "/ns";
}

std::string Layout::id(const std::string& name) const {
  return uuid_v5(kLabNamespace, topology_.name + "/" + name);
}
std::string Layout::platform_id(const std::string& name) const {
  return id("platform/" + name);
}
std::string Layout::attachment_id(const Customer& customer) const {
  return id("attachment/" + customer.site + "/" + customer.attachment);
}
std::string Layout::interconnect_id(const std::string& site) const {
  return id("interconnect/" + site);
}

std::string Layout::attachment_link(const Customer& customer) const {
  return "customer" + position(topology_.customers, customer.name);
}
std::string Layout::wan_port(const std::string& site) const {
  return "site" + position(topology_.sites, site);
}

}  // namespace terrace::lab
