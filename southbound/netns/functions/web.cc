// A web server (nginx) on TCP 80 of all its addresses.
//
//   /          says which instance it is, and the order's content
//   /download  a larger file
//
//   content        what the page says beside the instance's name
//   download-mib   size of the file; 8
//   download-rate  bytes a second for each download: "300k", "2m"; empty: no limit
#include <csignal>

#include <charconv>

#include "southbound/netns/functions/function.h"

namespace terrace::netns {
namespace {

constexpr std::uint16_t kPort = 80;
constexpr std::uint64_t kMib = 1024 * 1024;

std::optional<std::uint64_t> number_within(std::string_view text, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = bad == std::errc() && end == text.data() + text.size();
  if (!whole || number == 0 || number > most) return std::nullopt;
  return number;
}

// As nginx takes it: a number, with k or m.
bool is_rate(std::string text) {
  if (!text.empty() && (text.back() == 'k' || text.back() == 'm')) text.pop_back();
  return number_within(text, 1'000'000'000).has_value();
}

std::string page_of(const driver::v1::DesiredVnf& vnf) {
  std::string page = "instance " + vnf.vnf_instance_id() + "\nprofile " + vnf.vnf_profile_id() +
                     "\nindex " + std::to_string(vnf.index()) + "\n";
  const std::string content = parameter_of(vnf, "content");
  return content.empty() ? page : page + "\n" + content + "\n";
}

// Nothing outside its directory: Debian's default paths are another nginx's, or nobody's.
std::string configuration(const FunctionContext& context, const std::string& rate) {
  const std::string& home = context.directory;
  bool v6 = false;
  for (const auto& cp : context.vnf.cp()) {
    for (const auto& address : cp.address()) v6 = v6 || is_v6(address);
  }
  std::string text =
      "user root;\nworker_processes 1;\ndaemon off;\npid " + home + "/nginx.pid;\nerror_log " +
      home +
      "/error.log warn;\nevents { worker_connections 1024; }\nhttp {\n  access_log off;\n"
      "  default_type text/plain;\n  sendfile on;\n  server_tokens off;\n";
  for (const char* what : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    text += std::string("  ") + what + "_temp_path " + home + "/tmp/" + what + ";\n";
  }
  text += "  server {\n    listen 0.0.0.0:80;\n";
  if (v6) text += "    listen [::]:80 ipv6only=on;\n";
  text += "    root " + home + "/www;\n    index index.txt;\n";
  if (!rate.empty()) text += "    location = /download { limit_rate " + rate + "; }\n";
  return text + "  }\n}\n";
}

class Web final : public Function {
 public:
  explicit Web(std::string nginx) : nginx_(std::move(nginx)) {}

  driver::v1::Function describe() const override {
    driver::v1::Function function;
    function.set_name("web");
    function.set_behaviour(driver::v1::Function::TERMINATING);
    function.mutable_service()->set_protocol("tcp");
    function.mutable_service()->set_port(kPort);
    for (const char* name : {"content", "download-mib", "download-rate"}) {
      function.add_parameter(name);
    }
    return function;
  }

  Needs needs() const override { return {nginx_, "nginx-light"}; }

  Result<FunctionPlan> plan(const FunctionContext& context) const override {
    const auto& vnf = context.vnf;
    const std::string rate = parameter_of(vnf, "download-rate");
    if (!rate.empty() && !is_rate(rate)) {
      return bad_parameter(vnf, "download-rate", rate,
                           "Give bytes a second, such as 300000, 300k or 2m.");
    }
    const std::string mib = parameter_of(vnf, "download-mib");
    const auto size = number_within(mib.empty() ? "8" : mib, 1024);
    if (!size) return bad_parameter(vnf, "download-mib", mib, "Give a number from 1 to 1024.");
    Program program;
    const std::string conf = context.directory + "/nginx.conf";
    program.argv = {
        nginx_, "-c", conf, "-p", context.directory, "-e", context.directory + "/error.log"};
    program.file = {{"nginx.conf", configuration(context, rate), 0, true},
                    {"www/index.txt", page_of(vnf), 0, false},
                    {"www/download", {}, *size * kMib, false}};
    program.directory = {"tmp"};
    program.reload_signal = SIGHUP;
    program.reload_starts_worker = true;
    for (const auto& cp : vnf.cp()) {
      for (const auto& address : cp.address()) {
        program.listen_address.push_back(without_length(address));
      }
    }
    program.listen_port = kPort;
    program.package = needs().package;
    FunctionPlan plan;
    plan.program = std::move(program);
    return plan;
  }

 private:
  const std::string nginx_;
};

}  // namespace

std::unique_ptr<Function> make_web(const NetnsPrograms& programs) {
  return std::make_unique<Web>(programs.nginx);
}

}  // namespace terrace::netns
