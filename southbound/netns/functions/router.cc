// Passes on whatever its routes know.
#include "southbound/netns/functions/function.h"

namespace terrace::netns {
namespace {

class Router final : public Function {
 public:
  driver::v1::Function describe() const override {
    driver::v1::Function function;
    function.set_name("router");
    function.set_behaviour(driver::v1::Function::TRANSPARENT);
    return function;
  }

  Result<FunctionPlan> plan(const FunctionContext&) const override {
    FunctionPlan plan;
    plan.forwards = true;
    return plan;
  }
};

}  // namespace

std::unique_ptr<Function> make_router() {
  return std::make_unique<Router>();
}

}  // namespace terrace::netns
