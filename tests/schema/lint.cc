#include "tests/schema/lint.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <sstream>

#include "tests/schema/index.h"

namespace terrace::schema {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;

bool is_lower(char c) {
  return std::islower(static_cast<unsigned char>(c)) != 0;
}
bool is_upper(char c) {
  return std::isupper(static_cast<unsigned char>(c)) != 0;
}
bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool pascal_case(const std::string& name) {
  return !name.empty() && is_upper(name.front()) && name.find('_') == std::string::npos;
}

bool snake_case(const std::string& name, bool (*letter)(char)) {
  return !name.empty() && letter(name.front()) && name.back() != '_' &&
         name.find("__") == std::string::npos &&
         std::all_of(name.begin(), name.end(),
                     [letter](char c) { return letter(c) || is_digit(c) || c == '_'; });
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// LcmOperationType -> LCM_OPERATION_TYPE
std::string upper_snake(const std::string& pascal) {
  std::string out;
  for (std::size_t i = 0; i < pascal.size(); ++i) {
    if (i > 0 && is_upper(pascal[i]) && (!is_upper(pascal[i - 1]))) {
      out += '_';
    }
    out += static_cast<char>(std::toupper(static_cast<unsigned char>(pascal[i])));
  }
  return out;
}

std::string last_part(const std::string& full_name) {
  return full_name.substr(full_name.rfind('.') + 1);
}

class Linter {
 public:
  void check(bool good, const char* rule, const std::string& subject, const std::string& what) {
    if (!good) {
      findings_.push_back({rule, subject, what});
    }
  }

  void files(const FileDescriptorSet& set) {
    for (const FileDescriptorProto& file : set.file()) {
      std::string folder = file.package();
      std::replace(folder.begin(), folder.end(), '.', '/');
      const std::size_t slash = file.name().rfind('/');
      const std::string path = slash == std::string::npos ? "" : file.name().substr(0, slash);
      std::string base = file.name().substr(slash + 1);
      base = base.substr(0, base.find('.'));
      const std::string version = last_part(file.package());
      check(!file.package().empty(), "PACKAGE_DEFINED", file.name(), "a file has a package");
      check(folder == path, "PACKAGE_DIRECTORY_MATCH", file.name(),
            "package " + file.package() + " belongs in " + folder);
      check(version.size() > 1 && version[0] == 'v' &&
                std::all_of(version.begin() + 1, version.end(), is_digit),
            "PACKAGE_VERSION_SUFFIX", file.name(), "a package ends in its version");
      check(snake_case(base, is_lower), "FILE_LOWER_SNAKE_CASE", file.name(), "lower_snake_case");
      check(file.syntax() == "proto3", "SYNTAX_SPECIFIED", file.name(), "proto3 is meant");
      check(file.public_dependency().empty(), "IMPORT_NO_PUBLIC", file.name(), "no public import");
    }
  }

  void messages(const Index& index) {
    for (const auto& [name, message] : index.messages) {
      check(pascal_case(message->name()), "MESSAGE_PASCAL_CASE", name, "PascalCase");
      for (const auto& field : message->field()) {
        check(snake_case(field.name(), is_lower), "FIELD_LOWER_SNAKE_CASE",
              name + "." + field.name(), "lower_snake_case");
      }
      for (const auto& oneof : message->oneof_decl()) {
        // protoc makes one for each proto3 `optional`, with a leading underscore.
        check(oneof.name()[0] == '_' || snake_case(oneof.name(), is_lower),
              "ONEOF_LOWER_SNAKE_CASE", name + "." + oneof.name(), "lower_snake_case");
      }
    }
  }

  void enums(const Index& index) {
    for (const auto& [name, type] : index.enums) {
      const std::string prefix = upper_snake(type->name()) + "_";
      check(pascal_case(type->name()), "ENUM_PASCAL_CASE", name, "PascalCase");
      check(!type->options().allow_alias(), "ENUM_NO_ALLOW_ALIAS", name, "one name a number");
      for (const auto& value : type->value()) {
        const std::string where = name + "." + value.name();
        check(value.number() != 0 || ends_with(value.name(), "_UNSPECIFIED"),
              "ENUM_ZERO_VALUE_SUFFIX", where, "zero is ..._UNSPECIFIED");
        check(value.name().compare(0, prefix.size(), prefix) == 0, "ENUM_VALUE_PREFIX", where,
              "starts with " + prefix);
        check(snake_case(value.name(), is_upper), "ENUM_VALUE_UPPER_SNAKE_CASE", where,
              "UPPER_SNAKE_CASE");
      }
    }
  }

  void services(const Index& index) {
    std::map<std::string, int> uses;
    for (const auto& [name, service] : index.services) {
      for (const auto& method : service->method()) {
        ++uses[method.input_type()];
        ++uses[method.output_type()];
      }
    }
    for (const auto& [name, service] : index.services) {
      check(pascal_case(service->name()), "SERVICE_PASCAL_CASE", name, "PascalCase");
      check(ends_with(service->name(), "Service"), "SERVICE_SUFFIX", name, "ends in Service");
      for (const auto& method : service->method()) {
        const std::string where = name + "." + method.name();
        const std::string request = last_part(method.input_type());
        const std::string response = last_part(method.output_type());
        check(pascal_case(method.name()), "RPC_PASCAL_CASE", where, "PascalCase");
        check(request == method.name() + "Request" ||
                  request == service->name() + method.name() + "Request",
              "RPC_REQUEST_STANDARD_NAME", where, "takes " + request);
        check(response == method.name() + "Response" ||
                  response == service->name() + method.name() + "Response",
              "RPC_RESPONSE_STANDARD_NAME", where, "answers " + response);
        for (const std::string& type : {method.input_type(), method.output_type()}) {
          check(uses[type] == 1, "RPC_REQUEST_RESPONSE_UNIQUE", where,
                last_part(type) + " serves more than one method");
        }
      }
    }
  }

  std::vector<Finding> take() { return std::move(findings_); }

 private:
  std::vector<Finding> findings_;
};

bool covers(const Exception& exception, const Finding& finding) {
  if (exception.rule != finding.rule) {
    return false;
  }
  const std::string& subject = exception.subject;
  if (!subject.empty() && subject.back() == '*') {
    return finding.subject.compare(0, subject.size() - 1, subject, 0, subject.size() - 1) == 0;
  }
  return subject == finding.subject;
}

}  // namespace

std::vector<Finding> lint(const FileDescriptorSet& set) {
  const Index index = index_of(set);
  Linter linter;
  linter.files(set);
  linter.messages(index);
  linter.enums(index);
  linter.services(index);
  return linter.take();
}

std::vector<Exception> read_exceptions(const std::string& text, std::vector<std::string>& wrong) {
  std::vector<Exception> exceptions;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    Exception exception;
    std::string reason;
    if (!(words >> exception.rule) || exception.rule[0] == '#') {
      continue;
    }
    if (!(words >> exception.subject >> reason)) {
      wrong.push_back("line " + std::to_string(number) + ": an exception needs a reason: " + line);
      continue;
    }
    exception.line = number;
    exceptions.push_back(exception);
  }
  return exceptions;
}

std::vector<Finding> without(const std::vector<Finding>& findings,
                             const std::vector<Exception>& exceptions,
                             std::vector<Exception>& unused) {
  std::vector<Finding> left;
  std::vector<bool> used(exceptions.size(), false);
  for (const Finding& finding : findings) {
    bool covered = false;
    for (std::size_t i = 0; i < exceptions.size(); ++i) {
      if (covers(exceptions[i], finding)) {
        covered = true;
        used[i] = true;
      }
    }
    if (!covered) {
      left.push_back(finding);
    }
  }
  for (std::size_t i = 0; i < exceptions.size(); ++i) {
    if (!used[i]) {
      unused.push_back(exceptions[i]);
    }
  }
  return left;
}

}  // namespace terrace::schema
