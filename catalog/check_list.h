// For descriptor checks: collects problems by path, and the two checks that every list needs.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace terrace {

class CheckList {
 public:
  Problem& add(std::string path, std::string_view type, std::string what) {
    return found_.emplace_back(
        make_problem(Problem::INVALID_ARGUMENT, type, what).at_path(std::move(path)));
  }

  // A reference that must be one of `ids`; empty ones are somebody else's to report.
  void reference(const std::string& path, const std::string& id, const std::set<std::string>& ids,
                 std::string_view sort) {
    if (id.empty() || ids.contains(id)) return;
    auto& found = add(path, "descriptor.dangling-reference",
                      "no " + std::string(sort) + " has the id `" + id + "`");
    std::string all;
    for (const auto& each : ids) all += (all.empty() ? "" : ", ") + each;
    if (!all.empty()) found.add_possible("There are: " + all + ".");
  }

  // Every id is sound and there once. Returns them.
  template <class List, class GetId>
  std::set<std::string> unique(const std::string& path, const List& list, std::string_view sort,
                               const GetId& id_of, std::string_view key = "id") {
    std::set<std::string> ids;
    for (int i = 0; i < list.size(); ++i) {
      const std::string& id = id_of(list.Get(i));
      if (id.empty()) continue;
      const std::string suffix = key.empty() ? "" : "." + std::string(key);
      const std::string at = path + "[" + std::to_string(i) + "]" + suffix;
      if (!is_sound(id)) {
        add(at, "descriptor.bad-id", "an id has at most 255 bytes and no control characters");
      }
      if (!ids.insert(id).second) {
        add(at, "descriptor.duplicate-id",
            "there is already a " + std::string(sort) + " with the id `" + id + "`");
      }
    }
    return ids;
  }
  template <class List>
  std::set<std::string> unique(const std::string& path, const List& list, std::string_view sort) {
    return unique(path, list, sort,
                  [](const auto& each) -> const std::string& { return each.id(); });
  }

  static bool is_sound(std::string_view id) {
    return id.size() <= 255 && std::none_of(id.begin(), id.end(), [](char c) {
             return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
           });
  }

  std::vector<Problem> take() { return std::move(found_); }

 private:
  std::vector<Problem> found_;
};

}  // namespace terrace
