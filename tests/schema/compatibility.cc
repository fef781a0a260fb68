#include "tests/schema/compatibility.h"

#include "tests/schema/index.h"

namespace terrace::schema {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::MethodDescriptorProto;
using google::protobuf::ServiceDescriptorProto;

using Breaks = std::vector<std::string>;

std::string type_of(const FieldDescriptorProto& field) {
  const std::string kind = FieldDescriptorProto::Type_Name(field.type());
  return field.type_name().empty() ? kind : kind + " " + field.type_name();
}

// A proto3 `optional` is a oneof of its own in the descriptor, and compared as presence instead.
std::string oneof_of(const DescriptorProto& message, const FieldDescriptorProto& field) {
  if (!field.has_oneof_index() || field.proto3_optional()) {
    return "none";
  }
  return message.oneof_decl(field.oneof_index()).name();
}

void differs(const std::string& where, const std::string& what, const std::string& before,
             const std::string& now, Breaks& out) {
  if (before != now) {
    out.push_back(where + ": " + what + " was " + before + ", is " + now);
  }
}

const FieldDescriptorProto* field_by_number(const DescriptorProto& message, int number) {
  for (const auto& field : message.field()) {
    if (field.number() == number) {
      return &field;
    }
  }
  return nullptr;
}

void compare_messages(const std::string& name, const DescriptorProto& before,
                      const DescriptorProto& now, Breaks& out) {
  for (const auto& was : before.field()) {
    const std::string where = name + "." + was.name();
    const FieldDescriptorProto* is = field_by_number(now, was.number());
    if (is == nullptr) {
      out.push_back(where + ": field " + std::to_string(was.number()) + " is gone");
      continue;
    }
    differs(where, "name", was.name(), is->name(), out);
    differs(where, "JSON name", was.json_name(), is->json_name(), out);
    differs(where, "type", type_of(was), type_of(*is), out);
    differs(where, "label", FieldDescriptorProto::Label_Name(was.label()),
            FieldDescriptorProto::Label_Name(is->label()), out);
    differs(where, "presence", was.proto3_optional() ? "optional" : "implicit",
            is->proto3_optional() ? "optional" : "implicit", out);
    differs(where, "oneof", oneof_of(before, was), oneof_of(now, *is), out);
  }
}

void compare_enums(const std::string& name, const EnumDescriptorProto& before,
                   const EnumDescriptorProto& now, Breaks& out) {
  for (const auto& was : before.value()) {
    const std::string where = name + "." + was.name();
    bool found = false;
    for (const auto& is : now.value()) {
      if (is.number() == was.number()) {
        found = true;
        differs(where, "name", was.name(), is.name(), out);
      }
    }
    if (!found) {
      out.push_back(where + ": value " + std::to_string(was.number()) + " is gone");
    }
  }
}

std::string shape(bool streams, const std::string& type) {
  return streams ? "stream " + type : type;
}

void compare_services(const std::string& name, const ServiceDescriptorProto& before,
                      const ServiceDescriptorProto& now, Breaks& out) {
  for (const auto& was : before.method()) {
    const std::string where = name + "." + was.name();
    const MethodDescriptorProto* is = nullptr;
    for (const auto& method : now.method()) {
      if (method.name() == was.name()) {
        is = &method;
      }
    }
    if (is == nullptr) {
      out.push_back(where + ": the method is gone");
      continue;
    }
    differs(where, "request", shape(was.client_streaming(), was.input_type()),
            shape(is->client_streaming(), is->input_type()), out);
    differs(where, "response", shape(was.server_streaming(), was.output_type()),
            shape(is->server_streaming(), is->output_type()), out);
  }
}

template <class Map, class Compare>
void compare_all(const Map& before, const Map& now, const char* kind, Compare compare,
                 Breaks& out) {
  for (const auto& [name, was] : before) {
    const auto is = now.find(name);
    if (is == now.end()) {
      out.push_back(name + ": the " + kind + " is gone");
    } else {
      compare(name, *was, *is->second, out);
    }
  }
}

}  // namespace

std::vector<std::string> breaks(const google::protobuf::FileDescriptorSet& released,
                                const google::protobuf::FileDescriptorSet& present) {
  const Index before = index_of(released);
  const Index now = index_of(present);
  Breaks out;
  compare_all(before.messages, now.messages, "message", compare_messages, out);
  compare_all(before.enums, now.enums, "enum", compare_enums, out);
  compare_all(before.services, now.services, "service", compare_services, out);
  return out;
}

}  // namespace terrace::schema
