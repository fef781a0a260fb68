#include "linux/error.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

namespace terrace::kernel {

namespace {

struct Meaning {
  Problem::Code code;
  std::string_view type;
};

Meaning meaning_of(int error) {
  switch (error) {
    case EPERM:
    case EACCES:
      return {Problem::PERMISSION_DENIED, "linux.permission"};
    case EEXIST:
    case EADDRINUSE:
      return {Problem::ALREADY_EXISTS, "linux.exists"};
    case ENOENT:
    case ENODEV:
    case ESRCH:
    case ENXIO:
    case EADDRNOTAVAIL:
      return {Problem::NOT_FOUND, "linux.missing"};
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
    case ENOSYS:
    case EPROTONOSUPPORT:
      return {Problem::UNIMPLEMENTED, "linux.unsupported"};
    case ENOMEM:
    case ENOSPC:
    case EMFILE:
    case ENFILE:
    case EAGAIN:
    case ENOBUFS:
      return {Problem::RESOURCE_EXHAUSTED, "linux.exhausted"};
    case EINVAL:
    case ERANGE:
    case E2BIG:
      return {Problem::INVALID_ARGUMENT, "linux.invalid"};
    case ETIMEDOUT:
      return {Problem::DEADLINE_EXCEEDED, "linux.deadline"};
    default:
      return {Problem::FAILED_PRECONDITION, "linux.refused"};
  }
}

std::string_view advice_for(Problem::Code code) {
  switch (code) {
    case Problem::PERMISSION_DENIED:
      return "Run as root, or with CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN, or in a user "
             "namespace of your own (unshare -Urnm with a tmpfs on /run).";
    case Problem::UNIMPLEMENTED:
      return "This kernel lacks the feature: load the module that brings it, or use a kernel that "
             "has it.";
    case Problem::RESOURCE_EXHAUSTED:
      return "Free memory, or raise the limit on open files, processes or namespaces "
             "(ulimit, /proc/sys/user).";
    default:
      return {};
  }
}

}  // namespace

Problem errno_problem(int error, std::string_view action, std::string_view object,
                      std::string_view hint) {
  const auto [code, type] = meaning_of(error);
  std::string what =
      "cannot " + std::string(action) + ": " + std::generic_category().message(error);
  if (!hint.empty()) what += " (" + std::string(hint) + ")";
  auto builder = make_problem(code, type, what).at_resource(object);
  if (const auto advice = advice_for(code); !advice.empty()) {
    builder = std::move(builder).possible(advice);
  }
  return builder;
}

Problem invalid_value(std::string_view what_is_wanted, std::string_view value) {
  return make_problem(Problem::INVALID_ARGUMENT, "linux.invalid",
                      "'" + std::string(value) + "' is not " + std::string(what_is_wanted));
}

}  // namespace terrace::kernel
