// Finds what a message says that this program does not understand. Orders and envelopes with such
// content are refused (R13): a field that is silently dropped is a promise silently broken.
#pragma once

#include <google/protobuf/message.h>

#include <optional>
#include <string>

namespace terrace {

struct UnknownContent {
  // Within the message, by field names: "link[2].subnet[0].#17" (a field number that is not known)
  // or "envelope.link[0].stitching.encapsulation_type" (an enum's number that is not).
  std::string path;
  // The number that is not known.
  int number = 0;
  bool is_enum_value = false;
};

// The first one, in the order of fields; nothing when all is understood.
std::optional<UnknownContent> find_unknown(const google::protobuf::Message& message);

}  // namespace terrace
