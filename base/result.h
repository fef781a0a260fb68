// Errors are values: a Result<T> is a T or a Problem. An exception means a bug, or a third party's
// error that its adapter did not convert.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "terrace/v1/problem.pb.h"

namespace terrace {

using v1::Problem;

// A problem with its code, its stable type ("hold.not-found") and one sentence.
Problem problem(Problem::Code code, std::string_view type, std::string_view what);

// Builds up a problem: make_problem(...).at("nsd.df[0]").because("capacity", "4", "5").build().
class ProblemBuilder {
 public:
  ProblemBuilder(Problem::Code code, std::string_view type, std::string_view what);

  ProblemBuilder&& at_path(std::string_view path) &&;
  ProblemBuilder&& at_resource(std::string_view resource) &&;
  ProblemBuilder&& at(Problem::Where where) &&;
  ProblemBuilder&& constraint(std::string_view name, std::string_view limit,
                              std::string_view actual) &&;
  ProblemBuilder&& possible(std::string_view what) &&;
  ProblemBuilder&& cause(Problem cause) &&;
  operator Problem() &&;  // NOLINT(google-explicit-constructor): the end of a builder chain

 private:
  Problem problem_;
};

ProblemBuilder make_problem(Problem::Code code, std::string_view type, std::string_view what);

// One line for logs and terminals: what, where, constraint.
std::string describe(const Problem& problem);

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}            // NOLINT
  Result(Problem problem) : state_(std::in_place_index<1>, std::move(problem)) {}  // NOLINT
  Result(ProblemBuilder builder) : Result(Problem(std::move(builder))) {}          // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Precondition: ok().
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Precondition: !ok().
  const Problem& problem() const& { return std::get<1>(state_); }
  Problem&& problem() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Problem> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Problem problem) : problem_(std::move(problem)) {}                // NOLINT
  Result(ProblemBuilder builder) : Result(Problem(std::move(builder))) {}  // NOLINT

  bool ok() const { return !problem_.has_value(); }
  explicit operator bool() const { return ok(); }
  // Precondition: !ok().
  const Problem& problem() const& { return *problem_; }
  Problem&& problem() && { return *std::move(problem_); }

 private:
  std::optional<Problem> problem_;
};

using Status = Result<void>;

}  // namespace terrace
