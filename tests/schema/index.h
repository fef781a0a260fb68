// A schema's declarations by their full names ("terrace.v1.Hold.State").
#pragma once

#include <map>
#include <string>

#include <google/protobuf/descriptor.pb.h>

namespace terrace::schema {

// Points into the set it was made of.
struct Index {
  std::map<std::string, const google::protobuf::DescriptorProto*> messages;
  std::map<std::string, const google::protobuf::EnumDescriptorProto*> enums;
  std::map<std::string, const google::protobuf::ServiceDescriptorProto*> services;
};

Index index_of(const google::protobuf::FileDescriptorSet& set);

}  // namespace terrace::schema
