// One platform, put together: maker (engine or leaf), hold book, decorators, lifecycle. What main()
// wires to sockets and a test to its simulation is the same.
//
//   api() <- Lifecycle <- Logged <- Admission <- ProofCheck <- HoldBook <- Engine
//                                                                        <- ProofCheck <- child ...
//
// A platform of infrastructure alone has its leaf where the engine stands. One with children too
// has the leaf, in a hold book of its own, as one child among them.
//
// On the executor's strand; destroyed after the executor stopped.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lifecycle/lifecycle.h"
#include "recursion/admission.h"
#include "recursion/engine.h"
#include "recursion/hold_book.h"
#include "recursion/logged.h"
#include "recursion/proof_check.h"
#include "southbound/leaf/leaf.h"

namespace terrace {

struct StackOptions {
  // Of the book, the engine and the lifecycle: platform_id is set in each by the stack, and so are
  // the republishing's platform id (a UUID made of it), provider and origin.
  PlatformId platform_id;
  std::string provider;
  std::string version;
  HoldBookConfig book;
  EngineConfig engine;
  Republishing republishing;
  DescriptorLimits limits;
  std::size_t max_depth = 32;
  // Says what is asked of the platform, and what it asks of its children.
  Log log;
};

class PlatformStack final : public Admin {
 public:
  // What a platform's own infrastructure is called among its children.
  static constexpr char kOwn[] = "own";

  // References outlive the stack.
  PlatformStack(StackOptions options, Store& store, Executor& executor, const Clock& clock,
                Random& random);
  ~PlatformStack() override;

  // Before start(). At most one; references outlive the stack.
  void set_leaf(LeafConfig config, Infrastructure& infrastructure);
  void add_child(const std::string& name, Platform& platform, const std::string& kind,
                 const std::string& address);

  // R26: reads the records, rebuilds the leaf from store and inspection, goes on with what was
  // open, listens to the children. `done`: the API may be served; or why not. Once.
  void start(std::function<void(Status)> done);

  // After start() was done.
  NorthApi& api() { return *lifecycle_; }
  // What is served, decorators included: for a parent in the same process.
  Platform& platform() { return *served_; }
  const HoldBook& book() const { return *book_; }

  std::vector<v1::ChildStatus> children() const override;
  std::uint32_t obligations() const override;
  std::vector<v1::Part> parts(const std::string& ns_instance_id) const override;
  void resources(const std::string& hold_id, Reply<std::vector<v1::Resource>> reply) override;

 private:
  struct ChildSpec {
    std::string name;
    Platform* platform;
    std::string kind;
    std::string address;
  };

  void raise_worker(std::function<void(Status)> then);
  void build();
  Maker& build_engine();
  Status load();
  void keep(const v1::Catalogue& catalogue);

  StackOptions options_;
  Store& store_;
  Executor& executor_;
  const Clock& clock_;
  Random& random_;
  record::v1::PlatformRecord record_;
  std::string incarnation_;

  std::optional<LeafConfig> leaf_config_;
  Infrastructure* infrastructure_ = nullptr;
  std::vector<ChildSpec> child_specs_;

  std::unique_ptr<Leaf> leaf_;
  std::unique_ptr<HoldBook> leaf_book_;
  std::vector<std::unique_ptr<ProofCheck>> checks_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<HoldBook> book_;
  std::unique_ptr<ProofCheck> served_check_;
  std::unique_ptr<Admission> admission_;
  std::unique_ptr<Logged> served_;
  std::unique_ptr<Lifecycle> lifecycle_;
};

}  // namespace terrace
