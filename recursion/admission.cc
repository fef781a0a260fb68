#include "recursion/admission.h"

#include <algorithm>

#include "base/unknown_fields.h"

namespace terrace {

namespace {

constexpr std::size_t kLongestId = 128;

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == ':';
}

// Ids become keys, paths and names of things on machines: they are kept plain.
Status check_id(const std::string& id, const std::string& path) {
  const bool is_plain = std::all_of(id.begin(), id.end(), is_id_character);
  if (!id.empty() && id.size() <= kLongestId && is_plain) return {};
  return make_problem(Problem::INVALID_ARGUMENT, "request.malformed",
                      id.empty() ? path + " is empty" : path + " is not of the form of an id")
      .at_path(path)
      .constraint(
          "id", "1 to " + std::to_string(kLongestId) + " of letters, digits, \"-_.:\"",
          id.size() > kLongestId ? std::to_string(id.size()) + " characters" : "\"" + id + "\"");
}

Status check_known(const google::protobuf::Message& request) {
  const auto unknown = find_unknown(request);
  if (!unknown) return {};
  const std::string number = std::to_string(unknown->number);
  if (unknown->is_enum_value) {
    return make_problem(Problem::INVALID_ARGUMENT, "request.unknown-value",
                        "the value " + number + " is not known to this platform")
        .at_path(unknown->path);
  }
  return make_problem(Problem::INVALID_ARGUMENT, "request.unknown-field",
                      "the field " + number + " is not known to this platform")
      .at_path(unknown->path)
      .possible("only the protocol features that the platform says it supports");
}

Status check_call(const Call& call, const std::string& hold_id,
                  const google::protobuf::Message& request) {
  if (Status status = check_id(tenant_of(call), "tenant"); !status) return status;
  if (Status status = check_id(hold_id, "hold_id"); !status) return status;
  return check_known(request);
}

template <class T>
void refuse(Executor& executor, const Reply<T>& reply, const Status& status) {
  executor.post([reply, problem = status.problem()] { reply(problem); });
}

// What an observer holds that was refused.
class RefusedSubscription final : public Subscription {
 public:
  RefusedSubscription(Executor& executor, Platform::ObserveSink sink, Problem problem) {
    executor.post([alive = std::weak_ptr<bool>(alive_), sink = std::move(sink),
                   problem = std::move(problem)] {
      if (!alive.expired()) sink(problem);
    });
  }

 private:
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

Admission::Admission(Platform& next, Executor& executor, PlatformId self, std::size_t max_depth)
    : next_(next), executor_(executor), self_(std::move(self)), max_depth_(max_depth) {}

Status Admission::check_path(const Call& call) const {
  const auto& path = call.context.platform_path();
  if (std::find(path.begin(), path.end(), self_.str()) != path.end()) {
    return make_problem(Problem::FAILED_PRECONDITION, "path.loop",
                        "the order has passed platform " + self_.str() + " already")
        .constraint("platform-path", "without " + self_.str(), self_.str())
        .possible("an offer of another platform");
  }
  const auto depth = static_cast<std::size_t>(path.size());
  if (depth > max_depth_) {
    return make_problem(Problem::FAILED_PRECONDITION, "path.depth",
                        "the order has passed more platforms than this one admits")
        .constraint("max-depth", std::to_string(max_depth_), std::to_string(depth))
        .possible("an offer nearer to the infrastructure");
  }
  return {};
}

std::unique_ptr<Subscription> Admission::publish(CatalogueSink sink) {
  return next_.publish(std::move(sink));
}

void Admission::hold(const Call& call, const v1::PlaceHoldRequest& request, Reply<v1::Hold> reply) {
  for (const Status& status : {check_path(call), check_call(call, request.hold_id(), request)}) {
    if (!status) return refuse(executor_, reply, status);
  }
  next_.hold(call, request, std::move(reply));
}

void Admission::commit(const Call& call, const v1::CommitHoldRequest& request,
                       Reply<v1::Hold> reply) {
  const Status status = check_call(call, request.hold_id(), request);
  if (!status) return refuse(executor_, reply, status);
  next_.commit(call, request, std::move(reply));
}

void Admission::release(const Call& call, const v1::ReleaseHoldRequest& request,
                        Reply<v1::Hold> reply) {
  const Status status = check_call(call, request.hold_id(), request);
  if (!status) return refuse(executor_, reply, status);
  next_.release(call, request, std::move(reply));
}

void Admission::probe(const Call& call, const v1::ProbeRequest& request,
                      Reply<v1::ProbeResult> reply) {
  Status status = check_id(tenant_of(call), "tenant");
  if (status) status = check_known(request);
  if (!status) return refuse(executor_, reply, status);
  next_.probe(call, request, std::move(reply));
}

std::unique_ptr<Subscription> Admission::observe(const Call& call, ObserveSink sink) {
  const Status status = check_id(tenant_of(call), "tenant");
  if (status) return next_.observe(call, std::move(sink));
  return std::make_unique<RefusedSubscription>(executor_, std::move(sink), status.problem());
}

}  // namespace terrace
