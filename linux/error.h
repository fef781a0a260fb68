// The kernel's errors as problems.
#pragma once

#include <string_view>

#include "base/result.h"

namespace terrace::kernel {

// A problem out of an errno: "cannot <action>: <the kernel's words>", at `object` ("link/eth0",
// "netns/run/x"). `hint` is what the kernel said beyond the errno (netlink's extended
// acknowledgement), or empty. What to try is added where the errno tells (missing CAP_NET_ADMIN, a
// kernel without the feature).
//
//   errno                      code                  type
//   EPERM, EACCES              PERMISSION_DENIED     linux.permission
//   EEXIST, EADDRINUSE         ALREADY_EXISTS        linux.exists
//   ENOENT, ENODEV, ESRCH,
//   ENXIO, EADDRNOTAVAIL       NOT_FOUND             linux.missing
//   EOPNOTSUPP, EAFNOSUPPORT,
//   ENOSYS, EPROTONOSUPPORT    UNIMPLEMENTED         linux.unsupported
//   ENOMEM, ENOSPC, EMFILE,
//   ENFILE, EAGAIN, ENOBUFS    RESOURCE_EXHAUSTED    linux.exhausted
//   EINVAL, ERANGE, E2BIG      INVALID_ARGUMENT      linux.invalid
//   ETIMEDOUT                  DEADLINE_EXCEEDED     linux.deadline
//   EBUSY, ENETUNREACH, ...    FAILED_PRECONDITION   linux.refused
Problem errno_problem(int error, std::string_view action, std::string_view object,
                      std::string_view hint = {});

// A value that is no address, prefix, name or number of the kind wanted: INVALID_ARGUMENT,
// "linux.invalid".
Problem invalid_value(std::string_view what_is_wanted, std::string_view value);

}  // namespace terrace::kernel
