#include "linux/features.h"

#include <algorithm>

#include "linux/links.h"
#include "linux/nft.h"
#include "linux/probe.h"
#include "linux/tc.h"

namespace terrace::kernel {

namespace {

constexpr std::uint32_t kTable = 100;

// What is tried, and what for. Each trial leaves what the next may need: veth comes first.
class Trials {
 public:
  Trials(const NetNs& ns, Netlink& netlink) : ns_(ns), netlink_(netlink) {}

  std::vector<Feature> run() {
    note("veth", "joins namespaces", netlink_.add_veth({.name = "try0"}, {.name = "try1"}));
    note("bridge", "joins the ends of one link", netlink_.add_bridge({.name = "trybr"}));
    note("vxlan", "carries a link between sites",
         netlink_.add_vxlan({.name = "tryvx", .id = 1, .local = "127.0.0.1"}));
    note("nftables", "filters packets", filter());
    note("nat", "translates addresses", translate());
    note("tbf", "keeps a link to its bit rate", shape(Shape::Kind::kTokenBucket));
    note("htb", "keeps a link to its bit rate, above 17 Gbit/s too",
         shape(Shape::Kind::kHierarchical));
    note(
        "policy-routing", "leads a path's packets by its rule",
        netlink_.add_rule(
            {.priority = 1000, .fwmark = 1, .ip_protocol = 6, .dport_first = 80, .table = kTable}));
    note("ipv6", "addresses links by IPv6", netlink_.add_address("try0", "fd00::1/64"));
    note("ping", "probes with ICMP", ping());
    return std::move(found_);
  }

 private:
  Status filter() const {
    return nft_apply(ns_,
                     "table inet try { counter c { }; chain in { type filter hook input "
                     "priority 0; ct state established counter name c accept; }; }");
  }
  Status translate() const {
    return nft_apply(ns_,
                     "table ip trynat { chain out { type nat hook postrouting priority 100; "
                     "ip saddr 10.0.0.0/8 masquerade; }; }");
  }
  Status shape(Shape::Kind kind) const {
    return shape_egress(ns_, "try0", {.kind = kind, .rate_bps = 1'000'000});
  }
  Status ping() const {
    const auto answer = probe(ns_, IcmpProbe{.destination = "127.0.0.1"});
    if (!answer) return answer.problem();
    if (answer->verdict == ProbeAnswer::Verdict::kAnswered) return {};
    return problem(Problem::UNIMPLEMENTED, "linux.unsupported",
                   "the loopback does not answer: " + answer->detail);
  }

  void note(std::string_view name, std::string_view purpose, const Status& tried) {
    Feature feature{std::string(name), tried.ok(), std::string(purpose)};
    if (!tried) {
      feature.detail += "; missing: " + describe(tried.problem());
      for (const auto& advice : tried.problem().possible()) feature.detail += " " + advice;
    }
    found_.push_back(std::move(feature));
  }

  const NetNs& ns_;
  Netlink& netlink_;
  std::vector<Feature> found_;
};

}  // namespace

Result<std::vector<Feature>> detect_features() {
  const auto ns = NetNs::scratch();
  if (!ns) return ns.problem();
  auto netlink = Netlink::open(*ns);
  if (!netlink) return netlink.problem();
  return Trials(*ns, *netlink).run();
}

Status require_features(const std::vector<Feature>& found, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const auto feature = std::find_if(found.begin(), found.end(),
                                      [&](const Feature& one) { return one.name == name; });
    if (feature != found.end() && feature->available) continue;
    const std::string why = feature == found.end() ? "was not tried" : feature->detail;
    return make_problem(Problem::UNIMPLEMENTED, "linux.unsupported",
                        "this machine lacks " + name + " (" + why + ")")
        .at_resource("feature/" + name)
        .possible("Use a kernel with " + name + ", or the emulated infrastructure.");
  }
  return {};
}

}  // namespace terrace::kernel
