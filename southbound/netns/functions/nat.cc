// What leaves by the egress of its path carries the NAT's own address there; answers find back.
// Counter: "translated", one for each connection.
#include "southbound/netns/functions/function.h"

namespace terrace::netns {
namespace {

class Nat final : public Function {
 public:
  driver::v1::Function describe() const override {
    driver::v1::Function function;
    function.set_name("nat");
    function.set_behaviour(driver::v1::Function::TRANSLATING);
    return function;
  }

  Result<FunctionPlan> plan(const FunctionContext& context) const override {
    const auto& vnf = context.vnf;
    const auto* egress = egress_of(vnf);
    if (egress == nullptr || egress == ingress_of(vnf)) {
      return make_problem(Problem::INVALID_ARGUMENT, "function.bad-shape",
                          "a nat translates from one link to another")
          .at_resource("vnf/" + name_of(vnf))
          .constraint("connection points", "at least 2", std::to_string(vnf.cp_size()));
    }
    std::string rules;
    bool seen[2] = {false, false};
    for (const std::string& address : egress->address()) {
      const bool v6 = is_v6(address);
      // The first of each family.
      if (std::exchange(seen[v6 ? 1 : 0], true)) continue;
      rules += "    oifname \"" + interface_of(vnf, *egress) + "\" counter name translated snat " +
               (v6 ? "ip6" : "ip") + " to " + without_length(address) + "\n";
    }
    FunctionPlan plan;
    plan.forwards = true;
    plan.rules =
        "  counter translated { }\n  chain translate {\n"
        "    type nat hook postrouting priority 100; policy accept;\n" +
        rules + "  }\n";
    return plan;
  }
};

}  // namespace

std::unique_ptr<Function> make_nat() {
  return std::make_unique<Nat>();
}

}  // namespace terrace::netns
