// Spreads connections on TCP 80 of its ingress over all instances of the function behind it
// (haproxy).
//
//   balance  roundrobin (each request, or connection, goes to the next), leastconn, source
//   mode     http, tcp
#include <csignal>

#include <algorithm>

#include "recursion/ip_address.h"
#include "southbound/netns/functions/function.h"

namespace terrace::netns {
namespace {

constexpr std::uint16_t kPort = 80;

std::string endpoint(const std::string& address) {
  return (is_v6(address) ? "[" + address + "]" : address) + ":80";
}

// The parameter, or the first of its choices where the order names none.
Result<std::string> choice(const driver::v1::DesiredVnf& vnf, const std::string& key,
                           const std::vector<std::string>& choices) {
  const std::string value = parameter_of(vnf, key);
  if (value.empty()) return choices.front();
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  std::string all;
  for (const std::string& one : choices) all += (all.empty() ? "" : ", ") + one;
  return bad_parameter(vnf, key, value, "Give one of: " + all + ".");
}

class LoadBalancer final : public Function {
 public:
  explicit LoadBalancer(std::string haproxy) : haproxy_(std::move(haproxy)) {}

  driver::v1::Function describe() const override {
    driver::v1::Function function;
    function.set_name("loadbalancer");
    function.set_behaviour(driver::v1::Function::TERMINATING);
    function.mutable_service()->set_protocol("tcp");
    function.mutable_service()->set_port(kPort);
    for (const char* name : {"balance", "mode"}) function.add_parameter(name);
    return function;
  }

  Needs needs() const override { return {haproxy_, "haproxy"}; }

  Result<FunctionPlan> plan(const FunctionContext& context) const override {
    const auto& vnf = context.vnf;
    const auto* ingress = ingress_of(vnf);
    if (ingress == nullptr || ingress->address().empty()) {
      return make_problem(Problem::INVALID_ARGUMENT, "function.bad-shape",
                          "a loadbalancer needs an address to listen on")
          .at_resource("vnf/" + name_of(vnf));
    }
    auto text = configuration(vnf, *ingress);
    if (!text) return std::move(text).problem();
    Program program;
    // A master and a worker: on SIGUSR2 a new worker takes over, the old one ends its connections.
    program.argv = {haproxy_, "-W", "-f", context.directory + "/haproxy.cfg"};
    program.file = {{"haproxy.cfg", *std::move(text), 0, true}};
    program.reload_signal = SIGUSR2;
    program.reload_starts_worker = true;
    for (const auto& address : ingress->address()) {
      program.listen_address.push_back(without_length(address));
    }
    program.listen_port = kPort;
    program.package = needs().package;
    FunctionPlan plan;
    plan.program = std::move(program);
    return plan;
  }

 private:
  static Result<std::string> configuration(const driver::v1::DesiredVnf& vnf,
                                           const driver::v1::DesiredCp& ingress) {
    const auto balance = choice(vnf, "balance", {"roundrobin", "leastconn", "source"});
    if (!balance) return balance.problem();
    const auto mode = choice(vnf, "mode", {"http", "tcp"});
    if (!mode) return mode.problem();
    std::string text = "global\n  maxconn 4096\n  nbthread 1\ndefaults\n  mode " + *mode +
                       "\n"
                       "  timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n"
                       "  timeout check 1s\n  retries 2\n  option redispatch\nfrontend service\n";
    for (const auto& address : ingress.address()) {
      text += "  bind " + endpoint(without_length(address)) + "\n";
    }
    text += "  default_backend servers\nbackend servers\n  balance " + *balance + "\n";
    int number = 0;
    for (const auto& backend : vnf.backend()) {
      const auto address = IpAddress::parse(backend);
      if (!address) return address.problem();
      // New ones are trusted until a check fails; one that starts later than this is found soon.
      text += "  server s" + std::to_string(++number) + " " + endpoint(address->str()) +
              " check inter 1s fastinter 200ms downinter 200ms fall 2 rise 1\n";
    }
    return text;
  }

  const std::string haproxy_;
};

}  // namespace

std::unique_ptr<Function> make_load_balancer(const NetnsPrograms& programs) {
  return std::make_unique<LoadBalancer>(programs.haproxy);
}

}  // namespace terrace::netns
