#include "northbound/dispatch.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <google/protobuf/descriptor.h>

#include "northbound/request_check.h"
#include "northbound/stream_relay.h"

namespace terrace {
namespace {

using google::protobuf::MethodDescriptor;

constexpr std::array kServices = {
    "terrace.v1.CapabilityService", "terrace.v1.HoldService",     "terrace.v1.NsLifecycleService",
    "terrace.v1.NsdService",        "terrace.v1.PlatformService", "terrace.v1.VnfPackageService",
};

Problem no_such_method(std::string_view method) {
  return make_problem(Problem::UNIMPLEMENTED, "request.no-such-method",
                      "there is no method " + std::string(method))
      .at_resource("method/" + std::string(method));
}

}  // namespace

class Dispatch::Impl {
 public:
  Impl(Executor& executor, NorthApi& api, DispatchOptions options)
      : executor_(executor), api_(api), options_(options) {
    add_descriptors();
    add_lifecycle();
    add_between_platforms();
  }

  void unary(std::string_view method, Call call, std::string_view context, std::string_view request,
             Reply<std::string> reply) {
    const auto found = unary_.find(method);
    if (found == unary_.end()) return refuse(no_such_method(method), std::move(reply));
    if (auto status = read_context(context, call); !status.ok()) {
      return refuse(std::move(status).problem(), std::move(reply));
    }
    found->second(call, request, std::move(reply));
  }

  std::unique_ptr<Subscription> stream(std::string_view method, Call call, std::string_view context,
                                       std::string_view request, ByteSink sink) {
    const auto found = streams_.find(method);
    if (found == streams_.end()) return refuse_stream(no_such_method(method), std::move(sink));
    if (auto status = read_context(context, call); !status.ok()) {
      return refuse_stream(std::move(status).problem(), std::move(sink));
    }
    return found->second(call, request, std::move(sink));
  }

 private:
  using UnaryHandler = std::function<void(const Call&, std::string_view, Reply<std::string>)>;
  using StreamHandler =
      std::function<std::unique_ptr<Subscription>(const Call&, std::string_view, ByteSink)>;
  template <class Request, class Response>
  using UnaryMethod = void (NorthApi::*)(const Call&, const Request&, Reply<Response>);
  template <class Request, class Sink>
  using StreamMethod = std::unique_ptr<Subscription> (NorthApi::*)(const Call&, const Request&,
                                                                   Sink);

  template <class Request, class Response>
  void add(const std::string& service, const std::string& name,
           UnaryMethod<Request, Response> method, const char* needed_id = nullptr) {
    unary_["/terrace.v1." + service + "/" + name] = [this, method, needed_id](
                                                        const Call& call, std::string_view bytes,
                                                        Reply<std::string> reply) {
      Request request;
      auto status = read_request(bytes, options_.max_message_bytes, needed_id, request);
      if (!status.ok()) return refuse(std::move(status).problem(), std::move(reply));
      (api_.*method)(call, request, [reply = std::move(reply)](Result<Response> result) {
        if (!result.ok()) return reply(std::move(result).problem());
        reply(result->SerializeAsString());
      });
    };
  }

  template <class Request, class Sink>
  void add_stream(const std::string& service, const std::string& name,
                  StreamMethod<Request, Sink> method, const char* needed_id = nullptr) {
    streams_["/terrace.v1." + service + "/" + name] =
        [this, method, needed_id](const Call& call, std::string_view bytes, ByteSink sink) {
          Request request;
          auto status = read_request(bytes, options_.max_message_bytes, needed_id, request);
          if (!status.ok()) return refuse_stream(std::move(status).problem(), std::move(sink));
          auto relay =
              std::make_shared<StreamRelay>(executor_, options_.heartbeat, std::move(sink));
          auto source = (api_.*method)(call, request, relay->sink_for(static_cast<Sink*>(nullptr)));
          return StreamRelay::subscription(std::move(relay), std::move(source));
        };
  }

  void add_descriptors() {
    add("NsdService", "OnboardNsd", &NorthApi::onboard_nsd);
    add("NsdService", "GetNsd", &NorthApi::get_nsd, "id");
    add("NsdService", "ListNsds", &NorthApi::list_nsds);
    add("NsdService", "DeleteNsd", &NorthApi::delete_nsd, "id");
    add("VnfPackageService", "OnboardVnfPackage", &NorthApi::onboard_vnf_package);
    add("VnfPackageService", "GetVnfPackage", &NorthApi::get_vnf_package, "id");
    add("VnfPackageService", "ListVnfPackages", &NorthApi::list_vnf_packages);
    add("VnfPackageService", "DeleteVnfPackage", &NorthApi::delete_vnf_package, "id");
  }

  void add_lifecycle() {
    const std::string service = "NsLifecycleService";
    add(service, "CreateNs", &NorthApi::create_ns);
    add(service, "InstantiateNs", &NorthApi::instantiate_ns, "ns_instance_id");
    add(service, "TerminateNs", &NorthApi::terminate_ns, "ns_instance_id");
    add(service, "DeleteNs", &NorthApi::delete_ns, "ns_instance_id");
    add(service, "GetNs", &NorthApi::get_ns, "ns_instance_id");
    add(service, "ListNs", &NorthApi::list_ns);
    add(service, "ScaleNs", &NorthApi::scale_ns, "ns_instance_id");
    add(service, "UpdateNs", &NorthApi::update_ns, "ns_instance_id");
    add(service, "HealNs", &NorthApi::heal_ns, "ns_instance_id");
    add(service, "GetNsLcmOpOcc", &NorthApi::get_ns_lcm_op_occ, "operation_id");
    add(service, "ListNsLcmOpOccs", &NorthApi::list_ns_lcm_op_occs);
    add_stream(service, "WatchNsLcmOpOcc", &NorthApi::watch_ns_lcm_op_occ, "operation_id");
    add(service, "RetryNsLcmOpOcc", &NorthApi::retry_ns_lcm_op_occ, "operation_id");
    add(service, "RollbackNsLcmOpOcc", &NorthApi::rollback_ns_lcm_op_occ, "operation_id");
    add(service, "ContinueNsLcmOpOcc", &NorthApi::continue_ns_lcm_op_occ, "operation_id");
    add(service, "FailNsLcmOpOcc", &NorthApi::fail_ns_lcm_op_occ, "operation_id");
    add(service, "CancelNsLcmOpOcc", &NorthApi::cancel_ns_lcm_op_occ, "operation_id");
  }

  void add_between_platforms() {
    add("HoldService", "PlaceHold", &NorthApi::place_hold);
    add("HoldService", "GetHold", &NorthApi::get_hold, "hold_id");
    add("HoldService", "ListHolds", &NorthApi::list_holds);
    add("HoldService", "ReleaseHold", &NorthApi::release_hold, "hold_id");
    add("HoldService", "Probe", &NorthApi::probe, "hold_id");
    add_stream("HoldService", "Watch", &NorthApi::watch);
    add("CapabilityService", "GetCatalogue", &NorthApi::get_catalogue);
    add_stream("CapabilityService", "WatchCatalogue", &NorthApi::watch_catalogue);
    add("PlatformService", "GetStatus", &NorthApi::get_status);
    add("PlatformService", "ListParts", &NorthApi::list_parts);
    add("PlatformService", "ListResources", &NorthApi::list_resources);
  }

  void refuse(Problem problem, Reply<std::string> reply) {
    executor_.post([problem = std::move(problem), reply = std::move(reply)] { reply(problem); });
  }

  std::unique_ptr<Subscription> refuse_stream(Problem problem, ByteSink sink) {
    auto relay = std::make_shared<StreamRelay>(executor_, options_.heartbeat, std::move(sink));
    executor_.post([relay, problem = std::move(problem)] { relay->end(problem); });
    return StreamRelay::subscription(std::move(relay), nullptr);
  }

  Executor& executor_;
  NorthApi& api_;
  const DispatchOptions options_;
  std::map<std::string, UnaryHandler, std::less<>> unary_;
  std::map<std::string, StreamHandler, std::less<>> streams_;
};

Dispatch::Dispatch(Executor& executor, NorthApi& api, DispatchOptions options)
    : impl_(std::make_unique<Impl>(executor, api, options)) {}

Dispatch::~Dispatch() = default;

void Dispatch::unary(std::string_view method, Call call, std::string_view context,
                     std::string_view request, Reply<std::string> reply) {
  impl_->unary(method, std::move(call), context, request, std::move(reply));
}

std::unique_ptr<Subscription> Dispatch::stream(std::string_view method, Call call,
                                               std::string_view context, std::string_view request,
                                               ByteSink sink) {
  return impl_->stream(method, std::move(call), context, request, std::move(sink));
}

std::string Dispatch::method_name(const MethodDescriptor& method) {
  return "/" + method.service()->full_name() + "/" + method.name();
}

std::vector<const MethodDescriptor*> Dispatch::methods() {
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  std::vector<const MethodDescriptor*> methods;
  for (const char* name : kServices) {
    const auto* service = pool->FindServiceByName(name);
    for (int i = 0; i < service->method_count(); ++i) methods.push_back(service->method(i));
  }
  return methods;
}

const MethodDescriptor* Dispatch::find(std::string_view method) {
  if (method.empty() || method.front() != '/') return nullptr;
  std::string name(method.substr(1));
  std::replace(name.begin(), name.end(), '/', '.');
  const auto* found = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name);
  if (!found || method_name(*found) != method) return nullptr;
  const bool ours = std::find(kServices.begin(), kServices.end(), found->service()->full_name()) !=
                    kServices.end();
  return ours ? found : nullptr;
}

}  // namespace terrace
