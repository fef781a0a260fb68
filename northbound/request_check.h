// What is checked of every request before its handler sees it: the list in northbound/dispatch.h.
#pragma once

#include <cstddef>
#include <string_view>

#include <google/protobuf/message.h>

#include "base/call.h"
#include "base/result.h"

namespace terrace {

// Parses `bytes` into `request`. `needed_id`: the field of the request that may not be empty; null:
// none.
Status read_request(std::string_view bytes, std::size_t max_bytes, const char* needed_id,
                    google::protobuf::Message& request);

// Parses a serialised CallContext into `call`.
Status read_context(std::string_view bytes, Call& call);

// No unknown fields, no unknown enum values, at any depth.
Status check_known(const google::protobuf::Message& message);

}  // namespace terrace
