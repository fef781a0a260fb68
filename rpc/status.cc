#include "rpc/status.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "terrace/rpc/v1/status.pb.h"

namespace terrace {
namespace {

// Metadata is bounded (kMaxMetadataBytes), and base64 adds a third. A problem that is larger loses
// what matters least: its causes beyond the first few, then all of them.
constexpr std::size_t kMaxProblemBytes = 40'000;
constexpr std::size_t kMaxMessageBytes = 1'000;

Problem fitting(Problem problem) {
  if (problem.ByteSizeLong() <= kMaxProblemBytes) return problem;
  const int all = problem.causes_size();
  int kept = all;
  while (kept > 0 && problem.ByteSizeLong() > kMaxProblemBytes) {
    problem.mutable_causes()->RemoveLast();
    --kept;
  }
  if (kept < all) {
    problem.add_possible("only " + std::to_string(kept) + " of " + std::to_string(all) +
                         " causes fit in the answer; resolve these and try again");
  }
  if (problem.ByteSizeLong() > kMaxProblemBytes) {
    problem.mutable_what()->resize(std::min(problem.what().size(), kMaxMessageBytes));
    problem.clear_where();
    problem.clear_possible();
    problem.clear_free_segments();
  }
  return problem;
}

Problem of_transport(const grpc::Status& status, std::string_view peer) {
  const auto code = static_cast<Problem::Code>(status.error_code());
  const char* type = "rpc.failed";
  std::string what = "the call to " + std::string(peer) + " failed";
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      type = "rpc.unreachable";
      what = std::string(peer) + " cannot be reached";
      break;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      type = "rpc.deadline";
      what = std::string(peer) + " did not answer in time; what became of the call is not known";
      break;
    case grpc::StatusCode::UNIMPLEMENTED:
      type = "rpc.no-such-method";
      what = std::string(peer) + " does not know this method";
      break;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      type = "rpc.too-large";
      what = "a message to or from " + std::string(peer) + " is larger than the transport takes";
      break;
    case grpc::StatusCode::CANCELLED:
      type = "rpc.cancelled";
      what = "the call to " + std::string(peer) + " was cancelled";
      break;
    default:
      break;
  }
  if (!status.error_message().empty()) what += ": " + status.error_message();
  return make_problem(code, type, what).at_resource("peer/" + std::string(peer));
}

const char kProblemUrl[] = "type.googleapis.com/terrace.v1.Problem";

}  // namespace

grpc::Status to_grpc(const Problem& original) {
  Problem problem = fitting(original);
  if (problem.code() == Problem::OK) problem.set_code(Problem::INTERNAL);
  rpc::v1::Status details;
  details.set_code(problem.code());
  details.set_message(problem.what().substr(0, kMaxMessageBytes));
  auto* any = details.add_details();
  any->set_type_url(kProblemUrl);
  any->set_value(problem.SerializeAsString());
  return {static_cast<grpc::StatusCode>(problem.code()), details.message(),
          details.SerializeAsString()};
}

Problem from_grpc(const grpc::Status& status, std::string_view peer) {
  rpc::v1::Status details;
  if (!status.error_details().empty() && details.ParseFromString(status.error_details())) {
    for (const auto& any : details.details()) {
      Problem problem;
      if (any.type_url() != kProblemUrl || !problem.ParseFromString(any.value())) continue;
      problem.set_code(static_cast<Problem::Code>(status.error_code()));
      return problem;
    }
  }
  return of_transport(status, peer);
}

int problems_in(const grpc::Status& status) {
  rpc::v1::Status details;
  if (!details.ParseFromString(status.error_details())) return 0;
  int count = 0;
  for (const auto& any : details.details()) {
    Problem problem;
    if (any.type_url() == kProblemUrl && problem.ParseFromString(any.value())) ++count;
  }
  return count;
}

}  // namespace terrace
