// Ids. As text they are UUIDs in lower case (RFC 9562); as types they do not mix.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/random.h"

namespace terrace {

// RFC 9562, 5.4: 122 random bits.
std::string uuid_v4(Random& random);

// RFC 9562, 5.5: the same id for the same namespace and name, always.
// Precondition: is_uuid(namespace_uuid); else std::invalid_argument, a bug of the caller's.
std::string uuid_v5(std::string_view namespace_uuid, std::string_view name);

// 8-4-4-4-12 hexadecimal digits in lower case, any version. Ids are compared as text, so a second
// spelling of one is none.
bool is_uuid(std::string_view text);

// A string that names one sort of thing. What it may contain is checked where it enters.
template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string text) : text_(std::move(text)) {}

  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }

  auto operator<=>(const Id&) const = default;

 private:
  std::string text_;
};

using PlatformId = Id<struct PlatformIdTag>;
using TenantId = Id<struct TenantIdTag>;
using HoldId = Id<struct HoldIdTag>;

}  // namespace terrace

template <class Tag>
struct std::hash<terrace::Id<Tag>> {
  std::size_t operator()(const terrace::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
