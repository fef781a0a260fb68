// Where the command writes, and how: for people (colours, redrawn lines) or for programs.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "base/result.h"

namespace terrace::cli {

enum class Format { kTable, kWide, kJson };
enum class Colour { kPlain, kBold, kDim, kGreen, kYellow, kRed };

// What the two streams are. Plain data; `detect` looks at the real ones.
struct Terminal {
  std::ostream& out;
  std::ostream& err;
  Format format = Format::kTable;
  // Colours may be used: a terminal, TERM is not "dumb", and NO_COLOR (https://no-color.org) unset.
  bool colour = false;
  // Lines may be redrawn.
  bool live = false;

  bool json() const { return format == Format::kJson; }
  bool wide() const { return format == Format::kWide; }
  std::string paint(Colour colour, std::string_view text) const;
  // Where progress goes: standard output is a program's when it is JSON.
  std::ostream& progress() const { return json() ? err : out; }
};

// Standard output and error of this process.
Terminal detect_terminal();

// How many columns text takes: code points, colours not counted.
std::size_t columns(std::string_view text);

// proto3 JSON, indented, fields in the schema's order; ends with a newline.
std::string to_json(const google::protobuf::Message& message);

// A problem for people, over several lines:
//   terrace: what was wrong
//     where       file:line:column path
//     constraint  name: admits this, found that
//     try         this
//     type        envelope.exhausted (RESOURCE_EXHAUSTED)
//     because     the same of what lies beneath, indented
std::string problem_text(const Terminal& terminal, const Problem& problem);

// To standard error: text, or its proto3 JSON where programs read. Returns 1, the exit status.
int fail(const Terminal& terminal, const Problem& problem);

}  // namespace terrace::cli
