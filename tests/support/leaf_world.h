// A leaf over an emulated infrastructure, behind a hold book, in one simulated executor; and orders
// for it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "recursion/hold_book.h"
#include "southbound/emulated/emulated_infrastructure.h"
#include "southbound/leaf/leaf.h"
#include "store/memory_store.h"
#include "tests/support/sim_executor.h"

namespace terrace {

// Two nodes of four vCPUs at two PoPs, two attachment points, one WAN port; all five functions.
inline driver::v1::Inventory leaf_inventory(const std::string& vtep = "192.0.2.1") {
  driver::v1::Inventory inventory;
  for (const char* pop : {"pop-a", "pop-b"}) {
    auto& node = *inventory.add_node();
    node.set_id(std::string("node-") + pop);
    node.mutable_location()->set_nfvi_pop(pop);
    node.mutable_location()->set_zone("zone-1");
    node.set_vcpus(4);
    node.set_memory_mib(1024);
  }
  for (auto& function : emulated_functions()) *inventory.add_function() = function;
  for (const char* id : {"ap-1", "ap-2"}) {
    auto& attachment = *inventory.add_attachment();
    attachment.set_id(id);
    attachment.set_name(id);
    attachment.mutable_location()->set_nfvi_pop("pop-a");
  }
  auto& port = *inventory.add_wan_port();
  port.set_id("wan-" + vtep);
  port.set_underlay("backbone");
  port.set_vtep(vtep);
  port.set_port(4789);
  port.set_mtu(1500);
  auto& ids = *port.add_segment_ids();
  ids.set_wan_segment_id_value(7000);
  ids.set_wan_segment_id_upper_range(7009);
  return inventory;
}

inline LeafConfig leaf_config() {
  LeafConfig config;
  config.platform_id = PlatformId("0d1f7a52-3c43-4d8e-9a11-5f0f3b1f9a01");
  config.provider = "edge";
  config.incarnation = "boot-1";
  config.origin = "origin-edge";
  for (const char* name : {"router", "firewall", "nat", "web", "loadbalancer"}) {
    LeafFunction function;
    function.function = name;
    function.price.mutable_monthly()->set_amount(std::string(name) == "web" ? "3.05" : "12.50");
    function.price.mutable_monthly()->set_currency("EUR");
    config.function.push_back(std::move(function));
  }
  return config;
}

class LeafWorld {
 public:
  explicit LeafWorld(EmulatedConfig config = {}, LeafConfig leaf = leaf_config())
      : config_(std::move(leaf)), store_(executor_, random_) {
    if (config.inventory.node_size() == 0) config.inventory = leaf_inventory();
    infrastructure_.emplace(std::move(config), underlay_, executor_, random_);
    start();
  }

  // As after a restart of the daemon: from the store and from what the driver finds.
  void restart() {
    executor_.run_ready();
    start();
  }

  Result<v1::Hold> hold(const v1::PlaceHoldRequest& request) {
    return ask([&](auto reply) { book().hold(call_, request, reply); });
  }
  Result<v1::Hold> commit(const std::string& id, const v1::Bindings& bindings = {}) {
    v1::CommitHoldRequest request;
    request.set_hold_id(id);
    *request.mutable_bindings() = bindings;
    return ask([&](auto reply) { book().commit(call_, request, reply); });
  }
  Result<v1::Hold> release(const std::string& id) {
    v1::ReleaseHoldRequest request;
    request.set_hold_id(id);
    request.set_mode(v1::ReleaseHoldRequest::UNDO);
    return ask([&](auto reply) { book().release(call_, request, reply); });
  }
  Status reconcile() {
    std::optional<Status> answer;
    leaf().reconcile([&](Status status) { answer = std::move(status); });
    EXPECT_TRUE(executor_.run_until([&] { return answer.has_value(); }, std::chrono::hours(1)));
    return answer.value_or(Status{});
  }

  // The driver's name for one of our holds.
  std::string driver_id(const std::string& hold_id) {
    return leaf().driver_id("default", hold_id);
  }

  SimExecutor& executor() { return executor_; }
  EmulatedUnderlay& underlay() { return underlay_; }
  EmulatedInfrastructure& infrastructure() { return *infrastructure_; }
  Leaf& leaf() { return *leaf_.back(); }
  HoldBook& book() { return *book_.back(); }

 private:
  void start() {
    HoldBookConfig config;
    config.platform_id = config_.platform_id;
    config.pools.prefixes = {*Prefix::parse("10.20.0.0/16")};
    leaf_.push_back(std::make_unique<Leaf>(config_, *infrastructure_, executor_, executor_));
    book_.push_back(
        std::make_unique<HoldBook>(config, *leaf_.back(), store_, executor_, executor_));
    const Status loaded = book_.back()->load();
    EXPECT_TRUE(loaded.ok());
  }

  template <class Ask>
  Result<v1::Hold> ask(Ask call) {
    auto answer = std::make_shared<std::optional<Result<v1::Hold>>>();
    call([answer](Result<v1::Hold> hold) { answer->emplace(std::move(hold)); });
    const auto answered = [answer] { return answer->has_value(); };
    if (!executor_.run_until(answered, std::chrono::minutes(10))) {
      return problem(Problem::DEADLINE_EXCEEDED, "test.no-reply", "no reply");
    }
    return **answer;
  }

  const LeafConfig config_;
  Call call_;
  SimExecutor executor_;
  SeededRandom random_{11};
  MemoryStore store_;
  EmulatedUnderlay underlay_;
  std::optional<EmulatedInfrastructure> infrastructure_;
  // Those before a restart stay: nothing may call into the dead.
  std::vector<std::unique_ptr<Leaf>> leaf_;
  std::vector<std::unique_ptr<HoldBook>> book_;
};

// A descriptor that runs one of the emulated functions, on one vCPU.
inline v1::FunctionRef brought(const std::string& function, std::uint32_t vcpus = 1) {
  v1::FunctionRef ref;
  ref.set_vnfd_id("vnfd-" + function);
  ref.set_vnfd_digest("sha256:" + function);
  v1::Vnfd& vnfd = *ref.mutable_vnfd();
  vnfd.set_id(ref.vnfd_id());
  vnfd.add_ext_cpd()->set_id("in");
  if (function != "web") vnfd.add_ext_cpd()->set_id("out");
  auto& image = *vnfd.add_sw_image_desc();
  image.set_id("image");
  image.set_image("terrace/" + function);
  auto& compute = *vnfd.add_virtual_compute_desc();
  compute.set_id("compute");
  compute.set_num_virtual_cpu(vcpus);
  compute.set_virtual_memory_mib(64);
  auto& vdu = *vnfd.add_vdu();
  vdu.set_id("vdu");
  vdu.set_virtual_compute_desc("compute");
  vdu.set_sw_image_desc("image");
  vnfd.add_df()->set_id("default");
  return ref;
}

// Puts an NSD together.
class OrderBuilder {
 public:
  explicit OrderBuilder(const std::string& hold_id) {
    request_.set_hold_id(hold_id);
    nsd().set_id("nsd-1");
    df().set_id("default");
  }

  void link(const std::string& id) {
    nsd().add_virtual_link_desc()->set_id(id + "-desc");
    auto& profile = *df().add_virtual_link_profile();
    profile.set_id(id);
    profile.set_virtual_link_desc_id(id + "-desc");
  }
  void sap(const std::string& id, const std::string& link_id, const std::string& point = "") {
    auto& sapd = *nsd().add_sapd();
    sapd.set_id(id);
    sapd.set_virtual_link_desc(link_id + "-desc");
    if (point.empty()) return;
    auto& data = *params().add_sap_data();
    data.set_sapd_id(id);
    data.set_attachment_point_id(point);
  }
  v1::VnfProfile& vnf(const std::string& id, const v1::FunctionRef& ref, const std::string& in,
                      const std::string& out = "") {
    bool known = false;
    for (const auto& function : fragment().function()) {
      known = known || function.vnfd_id() == ref.vnfd_id();
    }
    if (!known) {
      *fragment().add_function() = ref;
      nsd().add_vnfd_id(ref.vnfd_id());
    }
    auto& profile = *df().add_vnf_profile();
    profile.set_id(id);
    profile.set_vnfd_id(ref.vnfd_id());
    profile.set_flavour_id("default");
    profile.set_min_number_of_instances(1);
    profile.set_max_number_of_instances(4);
    join(profile, "in", in);
    if (!out.empty()) join(profile, "out", out);
    return profile;
  }
  v1::Nfpd& path(const std::string& id, const std::string& sapd_id) {
    if (nsd().vnffgd_size() == 0) nsd().add_vnffgd()->set_id("graph");
    auto& path = *nsd().mutable_vnffgd(0)->add_nfpd();
    path.set_id(id);
    path.add_position()->set_sapd_id(sapd_id);
    return path;
  }
  static void hop(v1::Nfpd& path, const std::string& profile_id, bool last = false) {
    auto& position = *path.add_position();
    position.set_vnf_profile_id(profile_id);
    position.set_ingress_cpd_id("in");
    if (!last) position.set_egress_cpd_id("out");
  }

  v1::Fragment& fragment() { return *request_.mutable_fragment(); }
  v1::Nsd& nsd() { return *fragment().mutable_nsd(); }
  v1::NsDf& df() { return nsd().df_size() == 0 ? *nsd().add_df() : *nsd().mutable_df(0); }
  v1::InstantiateNsRequest& params() { return *fragment().mutable_params(); }
  v1::PlaceHoldRequest& request() { return request_; }

 private:
  static void join(v1::VnfProfile& profile, const std::string& cpd_id, const std::string& link_id) {
    auto& connectivity = *profile.add_virtual_link_connectivity();
    connectivity.set_virtual_link_profile_id(link_id);
    connectivity.add_constituent_cpd_id(cpd_id);
  }

  v1::PlaceHoldRequest request_;
};

// client SAP - firewall - web, and the path through it.
inline OrderBuilder web_order(const std::string& hold_id, const std::string& point = "") {
  OrderBuilder order(hold_id);
  order.link("vl-client");
  order.link("vl-web");
  order.sap("client", "vl-client", point);
  order.vnf("fw", brought("firewall"), "vl-client", "vl-web");
  order.vnf("web", brought("web"), "vl-web");
  auto& path = order.path("web-path", "client");
  OrderBuilder::hop(path, "fw");
  OrderBuilder::hop(path, "web", true);
  return order;
}

// A web server at the end of a link that continues outside, in an envelope with these addresses.
inline OrderBuilder tail_order(const std::string& hold_id, std::uint32_t segment_id,
                               const std::string& root_link_id, const std::string& first,
                               const std::string& last) {
  OrderBuilder order(hold_id);
  order.link("vl-cut");
  order.sap("cut:vl-cut", "vl-cut");
  order.vnf("web", brought("web"), "vl-cut");
  v1::Envelope& envelope = *order.request().mutable_envelope();
  envelope.set_realm("2f9dd6de-36a3-4f0e-8a35-000000000001");
  v1::LinkEnvelope& link = *envelope.add_link();
  link.set_link_id("vl-cut");
  link.set_root_link_id(root_link_id);
  link.set_mtu(1400);
  link.set_mac_prefix("02:54:00:10:00:00/28");
  link.mutable_port_ids()->set_first(1);
  link.mutable_port_ids()->set_last(100);
  v1::SubnetEnvelope& subnet = *link.add_subnet();
  subnet.set_prefix("10.10.4.0/24");
  subnet.set_probe_address("10.10.4.250");
  auto& range = *subnet.add_assignable();
  range.set_first(first);
  range.set_last(last);
  link.mutable_stitching()->set_underlay("backbone");
  link.mutable_stitching()->set_encapsulation_type(v1::Stitching::VXLAN);
  link.mutable_stitching()->mutable_wan_segment_ids()->set_wan_segment_id_value(segment_id);
  return order;
}

}  // namespace terrace
