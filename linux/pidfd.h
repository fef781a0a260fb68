// Within this room: handles on processes. By number, since glibc 2.36 declares its wrappers without
// C linkage, so that C++ cannot link them.
#pragma once

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>

#include "linux/fd.h"

namespace terrace::kernel {

// None, with errno, where there is no such process (ESRCH, EINVAL for a thread) or no room for it.
// It becomes readable when the process has ended.
inline Fd open_process(pid_t pid) {
  return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

// 0, or the errno.
inline int signal_process(const Fd& process, int signal) {
  return ::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0 ? 0 : errno;
}

}  // namespace terrace::kernel
