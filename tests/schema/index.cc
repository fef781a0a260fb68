#include "tests/schema/index.h"

namespace terrace::schema {
namespace {

std::string join(const std::string& scope, const std::string& name) {
  return scope.empty() ? name : scope + "." + name;
}

void add(const google::protobuf::DescriptorProto& message, const std::string& scope, Index& index) {
  const std::string name = join(scope, message.name());
  index.messages[name] = &message;
  for (const auto& inner : message.nested_type()) {
    add(inner, name, index);
  }
  for (const auto& inner : message.enum_type()) {
    index.enums[join(name, inner.name())] = &inner;
  }
}

}  // namespace

Index index_of(const google::protobuf::FileDescriptorSet& set) {
  Index index;
  for (const auto& file : set.file()) {
    for (const auto& message : file.message_type()) {
      add(message, file.package(), index);
    }
    for (const auto& top : file.enum_type()) {
      index.enums[join(file.package(), top.name())] = &top;
    }
    for (const auto& service : file.service()) {
      index.services[join(file.package(), service.name())] = &service;
    }
  }
  return index;
}

}  // namespace terrace::schema
