#include "tests/support/sandbox.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "base/digest.h"
#include "base/ids.h"
#include "catalog/descriptor_importer.h"

namespace terrace {

struct Sandbox::Node {
  Node(Sandbox& sandbox, std::string given_name)
      : name(std::move(given_name)),
        executor(sandbox.sim_),
        random(sandbox.random_.next()),
        store(std::make_unique<MemoryStore>(executor, random)) {}

  const std::string name;
  NodeExecutor executor;
  SeededRandom random;
  std::unique_ptr<MemoryStore> store;
  std::vector<std::string> children;
  EmulatedConfig infrastructure;
  std::string price;
  std::map<std::string, std::string> price_of;  // by function, where it is another
  std::string margin;
  std::unique_ptr<EmulatedInfrastructure> driver;
  // By child; outlive the daemon, since the other side knows them.
  std::map<std::string, std::unique_ptr<SimChannel>> channels;

  // The daemon: gone while it is down. In the order of construction.
  std::vector<std::unique_ptr<RemotePlatform>> remotes;
  std::unique_ptr<PlatformStack> stack;
  std::unique_ptr<Dispatch> dispatch;
  std::unique_ptr<LocalChannel> served;
  bool ready = false;
};

Sandbox::Sandbox(std::uint64_t seed, SandboxOptions options) : options_(options), random_(seed) {}

Sandbox::~Sandbox() {
  for (const auto& name : order_) kill(name);
}

// --- description ---

void Sandbox::leaf(const std::string& name, const std::vector<std::string>& functions,
                   const std::vector<std::string>& attachments, const std::string& price) {
  platform(name, {}, functions, attachments);
  node(name).price = price;
}

void Sandbox::platform(const std::string& name, const std::vector<std::string>& children,
                       const std::vector<std::string>& functions,
                       const std::vector<std::string>& attachments, const std::string& margin) {
  auto added = std::make_unique<Node>(*this, name);
  added->children = children;
  added->margin = margin;
  added->price = "10";
  auto& inventory = added->infrastructure.inventory;
  if (!functions.empty()) {
    auto& compute = *inventory.add_node();
    compute.set_id(name + "-node");
    compute.mutable_location()->set_nfvi_pop(name);
    compute.mutable_location()->set_zone(name);
    compute.mutable_location()->set_nfvi_node(name + "-node");
    compute.set_vcpus(64);
    compute.set_memory_mib(65536);
    compute.set_instances(10);
    auto& port = *inventory.add_wan_port();
    port.set_id(uuid_v5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", name + "-wan"));
    port.set_underlay("wan");
    port.set_vtep("172.31.0." + std::to_string(nodes_.size() + 1));
    port.set_port(4789);
    port.set_mtu(1500);
    auto& ids = *port.add_segment_ids();
    ids.set_wan_segment_id_value(7000);
    ids.set_wan_segment_id_upper_range(7999);
  }
  for (const auto& function : emulated_functions())
    for (const auto& wanted : functions)
      if (function.name() == wanted) *inventory.add_function() = function;
  for (const auto& id : attachments) {
    auto& attachment = *inventory.add_attachment();
    attachment.set_id(id);
    attachment.set_name(id);
    attachment.mutable_location()->set_nfvi_pop(name);
  }
  order_.push_back(name);
  nodes_[name] = std::move(added);
}

EmulatedConfig& Sandbox::infrastructure(const std::string& name) {
  return node(name).infrastructure;
}

void Sandbox::price(const std::string& name, const std::string& function,
                    const std::string& amount) {
  node(name).price_of[function] = amount;
}

Sandbox::Node& Sandbox::node(const std::string& name) {
  return *nodes_.at(name);
}
PlatformStack& Sandbox::stack(const std::string& name) {
  return *node(name).stack;
}
EmulatedInfrastructure& Sandbox::driver(const std::string& name) {
  return *node(name).driver;
}
Store& Sandbox::store(const std::string& name) {
  return *node(name).store;
}
bool Sandbox::is_up(const std::string& name) const {
  return nodes_.at(name)->ready;
}

SimChannel& Sandbox::channel(const std::string& parent, const std::string& child) {
  return *node(parent).channels.at(child);
}

LeafConfig Sandbox::leaf_config(const Node& node) const {
  LeafConfig config;
  for (const auto& function : node.infrastructure.inventory.function()) {
    LeafFunction offered;
    offered.function = function.name();
    offered.price.mutable_monthly()->set_amount(
        node.price_of.contains(function.name()) ? node.price_of.at(function.name()) : node.price);
    offered.price.mutable_monthly()->set_currency("EUR");
    config.function.push_back(std::move(offered));
  }
  return config;
}

// --- life ---

void Sandbox::boot(Node& node) {
  if (!node.driver && node.infrastructure.inventory.node_size() > 0)
    node.driver = std::make_unique<EmulatedInfrastructure>(node.infrastructure, underlay_,
                                                           node.executor, node.random);
  StackOptions options;
  options.platform_id = PlatformId(node.name);
  options.provider = node.name + " ltd";
  options.version = "test";
  options.max_depth = options_.max_depth;
  options.book.default_life = options_.hold_life;
  options.book.commit_deadline = options_.commit_deadline;
  options.book.pools.prefixes.push_back(*Prefix::parse("10.10.0.0/16"));
  options.engine.hold_patience = options_.hold_patience;
  options.republishing.margins.standard = *Decimal::parse(node.margin);
  options.republishing.max_origins = 128;
  node.stack = std::make_unique<PlatformStack>(std::move(options), *node.store, node.executor,
                                               node.executor, node.random);
  if (node.driver) node.stack->set_leaf(leaf_config(node), *node.driver);
  for (const auto& child : node.children) {
    auto& channel = node.channels[child];
    if (!channel) {
      Node& below = this->node(child);
      channel = std::make_unique<SimChannel>(sim_, node.executor, below.executor,
                                             [&below] { return below.served.get(); });
    }
    RemotePlatformOptions remote;
    remote.name = child;
    node.remotes.push_back(std::make_unique<RemotePlatform>(node.executor, node.executor,
                                                            node.random, *channel, remote));
    node.stack->add_child(child, *node.remotes.back(), "remote", child);
  }
  node.stack->start([this, &node](Status started) {
    if (!started) throw std::runtime_error(node.name + ": " + describe(started.problem()));
    node.dispatch = std::make_unique<Dispatch>(node.executor, node.stack->api());
    node.served = std::make_unique<LocalChannel>(node.executor, sim_, *node.dispatch);
    node.ready = true;
  });
}

void Sandbox::up() {
  for (const auto& name : order_) boot(node(name));
  const bool settled = run_until(
      [this] {
        for (const auto& [name, node] : nodes_) {
          if (!node->ready) return false;
          for (const auto& child : node->stack->children())
            if (child.offers() == 0) return false;
        }
        return true;
      },
      std::chrono::minutes(5));
  if (!settled) throw std::runtime_error("the platforms did not come up");
  // Republished offers travel up as many tiers as there are.
  sim_.advance(std::chrono::seconds(5));
}

void Sandbox::kill(const std::string& name) {
  Node& dead = node(name);
  dead.executor.kill();
  dead.ready = false;
  for (auto& [other, parent] : nodes_)
    if (const auto it = parent->channels.find(name); it != parent->channels.end())
      it->second->cut();
  for (auto& [child, channel] : dead.channels) channel->forget();
  dead.served.reset();
  dead.dispatch.reset();
  dead.stack.reset();
  dead.remotes.clear();
  // What was posted while it was taken apart is never run either.
  dead.executor.kill();
}

void Sandbox::lose_store(const std::string& name) {
  Node& lost = node(name);
  lost.store = std::make_unique<MemoryStore>(lost.executor, lost.random);
}

const std::vector<std::string>& Sandbox::children(const std::string& name) const {
  return nodes_.at(name)->children;
}

void Sandbox::restart(const std::string& name) {
  boot(node(name));
}

bool Sandbox::run_until(const std::function<bool()>& predicate, Duration limit) {
  return sim_.run_until(predicate, limit);
}

// --- a customer ---

std::string Sandbox::new_id() {
  return uuid_v4(random_);
}

template <class R>
Result<R> Sandbox::wait(const std::function<void(Reply<R>)>& call) {
  auto answer = std::make_shared<std::optional<Result<R>>>();
  call([answer](Result<R> result) { *answer = std::move(result); });
  if (!run_until([&] { return answer->has_value(); }))
    return problem(Problem::DEADLINE_EXCEEDED, "sandbox.no-answer", "Never answered.");
  return **answer;
}

Result<v1::Hold> Sandbox::hold(const std::string& at, const v1::PlaceHoldRequest& request) {
  return wait<v1::Hold>(
      [&](Reply<v1::Hold> reply) { stack(at).platform().hold({}, request, std::move(reply)); });
}

Result<v1::Hold> Sandbox::commit(const std::string& at, const std::string& hold_id) {
  return wait<v1::Hold>([&](Reply<v1::Hold> reply) {
    v1::CommitHoldRequest request;
    request.set_hold_id(hold_id);
    stack(at).platform().commit({}, request, std::move(reply));
  });
}

Result<v1::Hold> Sandbox::release(const std::string& at, const std::string& hold_id) {
  return wait<v1::Hold>([&](Reply<v1::Hold> reply) {
    v1::ReleaseHoldRequest request;
    request.set_hold_id(hold_id);
    request.set_mode(v1::ReleaseHoldRequest::UNDO);
    stack(at).platform().release({}, request, std::move(reply));
  });
}

Result<v1::Hold> Sandbox::instantiate(const std::string& at, const v1::Fragment& order,
                                      const std::string& id) {
  v1::PlaceHoldRequest request;
  request.set_hold_id(id.empty() ? new_id() : id);
  *request.mutable_fragment() = order;
  auto held = hold(at, request);
  if (!held) return held;
  return commit(at, request.hold_id());
}

Result<v1::Hold> Sandbox::plan(const std::string& at, const v1::Fragment& order) {
  v1::PlaceHoldRequest request;
  request.set_hold_id(new_id());
  request.set_dry(true);
  *request.mutable_fragment() = order;
  return hold(at, request);
}

v1::PlaceHoldRequest Sandbox::take_all(const std::string& function) {
  v1::Fragment order = web_shop();
  auto& nsd = *order.mutable_nsd();
  auto& df = *nsd.mutable_df(0);
  nsd.clear_vnffgd();
  nsd.clear_sapd();
  order.mutable_params()->clear_sap_data();
  auto& profiles = *df.mutable_vnf_profile();
  profiles.erase(std::remove_if(profiles.begin(), profiles.end(),
                                [&](const auto& profile) { return profile.id() != function; }),
                 profiles.end());
  for (std::uint32_t index = 1; index <= 9; ++index) {
    auto& slot = *order.add_slot();
    slot.set_vnf_profile_id(function);
    slot.set_index(index);
  }
  v1::PlaceHoldRequest request;
  request.set_hold_id(new_id());
  *request.mutable_fragment() = std::move(order);
  return request;
}

v1::Catalogue Sandbox::catalogue(const std::string& name) {
  auto answer = wait<v1::Catalogue>([&](Reply<v1::Catalogue> reply) {
    stack(name).api().get_catalogue({}, {}, std::move(reply));
  });
  return answer ? *answer : v1::Catalogue();
}

v1::Fragment Sandbox::web_shop() const {
  const auto read = [](const std::string& file) {
    std::ifstream in(std::string(TERRACE_EXAMPLES) + "/three-tier/descriptors/" + file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  };
  v1::Fragment order;
  std::vector<Problem> notes;
  const std::string nsd = read("web-shop.nsd.yaml");
  *order.mutable_nsd() = import_nsd(nsd, "web-shop.nsd.yaml", notes).value();
  order.set_nsd_digest(sha256_hex(nsd));
  for (const std::string id : {"firewall", "nat", "loadbalancer", "web"}) {
    const std::string bytes = read(id + ".vnfd.yaml");
    auto& function = *order.add_function();
    function.set_vnfd_id(id);
    function.set_vnfd_digest(sha256_hex(bytes));
    *function.mutable_vnfd() = import_vnfd(bytes, id, notes).value();
  }
  order.mutable_params()->set_ns_flavour_id("default");
  auto& sap = *order.mutable_params()->add_sap_data();
  sap.set_sapd_id("client");
  sap.mutable_sap_protocol_data()->add_ip_address("10.10.1.100");
  sap.mutable_sap_protocol_data()->add_subnet("10.10.1.0/24");
  return order;
}

// --- what is left ---

std::vector<std::string> Sandbox::leftovers(bool all) {
  std::vector<std::string> left;
  for (const auto& [name, node] : nodes_) {
    for (const std::string kind : {"hold", "leaf-hold"}) {
      Query query;
      query.kind = kind;
      query.page_size = Query::kMaxPageSize;
      const auto page = node->store->list(query);
      for (const auto& stored : page->records) {
        record::v1::HoldRecord record;
        record.ParseFromString(stored.body);
        const auto state = record.hold().state();
        const bool fine = ended(state) || (!all && state == v1::Hold::COMMITTED);
        if (!fine || (ended(state) && owes(record)))
          left.push_back(name + " " + kind + " " + stored.key.id + " " +
                         v1::Hold::State_Name(state) + (owes(record) ? " owing" : ""));
      }
    }
    if (!all || !node->driver) continue;
    auto there = std::make_shared<std::vector<v1::Resource>>();
    node->driver->inspect(std::nullopt, [there](Result<std::vector<v1::Resource>> resources) {
      if (resources) *there = *resources;
    });
    sim_.run_ready();
    for (const auto& resource : *there)
      left.push_back(name + " " + resource.kind() + " " + resource.name());
  }
  return left;
}

bool Sandbox::clean(bool all) {
  for (int second = 0; second < 600; ++second) {
    if (leftovers(all).empty()) return true;
    sim_.advance(std::chrono::seconds(1));
  }
  return false;
}

}  // namespace terrace
