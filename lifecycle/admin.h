// What a platform tells its own administrator, by whoever knows it: the daemon's wiring gathers it
// from engine, leaf and book. On the executor's strand.
#pragma once

#include <string>
#include <vector>

#include "base/call.h"
#include "base/result.h"
#include "terrace/v1/platform.pb.h"

namespace terrace {

class Admin {
 public:
  virtual ~Admin() = default;

  virtual std::vector<v1::ChildStatus> children() const = 0;
  // Releases not yet confirmed by a child (R11).
  virtual std::uint32_t obligations() const = 0;
  // How instances were divided; empty id: all.
  virtual std::vector<v1::Part> parts(const std::string& ns_instance_id) const = 0;
  // What leaves really made; empty id: all.
  virtual void resources(const std::string& hold_id, Reply<std::vector<v1::Resource>> reply) = 0;
};

}  // namespace terrace
