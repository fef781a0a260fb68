#include "cli/terminal.h"

#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace terrace::cli {
namespace {

const char* code_of(Colour colour) {
  switch (colour) {
    case Colour::kPlain:
      return "";
    case Colour::kBold:
      return "\x1b[1m";
    case Colour::kDim:
      return "\x1b[2m";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kYellow:
      return "\x1b[33m";
    case Colour::kRed:
      return "\x1b[31m";
  }
  return "";
}

std::string place(const Problem::Where& where) {
  std::string text = where.file();
  if (where.has_line()) text += ":" + std::to_string(where.line());
  if (where.has_line() && where.has_column()) text += ":" + std::to_string(where.column());
  for (const auto& part : {where.path(), where.resource()}) {
    if (part.empty()) continue;
    text += (text.empty() ? "" : " ") + part;
  }
  return text;
}

void field(std::string& text, const std::string& indent, const char* name,
           const std::string& value) {
  std::string padded = name;
  padded.resize(12, ' ');
  text += indent + padded + value + "\n";
}

void details(std::string& text, const std::string& indent, const Problem& problem) {
  for (const auto& where : problem.where()) field(text, indent, "where", place(where));
  if (problem.has_constraint()) {
    const auto& constraint = problem.constraint();
    std::string said = constraint.name();
    if (!constraint.limit().empty()) said += ": admits " + constraint.limit();
    if (!constraint.actual().empty()) said += ", found " + constraint.actual();
    field(text, indent, "constraint", said);
  }
  for (const auto& possible : problem.possible()) field(text, indent, "try", possible);
  for (const auto& cause : problem.causes()) {
    field(text, indent, "because", cause.what());
    details(text, indent + "  ", cause);
  }
}

}  // namespace

std::string Terminal::paint(Colour chosen, std::string_view text) const {
  if (!colour || chosen == Colour::kPlain) return std::string(text);
  return code_of(chosen) + std::string(text) + "\x1b[0m";
}

Terminal detect_terminal() {
  Terminal terminal{std::cout, std::cerr};
  const char* const kind = std::getenv("TERM");
  const char* const no_colour = std::getenv("NO_COLOR");
  const bool smart = kind != nullptr && std::string_view(kind) != "dumb";
  terminal.live = ::isatty(STDOUT_FILENO) == 1 && smart;
  terminal.colour = terminal.live && (no_colour == nullptr || *no_colour == '\0');
  return terminal;
}

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      while (i < text.size() && text[i] != 'm') ++i;
      continue;
    }
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) ++count;
  }
  return count;
}

std::string to_json(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string text;
  // Fails only for text that is no UTF-8, which protobuf does not let in.
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) return "{}\n";
  if (text.empty() || text.back() != '\n') text += '\n';
  return text;
}

std::string problem_text(const Terminal& terminal, const Problem& problem) {
  std::string text = terminal.paint(Colour::kRed, "terrace: " + problem.what()) + "\n";
  details(text, "  ", problem);
  if (!problem.type().empty())
    field(text, "  ", "type",
          problem.type() + " (" + Problem::Code_Name(problem.code()) + ")" +
              (problem.platform_id().empty() ? "" : ", said by " + problem.platform_id()));
  return text;
}

int fail(const Terminal& terminal, const Problem& problem) {
  terminal.out.flush();
  terminal.err << (terminal.json() ? to_json(problem) : problem_text(terminal, problem));
  terminal.err.flush();
  return 1;
}

}  // namespace terrace::cli
