#include "base/time.h"

namespace terrace {
namespace {

constexpr std::int64_t kNanos = 1'000'000'000;

}  // namespace

google::protobuf::Timestamp to_timestamp(Instant instant) {
  google::protobuf::Timestamp timestamp;
  const std::int64_t nanos = instant.time_since_epoch().count();
  timestamp.set_seconds(nanos / kNanos);
  timestamp.set_nanos(static_cast<std::int32_t>(nanos % kNanos));
  return timestamp;
}

Instant from_timestamp(const google::protobuf::Timestamp& timestamp) {
  return Instant(Duration(timestamp.seconds() * kNanos + timestamp.nanos()));
}

google::protobuf::Duration to_proto(Duration duration) {
  google::protobuf::Duration message;
  message.set_seconds(duration.count() / kNanos);
  message.set_nanos(static_cast<std::int32_t>(duration.count() % kNanos));
  return message;
}

Duration from_proto(const google::protobuf::Duration& duration) {
  return Duration(duration.seconds() * kNanos + duration.nanos());
}

std::int64_t to_micros(Instant instant) {
  return std::chrono::duration_cast<std::chrono::microseconds>(instant.time_since_epoch()).count();
}

Instant from_micros(std::int64_t micros) {
  return Instant(std::chrono::microseconds(micros));
}

}  // namespace terrace
