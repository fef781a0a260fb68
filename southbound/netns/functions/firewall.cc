// Lets through what its order allows, answers included, and counts what it drops.
//
//   deny   looked at first; "tcp/22,udp/1000-2000"; empty: nothing
//   allow  "tcp/80,icmp"; empty: everything
//
// Counters: "dropped" for all that was, "deny_tcp_22" for one entry's part of it, "passed".
#include <algorithm>
#include <charconv>
#include <set>

#include "southbound/netns/functions/function.h"

namespace terrace::netns {
namespace {

constexpr char kEntries[] =
    "Give a list such as 'tcp/80,udp/5000-5010,icmp'; 'tcp' and 'udp' alone mean all ports, 'any' "
    "everything.";

// ICMP's errors pass whatever the order says: without them no path MTU is ever found.
constexpr char kErrorsPass[] =
    "    ct state established,related counter name passed accept\n"
    "    icmp type { destination-unreachable, time-exceeded, parameter-problem } accept\n"
    "    icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } "
    "accept\n";

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), port);
  return bad == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

// "8000-8010" has an order; a single port is fine.
bool is_port_range(const std::string& text) {
  const auto dash = text.find('-');
  if (dash == std::string::npos) return is_port(text);
  const std::string first = text.substr(0, dash);
  const std::string last = text.substr(dash + 1);
  return is_port(first) && is_port(last) && std::stoi(first) <= std::stoi(last);
}

// What a packet is compared with: "tcp dport 80"; unset where the entry is none. All text that
// reaches the ruleset is of digits and words known here.
std::optional<std::string> match_of(const std::string& entry) {
  if (entry == "any") return "";
  if (entry == "icmp") return "meta l4proto { icmp, ipv6-icmp } ";
  if (entry == "tcp" || entry == "udp") return "meta l4proto " + entry + " ";
  const auto slash = entry.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const std::string protocol = entry.substr(0, slash);
  const std::string ports = entry.substr(slash + 1);
  if ((protocol != "tcp" && protocol != "udp") || !is_port_range(ports)) return std::nullopt;
  return protocol + " dport " + ports + " ";
}

std::string counter_of(const std::string& entry) {
  std::string name = "deny_" + entry;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '/' || c == '-'; }, '_');
  return name;
}

class Firewall final : public Function {
 public:
  driver::v1::Function describe() const override {
    driver::v1::Function function;
    function.set_name("firewall");
    function.set_behaviour(driver::v1::Function::TRANSPARENT);
    function.add_parameter("allow");
    function.add_parameter("deny");
    return function;
  }

  Result<FunctionPlan> plan(const FunctionContext& context) const override {
    const auto& vnf = context.vnf;
    std::string counters = "  counter passed { }\n  counter dropped { }\n";
    std::string chain =
        "  chain forward {\n    type filter hook forward priority 0; policy drop;\n";
    chain += kErrorsPass;
    std::set<std::string> counted;
    for (const std::string& entry : split_list(parameter_of(vnf, "deny"))) {
      const auto match = match_of(entry);
      if (!match) return bad_parameter(vnf, "deny", entry, kEntries);
      const std::string counter = counter_of(entry);
      if (counted.insert(counter).second) counters += "  counter " + counter + " { }\n";
      chain += "    " + *match + "counter name " + counter + " counter name dropped drop\n";
    }
    const auto allowed = split_list(parameter_of(vnf, "allow"));
    for (const std::string& entry : allowed) {
      const auto match = match_of(entry);
      if (!match) return bad_parameter(vnf, "allow", entry, kEntries);
      chain += "    " + *match + "counter name passed accept\n";
    }
    chain +=
        allowed.empty() ? "    counter name passed accept\n" : "    counter name dropped drop\n";
    FunctionPlan plan;
    plan.forwards = true;
    plan.rules = counters + chain + "  }\n";
    return plan;
  }
};

}  // namespace

std::unique_ptr<Function> make_firewall() {
  return std::make_unique<Firewall>();
}

}  // namespace terrace::netns
