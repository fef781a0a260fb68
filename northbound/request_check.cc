#include "northbound/request_check.h"

#include <algorithm>
#include <string>

#include <google/protobuf/descriptor.h>

#include "base/ids.h"
#include "base/unknown_fields.h"

namespace terrace {
namespace {

using google::protobuf::Message;

constexpr std::size_t kMaxNameBytes = 128;

Problem not_understood(const Message& message, const UnknownContent& unknown) {
  const std::string number = std::to_string(unknown.number);
  if (unknown.is_enum_value) {
    return make_problem(Problem::INVALID_ARGUMENT, "request.unknown-enum",
                        unknown.path + " has no value " + number)
        .at_path(unknown.path)
        .constraint("known-values", message.GetTypeName(), number);
  }
  return make_problem(Problem::INVALID_ARGUMENT, "request.unknown-field",
                      "this platform does not know " + unknown.path)
      .at_path(unknown.path)
      .constraint("known-fields", message.GetTypeName(), number)
      .possible("use only the features that this platform's catalogue lists");
}

Problem malformed_id(const std::string& path, const std::string& value) {
  return make_problem(Problem::INVALID_ARGUMENT, "request.malformed-id",
                      path + " is no UUID in lower case")
      .at_path(path)
      .constraint("uuid", "8-4-4-4-12 hexadecimal digits in lower case (RFC 9562)",
                  value.substr(0, kMaxNameBytes));
}

// The ids that callers choose (R5). Ids of descriptors are their authors' and may be any text.
Status check_ids(const Message& request, const char* needed_id) {
  const auto* reflection = request.GetReflection();
  for (const char* name : {"hold_id", "operation_id", "ns_instance_id"}) {
    const auto* field = request.GetDescriptor()->FindFieldByName(name);
    if (!field || field->is_repeated()) continue;
    const std::string value = reflection->GetString(request, field);
    if (!value.empty() && !is_uuid(value)) return malformed_id(name, value);
  }
  if (!needed_id) return {};
  const auto* field = request.GetDescriptor()->FindFieldByName(needed_id);
  if (!reflection->GetString(request, field).empty()) return {};
  return make_problem(Problem::INVALID_ARGUMENT, "request.missing-id",
                      request.GetTypeName() + " does not say which: " + needed_id + " is empty")
      .at_path(needed_id);
}

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

Problem bad_context(const std::string& path, const std::string& what) {
  return make_problem(Problem::INVALID_ARGUMENT, "request.bad-context", what)
      .at_path("context." + path);
}

}  // namespace

Status check_known(const Message& message) {
  if (const auto unknown = find_unknown(message)) return not_understood(message, *unknown);
  return {};
}

Status read_request(std::string_view bytes, std::size_t max_bytes, const char* needed_id,
                    Message& request) {
  if (bytes.size() > max_bytes) {
    return make_problem(Problem::RESOURCE_EXHAUSTED, "request.too-large",
                        "the request is larger than this platform takes")
        .constraint("message-size", std::to_string(max_bytes) + " bytes",
                    std::to_string(bytes.size()) + " bytes");
  }
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return make_problem(Problem::INVALID_ARGUMENT, "request.malformed",
                        "the request does not parse as " + request.GetTypeName());
  }
  if (auto status = check_known(request); !status.ok()) return status;
  return check_ids(request, needed_id);
}

Status read_context(std::string_view bytes, Call& call) {
  auto& context = call.context;
  if (!context.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return bad_context("", "the call's context does not parse as terrace.v1.CallContext");
  }
  if (auto status = check_known(context); !status.ok()) {
    Problem cause = std::move(status).problem();
    return make_problem(Problem::INVALID_ARGUMENT, "request.bad-context",
                        "the call's context has something this platform does not know")
        .cause(std::move(cause));
  }
  if (!context.tenant().empty() && !is_name(context.tenant())) {
    return bad_context("tenant", "a tenant is 1 to 128 printable characters without spaces");
  }
  for (const auto& platform : context.platform_path()) {
    if (!is_name(platform)) {
      return bad_context("platform_path", "a platform id is 1 to 128 characters without spaces");
    }
  }
  if (!context.root_operation_id().empty() && !is_uuid(context.root_operation_id())) {
    return malformed_id("context.root_operation_id", context.root_operation_id());
  }
  for (const auto& id : context.replaces()) {
    if (!is_uuid(id)) return malformed_id("context.replaces", id);
  }
  return {};
}

}  // namespace terrace
