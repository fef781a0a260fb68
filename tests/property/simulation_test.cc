// A whole tree of platforms under a seed: orders and releases while calls and replies are lost,
// connections break and platforms lose power. Whatever happened, once all is up again and time has
// passed, the books balance (simulation_audit.h).
//
//   TERRACE_SEED=17 simulation_test      exactly the run of seed 17, with what happened in it
//   TERRACE_RUNS=1000 simulation_test    more seeds than usual

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "tests/property/simulation_audit.h"

namespace terrace {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

SandboxOptions quick() {
  SandboxOptions options;
  options.hold_life = seconds(20);
  options.commit_deadline = seconds(30);
  return options;
}

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : random_(seed), sandbox_(seed, quick()) { raise(); }

  // What went wrong; empty: nothing.
  std::vector<std::string> run() {
    disturb();
    const auto steps = 8 + below(14);
    for (std::uint64_t step = 0; step < steps; ++step) {
      act();
      sandbox_.sim().advance(pause());
    }
    heal();
    if (!sandbox_.run_until([this] { return settled(); }, std::chrono::minutes(10)))
      return say("does not settle", sandbox_.leftovers(false));
    sandbox_.sim().advance(seconds(30));
    if (auto findings = audit(sandbox_); !findings.empty()) return findings;
    if (auto findings = promises(); !findings.empty()) return findings;
    return empty_it();
  }

  const std::vector<std::string>& story() const { return story_; }

 private:
  struct Order {
    std::string top;
    v1::PlaceHoldRequest request;
    bool held = false;
    bool release_asked = false;
    bool released = false;
    std::optional<v1::Hold::State> committed;  // as answered
    bool forgotten = false;                    // its platform lost its store
  };

  // --- the tree ---

  std::uint64_t below(std::uint64_t limit) { return random_.next() % limit; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }

  void raise() {
    const std::vector<std::string> functions{"firewall", "nat", "loadbalancer", "web"};
    const auto leaves = 2 + below(3);
    std::vector<std::string> free;
    for (std::uint64_t i = 0; i < leaves; ++i) {
      const std::string name = "leaf" + std::to_string(i);
      // Together they have everything.
      std::vector<std::string> offered;
      for (std::size_t f = 0; f < functions.size(); ++f)
        if (f % leaves == i || chance(40)) offered.push_back(functions[f]);
      sandbox_.leaf(name, offered, points(name), std::to_string(1 + below(20)));
      shape(name);
      free.push_back(name);
    }
    if (chance(75)) {
      std::vector<std::string> children{take(free)};
      if (free.size() > 1 && chance(60)) children.push_back(take(free));
      const bool own = chance(50);
      sandbox_.platform("middle", children, own ? functions : std::vector<std::string>{},
                        own ? points("middle") : std::vector<std::string>{});
      if (own) shape("middle");
      // One platform may be reached along two paths.
      if (chance(20)) free.push_back(children[0]);
      free.push_back("middle");
    }
    tops_.push_back("top");
    sandbox_.platform("top", free);
    if (chance(40)) {
      tops_.push_back("rival");
      sandbox_.platform("rival", free);
    }
    sandbox_.up();
  }

  std::string take(std::vector<std::string>& from) {
    const auto at = from.begin() + static_cast<std::ptrdiff_t>(below(from.size()));
    std::string name = *at;
    from.erase(at);
    return name;
  }

  std::vector<std::string> points(const std::string& name) {
    std::vector<std::string> points;
    for (std::uint64_t i = below(3); i < 3; ++i)
      points.push_back("ap-" + name + "-" + std::to_string(i));
    return points;
  }

  void shape(const std::string& name) {
    auto& config = sandbox_.infrastructure(name);
    config.inventory.mutable_node(0)->set_instances(3 + static_cast<std::uint32_t>(below(8)));
    config.apply_delay = {milliseconds(1), milliseconds(800)};
    config.remove_delay = {milliseconds(1), milliseconds(300)};
    config.probe_delay = {microseconds(100), milliseconds(20)};
  }

  // --- what goes wrong ---

  void disturb() {
    const std::uint64_t loss = below(4) * 4;
    for (const auto& parent : sandbox_.names())
      for (const auto& child : sandbox_.children(parent))
        sandbox_.channel(parent, child).decide([this, loss](const std::string&, const auto&) {
          if (!chance(loss)) return Fate::kDeliver;
          return chance(50) ? Fate::kLoseCall : Fate::kLoseReply;
        });
  }

  void act() {
    const auto dice = below(100);
    if (dice < 35) return place();
    if (dice < 60) return commit();
    if (dice < 75) return release();
    if (dice < 90) return power_off();
    break_a_connection();
  }

  Duration pause() {
    switch (below(4)) {
      case 0:
        return microseconds(below(2000));
      case 1:
        return milliseconds(below(100));
      case 2:
        return milliseconds(below(2000));
      default:
        return milliseconds(below(15000));
    }
  }

  void tell(std::string what) {
    const auto since =
        std::chrono::duration_cast<microseconds>(sandbox_.sim().now() - SimExecutor::kStart);
    story_.push_back(std::to_string(static_cast<double>(since.count()) / 1e6) + " " +
                     std::move(what));
  }

  void place() {
    const std::string top = tops_[below(tops_.size())];
    if (!sandbox_.is_up(top)) return;
    auto order = std::make_shared<Order>();
    order->top = top;
    if (chance(70)) {
      order->request.set_hold_id(sandbox_.new_id());
      *order->request.mutable_fragment() = sandbox_.web_shop();
      order->request.mutable_fragment()->mutable_params()->set_ns_instantiation_level_id(
          chance(50) ? "one" : "two");
    } else {
      const std::vector<std::string> functions{"firewall", "nat", "loadbalancer", "web"};
      order->request = sandbox_.take_all(functions[below(4)]);
      auto& slots = *order->request.mutable_fragment()->mutable_slot();
      slots.DeleteSubrange(0, slots.size());
      for (std::uint32_t index = 1; index <= 1 + below(4); ++index) {
        auto& slot = *slots.Add();
        slot.set_vnf_profile_id(order->request.fragment().nsd().df(0).vnf_profile(0).id());
        slot.set_index(index);
      }
    }
    orders_.push_back(order);
    tell("place " + order->request.hold_id() + " at " + top);
    ask_hold(order);
  }

  void ask_hold(const std::shared_ptr<Order>& order) {
    sandbox_.stack(order->top)
        .platform()
        .hold({}, order->request, [this, order](Result<v1::Hold> answer) {
          tell("  hold " + order->request.hold_id() + ": " + word(answer));
          order->held = order->held || (answer && answer->state() == v1::Hold::HELD);
        });
  }

  void commit() {
    const auto order = any_order();
    if (!order || !sandbox_.is_up(order->top) || (!order->held && chance(80))) return;
    tell("commit " + order->request.hold_id());
    v1::CommitHoldRequest request;
    request.set_hold_id(order->request.hold_id());
    sandbox_.stack(order->top)
        .platform()
        .commit({}, request, [this, order](Result<v1::Hold> answer) {
          tell("  commit " + order->request.hold_id() + ": " + word(answer));
          if (answer) order->committed = answer->state();
        });
  }

  void release() {
    const auto order = any_order();
    if (!order || !sandbox_.is_up(order->top)) return;
    order->release_asked = true;
    tell("release " + order->request.hold_id());
    ask_release(order);
  }

  void ask_release(const std::shared_ptr<Order>& order) {
    v1::ReleaseHoldRequest request;
    request.set_hold_id(order->request.hold_id());
    request.set_mode(v1::ReleaseHoldRequest::UNDO);
    sandbox_.stack(order->top)
        .platform()
        .release({}, request, [this, order](Result<v1::Hold> answer) {
          tell("  release " + order->request.hold_id() + ": " + word(answer));
          order->released = answer.ok();
        });
  }

  void power_off() {
    const auto& names = sandbox_.names();
    const std::string name = names[below(names.size())];
    if (down_.contains(name)) return;
    tell("power off " + name);
    sandbox_.kill(name);
    const bool top = std::find(tops_.begin(), tops_.end(), name) != tops_.end();
    if (top && chance(15)) {
      tell("lost: the store of " + name);
      sandbox_.lose_store(name);
      for (const auto& order : orders_)
        if (order->top == name) order->forgotten = true;
    }
    down_[name] = sandbox_.sim().after(pause(), [this, name] { power_on(name); });
  }

  void power_on(const std::string& name) {
    tell("power on " + name);
    // The timer holds what runs now.
    sandbox_.sim().post([timer = std::shared_ptr<Executor::Timer>(std::move(down_[name]))] {});
    down_.erase(name);
    sandbox_.restart(name);
  }

  void break_a_connection() {
    std::vector<std::pair<std::string, std::string>> connections;
    for (const auto& parent : sandbox_.names())
      for (const auto& child : sandbox_.children(parent)) connections.emplace_back(parent, child);
    const auto& [parent, child] = connections[below(connections.size())];
    tell("break " + parent + " - " + child);
    sandbox_.channel(parent, child).cut();
  }

  std::shared_ptr<Order> any_order() {
    return orders_.empty() ? nullptr : orders_[below(orders_.size())];
  }

  static std::string word(const Result<v1::Hold>& answer) {
    return answer ? v1::Hold::State_Name(answer->state()) +
                        (answer->has_error() ? " " + describe(answer->error()) : "")
                  : describe(answer.problem());
  }

  // --- afterwards ---

  void heal() {
    tell("heal");
    for (const auto& parent : sandbox_.names())
      for (const auto& child : sandbox_.children(parent))
        sandbox_.channel(parent, child).decide({});
    std::vector<std::string> down;
    for (const auto& [name, timer] : down_) down.push_back(name);
    down_.clear();
    for (const auto& name : down) sandbox_.restart(name);
    sandbox_.run_until([this] {
      for (const auto& name : sandbox_.names())
        if (!sandbox_.is_up(name)) return false;
      return true;
    });
    // A customer whose release was not answered asks again.
    for (const auto& order : orders_)
      if (order->release_asked && !order->released) ask_release(order);
  }

  bool settled() {
    // Looking costs: once a simulated second.
    if (sandbox_.sim().now() < next_look_) return false;
    next_look_ = sandbox_.sim().now() + seconds(1);
    for (const auto& order : orders_)
      if (order->release_asked && !order->released) return false;
    return sandbox_.leftovers(false).empty();
  }

  static std::vector<std::string> say(const std::string& what, std::vector<std::string> more) {
    more.insert(more.begin(), what);
    return more;
  }

  std::optional<v1::Hold::State> state_of(const Order& order) {
    const auto* const record =
        sandbox_.stack(order.top).book().look_up("default", order.request.hold_id());
    if (record == nullptr) return std::nullopt;
    return record->hold().state();
  }

  // What customers were told is so.
  std::vector<std::string> promises() {
    std::vector<std::string> broken;
    for (const auto& order : orders_) {
      if (order->forgotten) continue;
      const auto state = state_of(*order);
      const std::string id = "order " + order->request.hold_id();
      const bool there = state == v1::Hold::COMMITTED;
      if (order->release_asked && there) broken.push_back(id + " was released and is there");
      if (!order->release_asked && order->committed == v1::Hold::COMMITTED && !there)
        broken.push_back(id + " was committed and is gone");
      if (order->committed && *order->committed != v1::Hold::COMMITTED && there)
        broken.push_back(id + " was said to be undone and is there");
    }
    return broken;
  }

  std::vector<std::string> empty_it() {
    for (const auto& order : orders_)
      if (!order->forgotten && state_of(*order) == v1::Hold::COMMITTED)
        if (auto released = sandbox_.release(order->top, order->request.hold_id()); !released)
          return {describe(released.problem())};
    if (!sandbox_.clean()) return say("something is left", sandbox_.leftovers());
    sandbox_.sim().advance(seconds(30));
    return audit(sandbox_);
  }

  SeededRandom random_;
  Sandbox sandbox_;
  std::vector<std::string> tops_;
  std::vector<std::shared_ptr<Order>> orders_;
  std::map<std::string, std::unique_ptr<Executor::Timer>> down_;
  Instant next_look_{};
  std::vector<std::string> story_;
};

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Shows: R5, R6, R7, R8, R9, R11, R12, R26
TEST(Simulation, WhateverHappensTheBooksBalance) {
  const std::uint64_t only = number("TERRACE_SEED", 0);
  const std::uint64_t first = only == 0 ? 1 : only;
  const std::uint64_t runs = only == 0 ? number("TERRACE_RUNS", 100) : 1;
  int failed = 0;
  for (std::uint64_t seed = first; seed < first + runs && failed < 3; ++seed) {
    Simulation simulation(seed);
    const auto findings = simulation.run();
    if (only != 0)
      for (const auto& line : simulation.story()) std::cout << line << "\n";
    if (findings.empty()) continue;
    ++failed;
    std::string text;
    for (const auto& finding : findings) text += "  " + finding + "\n";
    ADD_FAILURE() << "again with TERRACE_SEED=" << seed << "\n" << text;
  }
}

}  // namespace
}  // namespace terrace
