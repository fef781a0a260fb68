#include "southbound/emulated/emulated_infrastructure.h"

#include <utility>

#include "southbound/emulated/walk.h"

namespace terrace {
namespace {

using driver::v1::AppliedPart;
using driver::v1::DesiredPart;

Problem fault_problem(const std::string& operation, const std::string& hold_id) {
  return make_problem(Problem::UNAVAILABLE, "driver.fault",
                      "the emulated infrastructure was told to refuse this " + operation)
      .at_resource("hold/" + hold_id);
}

AppliedPart report(const DesiredPart& part) {
  AppliedPart applied;
  applied.set_hold_id(part.hold_id());
  applied.set_digest(part.digest());
  for (const auto& vnf : part.vnf()) {
    for (const auto& cp : vnf.cp()) {
      auto* made = applied.add_cp();
      made->set_vnf_profile_id(vnf.vnf_profile_id());
      made->set_index(vnf.index());
      made->set_cpd_id(cp.cpd_id());
      *made->mutable_address() = cp.address();
      made->set_mac(cp.mac());
      made->set_mtu(cp.mtu());
    }
  }
  return applied;
}

void add_detail(v1::Resource& resource, const std::string& key, const std::string& value) {
  auto* detail = resource.add_detail();
  detail->set_key(key);
  detail->set_value(value);
}

void list_resources(const std::string& hold_id, const EmulatedUnderlay::Part& part,
                    std::vector<v1::Resource>& found) {
  for (const auto& link : part.desired.link()) {
    v1::Resource& resource = found.emplace_back();
    resource.set_kind("link");
    resource.set_name(link.link_id());
    resource.set_hold_id(hold_id);
    resource.set_where("memory");
    add_detail(resource, "digest", part.desired.digest());
  }
  for (const auto& vnf : part.desired.vnf()) {
    v1::Resource& resource = found.emplace_back();
    resource.set_kind("function");
    resource.set_name(vnf.vnf_instance_id());
    resource.set_hold_id(hold_id);
    resource.set_vnf_profile_id(vnf.vnf_profile_id());
    resource.set_index(vnf.index());
    resource.set_where("memory of node " + vnf.node_id());
    add_detail(resource, "digest", part.desired.digest());
    add_detail(resource, "function", vnf.function());
    for (const auto& cp : vnf.cp()) {
      for (const auto& address : cp.address()) add_detail(resource, "address", address);
    }
    const auto counters = part.counters.find({vnf.vnf_profile_id(), vnf.index()});
    if (counters != part.counters.end()) {
      add_detail(resource, "packets", std::to_string(counters->second.received));
    }
  }
}

}  // namespace

EmulatedInfrastructure::EmulatedInfrastructure(EmulatedConfig config, EmulatedUnderlay& underlay,
                                               Executor& executor, Random& random)
    : config_(std::move(config)),
      underlay_(underlay),
      executor_(executor),
      random_(random),
      site_(underlay.attach(config_.inventory, config_.assume_far_ends)) {}

EmulatedInfrastructure::~EmulatedInfrastructure() {
  underlay_.detach(site_);
}

const EmulatedFault* EmulatedInfrastructure::next_fault(Operation operation,
                                                        const std::string& hold_id) {
  const std::uint64_t nth = ++calls_[operation];
  for (const EmulatedFault& fault : config_.fault) {
    if (fault.operation != operation) continue;
    if (fault.nth != 0 && fault.nth != nth) continue;
    if (!fault.hold_id.empty() && fault.hold_id != hold_id) continue;
    return &fault;
  }
  return nullptr;
}

void EmulatedInfrastructure::after(Duration delay, std::function<void()> work) {
  const std::uint64_t id = ++last_timer_;
  timer_[id] = executor_.after(delay, [this, id, work = std::move(work)] {
    // The timer owns this closure: what it needs moves out before the timer goes.
    const auto timer = timer_.extract(id);
    work();
  });
}

void EmulatedInfrastructure::later(const EmulatedDelay& delay, std::function<void()> work) {
  Duration wait = delay.least;
  if (delay.most > delay.least) {
    const auto span = static_cast<std::uint64_t>((delay.most - delay.least).count()) + 1;
    wait += Duration(static_cast<Duration::rep>(random_.next() % span));
  }
  after(wait, std::move(work));
}

void EmulatedInfrastructure::apply(const DesiredPart& part, Reply<AppliedPart> reply) {
  const EmulatedFault* found = next_fault(Operation::kApply, part.hold_id());
  std::optional<EmulatedFault::Kind> fault;
  if (found != nullptr) fault = found->kind;
  if (fault == EmulatedFault::Kind::kNeverAnswer) return;
  later(config_.apply_delay, [this, part, fault, reply = std::move(reply)] {
    if (fault == EmulatedFault::Kind::kRefuse) {
      underlay_.put_half(site_, part);
      reply(fault_problem("apply", part.hold_id()));
      return;
    }
    auto applied = make(part);
    if (applied && fault == EmulatedFault::Kind::kMisreportAddress && applied->cp_size() > 0) {
      auto* cp = applied->mutable_cp(0);
      cp->clear_address();
      cp->add_address("192.0.2.99/24");
    }
    reply(std::move(applied));
  });
}

Result<AppliedPart> EmulatedInfrastructure::make(const DesiredPart& part) {
  const EmulatedUnderlay::Part* there = underlay_.find(site_, part.hold_id());
  const bool up_to_date = there != nullptr && !there->half_made && !part.digest().empty() &&
                          there->desired.digest() == part.digest();
  if (!up_to_date) {
    if (Status status = underlay_.put(site_, part); !status) return std::move(status).problem();
    start_functions(part);
  }
  return report(part);
}

void EmulatedInfrastructure::start_functions(const DesiredPart& part) {
  if (config_.start_up <= Duration::zero()) return;
  auto& starting = underlay_.find(site_, part.hold_id())->starting;
  for (const auto& vnf : part.vnf()) starting.insert({vnf.vnf_profile_id(), vnf.index()});
  after(config_.start_up, [this, hold_id = part.hold_id(), digest = part.digest()] {
    auto* made = underlay_.find(site_, hold_id);
    if (made != nullptr && made->desired.digest() == digest) made->starting.clear();
  });
}

void EmulatedInfrastructure::remove(const std::string& hold_id, std::function<void(Status)> reply) {
  const EmulatedFault* fault = next_fault(Operation::kRemove, hold_id);
  const bool refuse = fault != nullptr && fault->kind == EmulatedFault::Kind::kRefuse;
  if (fault != nullptr && fault->kind == EmulatedFault::Kind::kNeverAnswer) return;
  later(config_.remove_delay, [this, hold_id, refuse, reply = std::move(reply)] {
    if (refuse) {
      reply(fault_problem("removal", hold_id));
      return;
    }
    underlay_.erase(site_, hold_id);
    reply({});
  });
}

void EmulatedInfrastructure::inspect(std::optional<std::string> hold_id,
                                     Reply<std::vector<v1::Resource>> reply) {
  const EmulatedFault* fault = next_fault(Operation::kInspect, hold_id.value_or(""));
  const bool refuse = fault != nullptr && fault->kind == EmulatedFault::Kind::kRefuse;
  if (fault != nullptr && fault->kind == EmulatedFault::Kind::kNeverAnswer) return;
  executor_.post([this, hold_id, refuse, reply = std::move(reply)] {
    if (refuse) {
      reply(fault_problem("inspection", hold_id.value_or("")));
      return;
    }
    std::vector<v1::Resource> found;
    for (const auto& [id, part] : underlay_.sites().at(site_).part) {
      if (!hold_id || *hold_id == id) list_resources(id, part, found);
    }
    reply(std::move(found));
  });
}

void EmulatedInfrastructure::probe(const driver::v1::ProbeOrder& order,
                                   Reply<v1::ProbeResult> reply) {
  const EmulatedFault* fault = next_fault(Operation::kProbe, order.hold_id());
  const bool refuse = fault != nullptr && fault->kind == EmulatedFault::Kind::kRefuse;
  if (fault != nullptr && fault->kind == EmulatedFault::Kind::kNeverAnswer) return;
  later(config_.probe_delay, [this, order, refuse, reply = std::move(reply)] {
    if (refuse) {
      reply(fault_problem("probe", order.hold_id()));
      return;
    }
    auto result = emulated::walk_probe(underlay_, site_, order);
    if (result && result->verdict() == v1::ProbeResult::SILENT && order.timeout_ms() > 0) {
      // Silence is known only once the time is over.
      after(std::chrono::milliseconds(order.timeout_ms()),
            [reply, result = *std::move(result)] { reply(result); });
      return;
    }
    reply(std::move(result));
  });
}

void EmulatedInfrastructure::cut_link(const std::string& hold_id, const std::string& link_id,
                                      bool cut) {
  underlay_.cut_link(site_, hold_id, link_id, cut);
}

void EmulatedInfrastructure::cut_wan_port(const std::string& wan_port_id, bool cut) {
  underlay_.cut_wan_port(site_, wan_port_id, cut);
}

const DesiredPart* EmulatedInfrastructure::part(const std::string& hold_id) const {
  const auto* found = std::as_const(underlay_).find(site_, hold_id);
  return found == nullptr ? nullptr : &found->desired;
}

std::optional<EmulatedCounters> EmulatedInfrastructure::counters(const std::string& hold_id,
                                                                 const std::string& vnf_profile_id,
                                                                 std::uint32_t index) const {
  const auto* found = std::as_const(underlay_).find(site_, hold_id);
  if (found == nullptr) return std::nullopt;
  const auto at = found->counters.find({vnf_profile_id, index});
  if (at == found->counters.end()) return std::nullopt;
  return at->second;
}

std::uint64_t EmulatedInfrastructure::calls(Operation operation) const {
  const auto at = calls_.find(operation);
  return at == calls_.end() ? 0 : at->second;
}

}  // namespace terrace
