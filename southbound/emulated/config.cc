#include "southbound/emulated/config.h"

#include <initializer_list>

namespace terrace {
namespace {

using driver::v1::Function;

Function function(const std::string& name, Function::Behaviour behaviour,
                  std::initializer_list<const char*> parameters) {
  Function made;
  made.set_name(name);
  made.add_image("terrace/" + name);
  made.set_behaviour(behaviour);
  if (behaviour == Function::TERMINATING) {
    made.mutable_service()->set_protocol("tcp");
    made.mutable_service()->set_port(80);
  }
  for (const char* parameter : parameters) made.add_parameter(parameter);
  return made;
}

}  // namespace

std::vector<Function> emulated_functions() {
  return {function("router", Function::TRANSPARENT, {}),
          function("firewall", Function::TRANSPARENT, {"allow", "deny"}),
          function("nat", Function::TRANSLATING, {}),
          function("web", Function::TERMINATING, {"content"}),
          function("loadbalancer", Function::TERMINATING, {"balance"})};
}

}  // namespace terrace
