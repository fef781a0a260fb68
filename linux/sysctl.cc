#include "linux/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "linux/error.h"
#include "linux/fd.h"

namespace terrace::kernel {

namespace {

constexpr std::string_view kRoot = "/proc/sys/net/";

Result<std::string> file_of(std::string_view path) {
  const bool climbs = path.find("..") != std::string_view::npos;
  if (path.empty() || path.front() == '/' || climbs) {
    return invalid_value("a setting's path below /proc/sys/net", path);
  }
  return std::string(kRoot) + std::string(path);
}

Status write_one(const Sysctl& setting) {
  const auto file = file_of(setting.path);
  if (!file) return file.problem();
  const std::string object = "sysctl/net/" + setting.path;
  const Fd fd(::open(file->c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return errno_problem(errno, "open a kernel setting", object);
  const auto written = ::write(fd.get(), setting.value.data(), setting.value.size());
  if (written < 0) return errno_problem(errno, "set it to '" + setting.value + "'", object);
  return {};
}

}  // namespace

// The directory shown is that of the thread's own namespace, so writing happens in a helper.
Status write_sysctls(const NetNs& ns, const std::vector<Sysctl>& settings) {
  return run_in(ns, [&]() -> Status {
    for (const auto& setting : settings) {
      if (Status written = write_one(setting); !written) return written;
    }
    return {};
  });
}

Result<std::string> read_sysctl(const NetNs& ns, std::string_view path) {
  const auto file = file_of(path);
  if (!file) return file.problem();
  const std::string object = "sysctl/net/" + std::string(path);
  return run_in(ns, [&]() -> Result<std::string> {
    const Fd fd(::open(file->c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return errno_problem(errno, "open a kernel setting", object);
    char text[4096];
    const auto size = ::read(fd.get(), text, sizeof text);
    if (size < 0) return errno_problem(errno, "read a kernel setting", object);
    std::string value(text, static_cast<std::size_t>(size));
    if (!value.empty() && value.back() == '\n') value.pop_back();
    return value;
  });
}

Status make_router(const NetNs& ns) {
  // ip_forward first: the kernel resets other settings when it changes.
  std::vector<Sysctl> settings{{"ipv4/ip_forward", "1"}};
  for (const std::string scope : {"all", "default"}) {
    const std::string v4 = "ipv4/conf/" + scope + "/";
    settings.push_back({v4 + "rp_filter", "0"});
    settings.push_back({v4 + "send_redirects", "0"});
    settings.push_back({v4 + "accept_redirects", "0"});
  }
  if (Status v4 = write_sysctls(ns, settings); !v4) return v4;

  // A kernel without IPv6 has nothing to forward there.
  if (!std::filesystem::exists(std::string(kRoot) + "ipv6")) return {};
  settings.clear();
  for (const std::string scope : {"all", "default"}) {
    const std::string v6 = "ipv6/conf/" + scope + "/";
    settings.push_back({v6 + "forwarding", "1"});
    settings.push_back({v6 + "accept_ra", "0"});
    settings.push_back({v6 + "accept_redirects", "0"});
    // A router asks for its neighbours from its link-local address; detection of duplicates would
    // keep that from use, and all IPv6 from being forwarded, for up to two seconds.
    settings.push_back({v6 + "accept_dad", "0"});
  }
  return write_sysctls(ns, settings);
}

}  // namespace terrace::kernel
