#include "base/unknown_fields.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>

#include <vector>

namespace terrace {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string step(const std::string& path, const FieldDescriptor& field, int index) {
  std::string text = path.empty() ? field.name() : path + "." + field.name();
  if (index >= 0) text += "[" + std::to_string(index) + "]";
  return text;
}

std::optional<UnknownContent> find_from(const Message& message, const std::string& path);

// One value of a field; index -1 for a field that is not repeated.
std::optional<UnknownContent> find_in_value(const Message& message, const FieldDescriptor& field,
                                            int index, const std::string& path) {
  const Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    const int number = index < 0 ? reflection.GetEnumValue(message, &field)
                                 : reflection.GetRepeatedEnumValue(message, &field, index);
    if (field.enum_type()->FindValueByNumber(number) != nullptr) return std::nullopt;
    return UnknownContent{step(path, field, index), number, true};
  }
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return std::nullopt;
  const Message& inner = index < 0 ? reflection.GetMessage(message, &field)
                                   : reflection.GetRepeatedMessage(message, &field, index);
  return find_from(inner, step(path, field, index));
}

std::optional<UnknownContent> find_from(const Message& message, const std::string& path) {
  const Reflection& reflection = *message.GetReflection();
  const auto& unknown = reflection.GetUnknownFields(message);
  if (!unknown.empty()) {
    const int number = unknown.field(0).number();
    return UnknownContent{(path.empty() ? "#" : path + ".#") + std::to_string(number), number};
  }
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (!field->is_repeated()) {
      if (auto found = find_in_value(message, *field, -1, path)) return found;
      continue;
    }
    for (int index = 0; index < reflection.FieldSize(message, field); ++index) {
      if (auto found = find_in_value(message, *field, index, path)) return found;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<UnknownContent> find_unknown(const Message& message) {
  return find_from(message, "");
}

}  // namespace terrace
