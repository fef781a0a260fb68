// Waiting until platforms know what those below them offer.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "lab/layout.h"
#include "terrace/v1/capability.pb.h"
#include "terrace/v1/platform_service.pb.h"

namespace terrace::lab {

// What a platform's catalogue has to show: all that is sold there or anywhere below.
struct Expected {
  // Offers of each function.
  std::map<std::string, int> functions;
  std::set<std::string> attachment_points;
  std::set<std::string> interconnects;
};
Expected expected_of(const Layout& layout, const Platform& platform);

// What is missing from the catalogue, for people; empty: nothing.
std::string missing(const Expected& expected, const v1::Catalogue& catalogue);

// Watches every platform's catalogue until each shows what is expected. DEADLINE_EXCEEDED
// "lab.not-ready" says whose lacks what; ABORTED "lab.platform-ended", where `alive` says that a
// platform's daemon ended, with the end of its log. `ready` hears of each as it becomes so.
Status wait_ready(const Layout& layout, Duration within,
                  const std::function<bool(const std::string& platform)>& alive,
                  const std::function<void(const std::string& platform)>& ready);

// The last lines of a log.
std::string tail(const std::string& path, std::size_t lines);

// What the leaves of platforms made, asked of each at its address as its administrator, all at
// once: answers in the order of the addresses. Blocking.
std::vector<Result<v1::ListResourcesResponse>> resources_of(
    const std::vector<std::string>& addresses, Duration within);

}  // namespace terrace::lab
