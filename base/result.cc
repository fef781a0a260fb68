#include "base/result.h"

namespace terrace {

ProblemBuilder::ProblemBuilder(Problem::Code code, std::string_view type, std::string_view what) {
  problem_.set_code(code);
  problem_.set_type(std::string(type));
  problem_.set_what(std::string(what));
}

ProblemBuilder&& ProblemBuilder::at_path(std::string_view path) && {
  problem_.add_where()->set_path(std::string(path));
  return std::move(*this);
}

ProblemBuilder&& ProblemBuilder::at_resource(std::string_view resource) && {
  problem_.add_where()->set_resource(std::string(resource));
  return std::move(*this);
}

ProblemBuilder&& ProblemBuilder::at(Problem::Where where) && {
  *problem_.add_where() = std::move(where);
  return std::move(*this);
}

ProblemBuilder&& ProblemBuilder::constraint(std::string_view name, std::string_view limit,
                                            std::string_view actual) && {
  auto& constraint = *problem_.mutable_constraint();
  constraint.set_name(std::string(name));
  constraint.set_limit(std::string(limit));
  constraint.set_actual(std::string(actual));
  return std::move(*this);
}

ProblemBuilder&& ProblemBuilder::possible(std::string_view what) && {
  problem_.add_possible(std::string(what));
  return std::move(*this);
}

ProblemBuilder&& ProblemBuilder::cause(Problem cause) && {
  *problem_.add_causes() = std::move(cause);
  return std::move(*this);
}

ProblemBuilder::operator Problem() && {
  return std::move(problem_);
}

ProblemBuilder make_problem(Problem::Code code, std::string_view type, std::string_view what) {
  return {code, type, what};
}

Problem problem(Problem::Code code, std::string_view type, std::string_view what) {
  return make_problem(code, type, what);
}

namespace {

std::string place(const Problem::Where& where) {
  std::string text = where.file();
  if (where.has_line()) text += ":" + std::to_string(where.line());
  for (const auto& part : {where.path(), where.resource()}) {
    if (part.empty()) continue;
    if (!text.empty()) text += " ";
    text += part;
  }
  return text;
}

}  // namespace

std::string describe(const Problem& problem) {
  std::string text = problem.what();
  for (const auto& where : problem.where()) text += " (at " + place(where) + ")";
  if (problem.has_constraint()) {
    const auto& constraint = problem.constraint();
    text += " [" + constraint.name() + ": limit " + constraint.limit() + ", found " +
            constraint.actual() + "]";
  }
  for (const auto& cause : problem.causes()) text += "; because: " + describe(cause);
  return text;
}

}  // namespace terrace
