#include "lab/topology.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "base/strict_yaml.h"

namespace terrace::lab {
namespace {

constexpr std::string_view kInvalid = "lab.invalid-value";
// Paths of sockets have 107 characters, and names are part of them.
constexpr std::size_t kLongestName = 24;

bool is_name(const std::string& text) {
  if (text.empty() || text.size() > kLongestName) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

struct Prefix {
  std::uint32_t address = 0;
  unsigned length = 0;
};

std::optional<std::uint32_t> parse_v4(const std::string& text) {
  in_addr address{};
  if (::inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

std::optional<Prefix> parse_v4_prefix(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos || slash + 1 == text.size() || text.size() > slash + 3)
    return std::nullopt;
  unsigned length = 0;
  for (const char c : text.substr(slash + 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    length = length * 10 + static_cast<unsigned>(c - '0');
  }
  const auto address = parse_v4(text.substr(0, slash));
  if (!address || length > 32) return std::nullopt;
  return Prefix{*address, length};
}

bool contains(const Prefix& prefix, std::uint32_t address) {
  const std::uint32_t mask = prefix.length == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix.length);
  return (prefix.address & mask) == (address & mask);
}

// Names of platforms, sites and customers are one space: `lab exec NAME` takes them all.
class Reader {
 public:
  explicit Reader(Topology& topology) : topology_(topology) {}

  void read(YamlReader& root) {
    topology_.name = root.string("lab");
    if (!is_name(topology_.name)) bad_name(root, "lab");
    root.optional_map("wan", [&](YamlReader& wan) { read_wan(wan); });
    root.each("sites", [&](YamlReader& site, std::size_t) { read_site(site); });
    root.each("platforms", [&](YamlReader& one, std::size_t) { read_platform(one); });
    root.each("customers", [&](YamlReader& one, std::size_t) { read_customer(one); });
    if (topology_.platforms.empty())
      root.refuse("platforms", "lab.missing", "A lab has at least one platform.");
    check_below(root);
  }

 private:
  void bad_name(YamlReader& reader, std::string_view key) {
    reader.refuse(key, kInvalid, "A name has lower-case letters, digits and hyphens, 24 at most.");
  }

  std::string read_name(YamlReader& reader) {
    const std::string name = reader.string("name");
    if (!is_name(name))
      bad_name(reader, "name");
    else if (name == "wan" || !names_.insert(name).second)
      reader.refuse("name", kInvalid, "The name `" + name + "` is taken.");
    return name;
  }

  void read_wan(YamlReader& reader) {
    Wan wan;
    wan.name = reader.string("name");
    wan.subnet = reader.string("subnet");
    wan.mtu = static_cast<std::uint32_t>(reader.optional_uint("mtu", 1280, 9000).value_or(1500));
    wan_ = parse_v4_prefix(wan.subnet);
    if (!wan_) reader.refuse("subnet", kInvalid, "`" + wan.subnet + "` is no IPv4 prefix.");
    topology_.wan = std::move(wan);
  }

  void read_site(YamlReader& reader) {
    Site site;
    site.name = read_name(reader);
    if (topology_.wan) {
      site.address = reader.string("address");
      const auto address = parse_v4(site.address);
      if (!address || (wan_ && !contains(*wan_, *address)))
        reader.refuse("address", kInvalid,
                      "`" + site.address + "` is no address of the WAN's subnet.");
      else if (!addresses_.insert(*address).second)
        reader.refuse("address", kInvalid, "The address `" + site.address + "` is taken.");
    }
    topology_.sites.push_back(std::move(site));
  }

  bool has_site(const std::string& name) const {
    return std::any_of(topology_.sites.begin(), topology_.sites.end(),
                       [&](const Site& site) { return site.name == name; });
  }

  void read_platform(YamlReader& reader) {
    Platform platform;
    platform.name = read_name(reader);
    platform.provider = reader.string("provider");
    platform.addresses = reader.strings("addresses");
    if (platform.addresses.empty()) platform.addresses = {"10.0.0.0/8"};
    reader.each("below", [&](YamlReader& below, std::size_t) {
      platform.below.push_back(
          {below.string("platform"), below.optional_string("margin").value_or("")});
    });
    reader.optional_map("infrastructure", [&](YamlReader& own) {
      platform.infrastructure = read_infrastructure(own);
    });
    if (platform.below.empty() && !platform.infrastructure)
      reader.refuse("", "lab.missing", "A platform has platforms below or infrastructure.");
    topology_.platforms.push_back(std::move(platform));
  }

  Infrastructure read_infrastructure(YamlReader& reader) {
    Infrastructure own;
    own.site = reader.string("site");
    if (!has_site(own.site))
      reader.refuse("site", kInvalid, "There is no site `" + own.site + "`.");
    else if (!owned_.insert(own.site).second)
      reader.refuse("site", kInvalid, "Another platform has the site `" + own.site + "`.");
    reader.map("location", [&](YamlReader& place) {
      own.location.pop = place.string("pop");
      own.location.zone = place.optional_string("zone").value_or("");
      own.location.zone_group = place.optional_string("zone-group").value_or("");
      own.location.country = place.optional_string("country").value_or("");
    });
    reader.each("nodes", [&](YamlReader& node, std::size_t) {
      own.nodes.push_back({node.string("name"),
                           static_cast<std::uint32_t>(node.uint("vcpus", 1, 100'000)),
                           node.uint("memory-mib", 1, 1'000'000'000)});
    });
    if (own.nodes.empty()) reader.refuse("nodes", "lab.missing", "No nodes to run functions on.");
    own.currency = reader.optional_string("currency").value_or("");
    reader.each("functions", [&](YamlReader& function, std::size_t) {
      own.functions.push_back({function.string("name"),
                               function.optional_string("monthly").value_or(""),
                               function.optional_string("one-off").value_or("")});
    });
    if (own.functions.empty()) reader.refuse("functions", "lab.missing", "No functions to sell.");
    reader.optional_map("segments", [&](YamlReader& segments) {
      own.first_segment = static_cast<std::uint32_t>(segments.uint("first", 1, 0xffffff));
      own.last_segment =
          static_cast<std::uint32_t>(segments.uint("last", own.first_segment, 0xffffff));
    });
    return own;
  }

  void read_customer(YamlReader& reader) {
    Customer customer;
    customer.name = read_name(reader);
    customer.site = reader.string("site");
    if (owned_.count(customer.site) == 0)
      reader.refuse("site", kInvalid, "No platform has a site `" + customer.site + "`.");
    customer.attachment = reader.string("attachment");
    customer.address = reader.strings("address");
    topology_.customers.push_back(std::move(customer));
  }

  void check_below(YamlReader& root) {
    for (const auto& platform : topology_.platforms) {
      for (const auto& below : platform.below)
        if (topology_.platform(below.platform) == nullptr)
          root.refuse("platforms", kInvalid,
                      "`" + below.platform + "`, below `" + platform.name + "`, is no platform.");
      std::set<std::string> seen;
      if (reaches(platform, platform.name, seen))
        root.refuse("platforms", "lab.loop", "`" + platform.name + "` is below itself.");
    }
  }

  bool reaches(const Platform& from, const std::string& wanted, std::set<std::string>& seen) const {
    for (const auto& below : from.below) {
      if (below.platform == wanted) return true;
      const Platform* const next = topology_.platform(below.platform);
      if (next == nullptr || !seen.insert(below.platform).second) continue;
      if (reaches(*next, wanted, seen)) return true;
    }
    return false;
  }

  Topology& topology_;
  std::set<std::string> names_;
  std::set<std::string> owned_;
  std::set<std::uint32_t> addresses_;
  std::optional<Prefix> wan_;
};

}  // namespace

const Platform* Topology::platform(std::string_view wanted) const {
  for (const auto& one : platforms)
    if (one.name == wanted) return &one;
  return nullptr;
}

std::vector<const Platform*> Topology::above(const Platform& platform) const {
  std::vector<const Platform*> found;
  for (const auto& one : platforms)
    for (const auto& below : one.below)
      if (below.platform == platform.name) found.push_back(&one);
  return found;
}

Result<Topology> parse_topology(std::string_view text, const std::string& file_name) {
  auto tree = parse_yaml(text, file_name);
  if (!tree.ok()) return std::move(tree).problem();
  Topology topology;
  YamlProblems problems(file_name);
  {
    YamlReader root(*tree, "", problems);
    Reader(topology).read(root);
  }
  if (!problems.empty()) return problems.as_problem("lab.invalid");
  return topology;
}

Result<Topology> read_topology(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (!file || !(text << file.rdbuf()))
    return make_problem(Problem::NOT_FOUND, "lab.unreadable", "Cannot read " + path + ".")
        .at_resource("file/" + path)
        .possible("Name a topology file, for example examples/three-tier/lab.yaml.");
  return parse_topology(text.str(), path);
}

}  // namespace terrace::lab
