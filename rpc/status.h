// Problems on gRPC's wire, both ways: the one place where they are translated.
//
// A Problem travels as a status with its code, its `what` as message, and, in the standard trailer
// grpc-status-details-bin, a google.rpc.Status whose one detail is the Problem.
#pragma once

#include <string_view>

#include <grpcpp/support/status.h>

#include "base/result.h"

namespace terrace {

// A problem without a code of its own (OK) becomes INTERNAL.
grpc::Status to_grpc(const Problem& problem);

// Of a status that is not OK: the Problem it carries; where it carries none (gRPC made it), one of
// type "rpc.*" as rpc/channel.h lists them. `peer`: whom we called, for its place.
Problem from_grpc(const grpc::Status& status, std::string_view peer);

// What either side takes of headers and trailers; a Problem is cut to fit (its causes go first).
inline constexpr int kMaxMetadataBytes = 64 * 1024;

// How many Problems a status carries. For tests of "exactly one".
int problems_in(const grpc::Status& status);

}  // namespace terrace
