#include "lifecycle/filter.h"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace terrace {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

struct Term {
  std::string op;
  std::vector<const FieldDescriptor*> path;
  std::vector<std::string> values;
};

Problem malformed(const std::string& term, const std::string& why) {
  return make_problem(Problem::INVALID_ARGUMENT, "filter.malformed", why)
      .at_path("filter: " + term)
      .possible("Write terms like (eq,nsState,INSTANTIATED), joined by semicolons.");
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

// nsState -> ns_state.
std::string snake(const std::string& name) {
  std::string result;
  for (const char c : name) {
    if (std::isupper(static_cast<unsigned char>(c))) result += '_';
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

Result<Term> parse_term(const std::string& text, const Message& prototype) {
  if (text.size() < 2 || text.front() != '(' || text.back() != ')')
    return malformed(text, "A filter term stands in parentheses.");
  const auto words = split(text.substr(1, text.size() - 2), ',');
  if (words.size() < 3)
    return malformed(text, "A filter term has an operator, an attribute and a value.");
  static const std::vector<std::string> kOperators{"eq", "neq", "in", "nin", "cont", "ncont"};
  if (std::find(kOperators.begin(), kOperators.end(), words[0]) == kOperators.end())
    return malformed(text, "The operator is one of eq, neq, in, nin, cont, ncont.");
  Term term{words[0], {}, {words.begin() + 2, words.end()}};
  const Descriptor* type = prototype.GetDescriptor();
  for (const auto& name : split(words[1], '/')) {
    const FieldDescriptor* const field =
        type == nullptr ? nullptr : type->FindFieldByName(snake(name));
    if (field == nullptr || field->is_repeated())
      return make_problem(Problem::INVALID_ARGUMENT, "filter.unknown-attribute",
                          "This resource has no such attribute to filter by.")
          .at_path("filter: " + words[1]);
    term.path.push_back(field);
    type = field->message_type();
  }
  if (type != nullptr)
    return malformed(text, "Filter by a simple attribute, not by a whole object.");
  return term;
}

std::string value_of(const Message& message, const FieldDescriptor* field) {
  const auto& reflection = *message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(message, field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.GetEnum(message, field)->name();
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_UINT32:
      return std::to_string(reflection.GetUInt32(message, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return std::to_string(reflection.GetUInt64(message, field));
    case FieldDescriptor::CPPTYPE_INT32:
      return std::to_string(reflection.GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(reflection.GetInt64(message, field));
    default:
      return "";
  }
}

bool passes(const Term& term, const Message& resource) {
  const Message* message = &resource;
  for (std::size_t i = 0; i + 1 < term.path.size(); ++i)
    message = &message->GetReflection()->GetMessage(*message, term.path[i]);
  const std::string value = value_of(*message, term.path.back());
  const bool contains = term.op == "cont" || term.op == "ncont";
  const bool found =
      std::any_of(term.values.begin(), term.values.end(), [&](const std::string& wanted) {
        return contains ? value.find(wanted) != std::string::npos : value == wanted;
      });
  return term.op.front() == 'n' ? !found : found;
}

}  // namespace

Result<Accept> parse_filter(const std::string& filter, const Message& prototype) {
  std::vector<Term> terms;
  for (const auto& text : split(filter, ';')) {
    auto term = parse_term(text, prototype);
    if (!term) return term.problem();
    terms.push_back(*std::move(term));
  }
  return Accept([terms = std::move(terms)](const Message& resource) {
    return std::all_of(terms.begin(), terms.end(),
                       [&](const Term& term) { return passes(term, resource); });
  });
}

}  // namespace terrace
