// The house rules of the schema: buf's DEFAULT category, by buf's names, as far as they show here.
#pragma once

#include <string>
#include <vector>

#include <google/protobuf/descriptor.pb.h>

namespace terrace::schema {

struct Finding {
  std::string rule;     // buf's name: "ENUM_VALUE_PREFIX"
  std::string subject;  // full name of the element, or the file's path
  std::string what;     // one sentence

  bool operator==(const Finding&) const = default;
};

std::vector<Finding> lint(const google::protobuf::FileDescriptorSet& set);

struct Exception {
  std::string rule;
  std::string subject;  // a full name; with a final "*": every name that starts so
  int line = 0;
};

// One exception a line: RULE SUBJECT REASON... An empty line or one that starts with # is skipped.
// A line without a reason goes to `wrong`, as a sentence.
std::vector<Exception> read_exceptions(const std::string& text, std::vector<std::string>& wrong);

// The findings that no exception covers; exceptions that cover nothing go to `unused`.
std::vector<Finding> without(const std::vector<Finding>& findings,
                             const std::vector<Exception>& exceptions,
                             std::vector<Exception>& unused);

}  // namespace terrace::schema
