// The strand of one simulated machine: work posted on it dies with the machine.
#pragma once

#include <memory>
#include <utility>

#include "tests/support/sim_executor.h"

namespace terrace {

class NodeExecutor final : public Executor, public Clock {
 public:
  explicit NodeExecutor(SimExecutor& sim) : sim_(sim) {}

  void post(std::function<void()> work) override {
    sim_.post([life = std::weak_ptr<bool>(life_), work = std::move(work)] {
      if (!life.expired()) work();
    });
  }

  [[nodiscard]] std::unique_ptr<Timer> after(Duration delay, std::function<void()> work) override {
    return sim_.after(delay, [life = std::weak_ptr<bool>(life_), work = std::move(work)] {
      if (!life.expired()) work();
    });
  }

  Instant now() const override { return sim_.now(); }

  // Everything posted and every timer so far is forgotten: the machine lost power.
  void kill() { life_ = std::make_shared<bool>(true); }

 private:
  SimExecutor& sim_;
  std::shared_ptr<bool> life_ = std::make_shared<bool>(true);
};

}  // namespace terrace
