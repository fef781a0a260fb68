#include "daemon/platform_stack.h"

#include <utility>

#include "base/ids.h"
#include "base/time.h"
#include "lifecycle/records.h"

namespace terrace {
namespace {

constexpr char kPlatformKind[] = "platform";
constexpr char kCatalogueKind[] = "catalogue";
constexpr char kLeafHoldKind[] = "leaf-hold";
// The namespace of platforms' UUIDs: offers are named under them.
constexpr char kPlatformNamespace[] = "e2a1b7c4-93d5-5c3f-8a46-70b1c5d2f8aa";

std::string part_state(const record::v1::DelegatedPart& part) {
  return record::v1::DelegatedPart::State_Name(part.state());
}

}  // namespace

PlatformStack::PlatformStack(StackOptions options, Store& store, Executor& executor,
                             const Clock& clock, Random& random)
    : options_(std::move(options)),
      store_(store),
      executor_(executor),
      clock_(clock),
      random_(random),
      incarnation_(uuid_v4(random)) {}

PlatformStack::~PlatformStack() = default;

void PlatformStack::set_leaf(LeafConfig config, Infrastructure& infrastructure) {
  leaf_config_ = std::move(config);
  infrastructure_ = &infrastructure;
}

void PlatformStack::add_child(const std::string& name, Platform& platform, const std::string& kind,
                              const std::string& address) {
  child_specs_.push_back({name, &platform, kind, address});
}

// --- start ---

void PlatformStack::start(std::function<void(Status)> done) {
  raise_worker([this, done = std::move(done)](Status raised) {
    if (!raised) return done(std::move(raised));
    build();
    if (Status loaded = load(); !loaded) return done(std::move(loaded));
    const auto go_on = [this, done] {
      if (leaf_book_) leaf_book_->resume();
      book_->resume();
      if (engine_) engine_->start();
      lifecycle_->resume();
      done({});
    };
    // What could not be tried is tried again later; it keeps nobody from being served.
    if (leaf_) return leaf_->reconcile([go_on](const Status&) { go_on(); });
    go_on();
  });
}

// R9: nothing is sent under an epoch that is not in the store.
void PlatformStack::raise_worker(std::function<void(Status)> then) {
  const RecordKey key{kPlatformKind, "", options_.platform_id.str()};
  auto stored = store_.get(key);
  if (!stored) return then(stored.problem());
  if (*stored && !record_.ParseFromString((*stored)->body))
    return then(
        problem(Problem::DATA_LOSS, "store.unreadable", "The platform's record is damaged."));
  record_.set_worker(record_.worker() + 1);
  if (record_.origin().empty()) record_.set_origin(uuid_v4(random_));
  Batch batch;
  batch.put(key, "", "", record_.SerializeAsString());
  store_.commit(std::move(batch), [then = std::move(then)](auto revision) {
    revision ? then({}) : then(revision.problem());
  });
}

void PlatformStack::build() {
  if (leaf_config_) {
    leaf_config_->platform_id = options_.platform_id;
    leaf_config_->provider = options_.provider;
    leaf_config_->incarnation = incarnation_;
    // As one child among others it is another publisher than the platform.
    leaf_config_->origin = uuid_v5(record_.origin(), kOwn);
    leaf_ = std::make_unique<Leaf>(*leaf_config_, *infrastructure_, executor_, clock_);
  }
  options_.book.platform_id = options_.platform_id;
  options_.book.kind = kHoldKind;
  Maker& maker = leaf_ && child_specs_.empty() ? static_cast<Maker&>(*leaf_) : build_engine();
  book_ = std::make_unique<HoldBook>(options_.book, maker, store_, executor_, clock_);
  served_check_ =
      std::make_unique<ProofCheck>(*book_, executor_, options_.platform_id.str(), options_.log);
  admission_ = std::make_unique<Admission>(*served_check_, executor_, options_.platform_id,
                                           options_.max_depth);
  served_ = std::make_unique<Logged>(*admission_, clock_, options_.platform_id, options_.log);
  LifecycleConfig lifecycle;
  lifecycle.platform_id = options_.platform_id.str();
  lifecycle.provider = options_.provider;
  lifecycle.version = options_.version;
  lifecycle.features = options_.republishing.features;
  lifecycle.limits = options_.limits;
  lifecycle_ = std::make_unique<Lifecycle>(std::move(lifecycle), *served_, *book_, *this, store_,
                                           executor_, clock_, random_);
}

Maker& PlatformStack::build_engine() {
  options_.engine.platform_id = options_.platform_id;
  options_.engine.worker = record_.worker();
  Republishing& republishing = options_.republishing;
  republishing.platform_id = PlatformId(uuid_v5(kPlatformNamespace, options_.platform_id.str()));
  republishing.provider = options_.provider;
  republishing.origin = record_.origin();
  engine_ =
      std::make_unique<Engine>(options_.engine, republishing, incarnation_, executor_, clock_);
  const auto add = [this](const std::string& name, Platform& platform, const std::string& kind,
                          const std::string& address) {
    checks_.push_back(
        std::make_unique<ProofCheck>(platform, executor_, name, options_.log.with("child", name)));
    engine_->add_child(name, *checks_.back(), kind, address);
  };
  if (leaf_) {
    HoldBookConfig own = options_.book;
    own.kind = kLeafHoldKind;
    leaf_book_ = std::make_unique<HoldBook>(own, *leaf_, store_, executor_, clock_);
    add(kOwn, *leaf_book_, "leaf", "");
  }
  for (const auto& child : child_specs_)
    add(child.name, *child.platform, child.kind, child.address);
  engine_->on_catalogue([this](const v1::Catalogue& catalogue) { keep(catalogue); });
  return *engine_;
}

Status PlatformStack::load() {
  if (leaf_book_)
    if (Status loaded = leaf_book_->load(); !loaded) return loaded;
  if (Status loaded = book_->load(); !loaded) return loaded;
  if (engine_) {
    auto stored = store_.get({kCatalogueKind, "", options_.platform_id.str()});
    if (!stored) return stored.problem();
    v1::Catalogue catalogue;
    const bool good = *stored && catalogue.ParseFromString((*stored)->body) &&
                      from_timestamp(catalogue.expires()) > clock_.now();
    if (good) engine_->restore_catalogue(catalogue);
  }
  return lifecycle_->load();
}

// R26: what was published stays published across a restart, until it expires.
void PlatformStack::keep(const v1::Catalogue& catalogue) {
  Batch batch;
  batch.put({kCatalogueKind, "", options_.platform_id.str()}, "", "",
            catalogue.SerializeAsString());
  store_.commit(std::move(batch), {});
}

// --- the administrator's ---

std::vector<v1::ChildStatus> PlatformStack::children() const {
  return engine_ ? engine_->children() : std::vector<v1::ChildStatus>{};
}

std::uint32_t PlatformStack::obligations() const {
  std::size_t count = engine_ ? engine_->strays() : 0;
  for (const auto* const record : book_->records())
    for (const auto& part : record->delegation().part())
      if (part.state() == record::v1::DelegatedPart::OWED) ++count;
  return static_cast<std::uint32_t>(count);
}

std::vector<v1::Part> PlatformStack::parts(const std::string& ns_instance_id) const {
  std::vector<v1::Part> parts;
  for (const auto* const record : book_->records()) {
    const auto& hold = record->hold();
    if (!ns_instance_id.empty() && hold.ns_instance_id() != ns_instance_id) continue;
    for (const auto& delegated : record->delegation().part()) {
      v1::Part part;
      part.set_instance_id(hold.ns_instance_id());
      part.set_tenant(hold.tenant());
      part.set_child(delegated.child());
      part.set_delegated_id(delegated.request().hold_id());
      part.set_state(part_state(delegated));
      auto& below = *part.mutable_hold();
      below.set_id(delegated.request().hold_id());
      below.set_ns_instance_id(delegated.request().hold_id());
      *below.mutable_fragment() = delegated.request().fragment();
      *below.mutable_envelope() = delegated.request().envelope();
      *below.mutable_proof() = delegated.proof();
      *below.mutable_bindings() = delegated.bindings();
      parts.push_back(std::move(part));
    }
  }
  return parts;
}

void PlatformStack::resources(const std::string& hold_id, Reply<std::vector<v1::Resource>> reply) {
  if (leaf_) return leaf_->resources(hold_id, std::move(reply));
  executor_.post([reply = std::move(reply)] { reply(std::vector<v1::Resource>{}); });
}

}  // namespace terrace
