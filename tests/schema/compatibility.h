// What a schema may not do to one that was released before it: v1 only ever grows.
#pragma once

#include <string>
#include <vector>

#include <google/protobuf/descriptor.pb.h>

namespace terrace::schema {

// Every way in which `present` breaks those built with `released`, one sentence each, by
// full name; empty if it only adds. Both sets come from protoc (names resolved). Breaks: a
// message, field, enum, enum value, service or method that is gone; a field's other name (it
// is JSON's key), type, label, presence or oneof; an enum value's other name; a method's
// other request, response or streaming. What a file is called, and which comments it has, is free.
std::vector<std::string> breaks(const google::protobuf::FileDescriptorSet& released,
                                const google::protobuf::FileDescriptorSet& present);

}  // namespace terrace::schema
