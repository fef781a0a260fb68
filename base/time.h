// Instants and durations, as the schema has them.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace terrace {

google::protobuf::Timestamp to_timestamp(Instant instant);
Instant from_timestamp(const google::protobuf::Timestamp& timestamp);
google::protobuf::Duration to_proto(Duration duration);
Duration from_proto(const google::protobuf::Duration& duration);

// Microseconds since the Unix epoch.
std::int64_t to_micros(Instant instant);
Instant from_micros(std::int64_t micros);

}  // namespace terrace
