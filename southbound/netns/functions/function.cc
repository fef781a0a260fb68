#include "southbound/netns/functions/function.h"

#include "southbound/netns/names.h"

namespace terrace::netns {
namespace {

const driver::v1::DesiredCp* find_cp(const driver::v1::DesiredVnf& vnf, const std::string& cpd_id) {
  for (const auto& cp : vnf.cp()) {
    if (cp.cpd_id() == cpd_id) return &cp;
  }
  return nullptr;
}

}  // namespace

std::string parameter_of(const driver::v1::DesiredVnf& vnf, const std::string& key) {
  for (const auto& parameter : vnf.parameter()) {
    if (parameter.key() == key) return parameter.value();
  }
  return {};
}

Problem bad_parameter(const driver::v1::DesiredVnf& vnf, const std::string& key,
                      const std::string& value, const std::string& possible) {
  return make_problem(Problem::INVALID_ARGUMENT, "function.bad-parameter",
                      "a " + vnf.function() + " cannot take '" + value + "' for " + key)
      .at_resource("vnf/" + name_of(vnf))
      .at_path("parameter." + key)
      .possible(possible);
}

std::string name_of(const driver::v1::DesiredVnf& vnf) {
  return vnf.vnf_profile_id() + "[" + std::to_string(vnf.index()) + "]";
}

const driver::v1::DesiredCp* ingress_of(const driver::v1::DesiredVnf& vnf) {
  if (vnf.cp().empty()) return nullptr;
  const auto* cp = find_cp(vnf, vnf.ingress_cpd_id());
  return cp != nullptr ? cp : &vnf.cp(0);
}

const driver::v1::DesiredCp* egress_of(const driver::v1::DesiredVnf& vnf) {
  if (vnf.cp().empty()) return nullptr;
  const auto* cp = find_cp(vnf, vnf.egress_cpd_id());
  return cp != nullptr ? cp : &vnf.cp(vnf.cp_size() - 1);
}

std::string interface_of(const driver::v1::DesiredVnf& vnf, const driver::v1::DesiredCp& cp) {
  for (int i = 0; i < vnf.cp_size(); ++i) {
    if (&vnf.cp(i) == &cp) return interface_name(i);
  }
  return {};
}

std::string without_length(const std::string& address) {
  return address.substr(0, address.find('/'));
}

bool is_v6(const std::string& address) {
  return address.find(':') != std::string::npos;
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> items;
  std::string item;
  for (const char c : text + ",") {
    if (c == ',') {
      if (!item.empty()) items.push_back(std::exchange(item, {}));
    } else if (c != ' ') {
      item += c;
    }
  }
  return items;
}

}  // namespace terrace::netns
