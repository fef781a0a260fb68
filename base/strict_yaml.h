// Reads YAML and JSON strictly: bounded before and while parsing, nothing passed over in silence.
//
// Two layers. parse_yaml() turns text into a tree of our own, every node with its line and column.
// YamlReader takes one mapping of it apart by typed getters: it collects every problem (never just
// the first) and reports each key that nobody asked for, so that a reader is strict without trying.
//
//   YamlProblems problems("terraced.yaml");
//   {
//     YamlReader root(*tree, "", problems);
//     config.name = root.string("name");
//     root.map("store", [&](YamlReader& store) { config.path = store.string("path"); });
//   }  // keys that were never read are reported here
//   if (!problems.empty()) return problems.as_problem("config.invalid");
//
// Facts behind the limits: yaml-cpp takes 13 s and 2 GB for 50 MB, turns a 430-byte alias bomb into
// 50 million nodes, and lets duplicate keys pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace terrace {

// A node. Lines and columns count from 1. Owns what lies below it.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMapping };
  struct Entry;

  Kind kind = Kind::kNull;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  // A scalar's text, as written less the quotes: `1.0` stays "1.0", whoever reads it gives it a
  // type.
  std::string text;
  std::vector<YamlNode> items;
  // In the order written; keys are scalars, each once.
  std::vector<Entry> entries;

  bool is_mapping() const { return kind == Kind::kMapping; }
  // The entry of a mapping; null when there is none (or this is no mapping).
  const Entry* find(std::string_view key) const;
};

struct YamlNode::Entry {
  std::string key;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  YamlNode value;
};

struct YamlLimits {
  // Looked at before parsing. gRPC refuses messages above 4 MiB without a typed problem, so ours
  // comes first, with a margin for what wraps the bytes.
  std::size_t max_bytes = 4 * 1024 * 1024 - 64 * 1024;
  // Counted through aliases: an alias costs what it stands for.
  std::size_t max_nodes = 200'000;
  std::size_t max_depth = 64;
};

// One document of YAML 1.2 or JSON in UTF-8. Refused, with file, line and column: more than the
// limits allow (RESOURCE_EXHAUSTED "yaml.too-large", "yaml.too-many-nodes", "yaml.too-deep"); text
// that is no UTF-8 or no YAML, duplicate keys (with both lines), keys that are no scalars, an empty
// document or several (INVALID_ARGUMENT "yaml.syntax", "yaml.duplicate-key", ...). Any thread.
Result<YamlNode> parse_yaml(std::string_view text, std::string_view file_name,
                            const YamlLimits& limits = {});

// Collects what is wrong with one file.
class YamlProblems {
 public:
  explicit YamlProblems(std::string file_name) : file_name_(std::move(file_name)) {}

  // A problem at a place of this file; the caller may add to it (constraint, possible) until the
  // next call. Beyond kMost, further ones are only counted.
  Problem& add(const YamlNode& at, std::string_view path, std::string_view type,
               std::string_view what);
  Problem& add(std::uint32_t line, std::uint32_t column, std::string_view path,
               std::string_view type, std::string_view what);

  bool empty() const { return count_ == 0; }
  std::size_t count() const { return count_; }
  const std::string& file_name() const { return file_name_; }

  // One problem whose causes are all that were added, in the order of their lines. `type` as in
  // "config.invalid". Precondition: !empty().
  Problem as_problem(std::string_view type) const;

  static constexpr std::size_t kMost = 100;

 private:
  std::string file_name_;
  std::vector<Problem> found_;
  Problem overflow_;
  std::size_t count_ = 0;
};

// Takes one mapping apart. Getters note the key as known and read; a value of the wrong shape is
// reported and a default returned, so that reading goes on and finds the next problem. Destroying
// the reader reports the keys that were never read. One thread; node and problems outlive it.
class YamlReader {
 public:
  // `path` is where the mapping lies ("nsd[0].df[0]"), "" for the root. A node that is no mapping
  // is reported, then read as an empty one whose missing keys are not reported again. Null is an
  // empty mapping.
  YamlReader(const YamlNode& node, std::string path, YamlProblems& problems);
  ~YamlReader();
  YamlReader(const YamlReader&) = delete;
  YamlReader& operator=(const YamlReader&) = delete;

  using Reader = std::function<void(YamlReader&)>;
  using ItemReader = std::function<void(YamlReader&, std::size_t index)>;

  // Required unless "optional_": a missing key is a problem, and gives "", 0, false.
  std::string string(std::string_view key);
  std::optional<std::string> optional_string(std::string_view key);
  // Decimal digits, between the bounds.
  std::uint64_t uint(std::string_view key, std::uint64_t min, std::uint64_t max);
  std::optional<std::uint64_t> optional_uint(std::string_view key, std::uint64_t min,
                                             std::uint64_t max);
  // `true` or `false`, and nothing else.
  bool boolean(std::string_view key);
  std::optional<bool> optional_boolean(std::string_view key);
  // One of `choices`, which is returned.
  std::string choice(std::string_view key, std::span<const std::string_view> choices);
  std::optional<std::string> optional_choice(std::string_view key,
                                             std::span<const std::string_view> choices);
  // A list of scalars; a single scalar is a list of one. A missing key is an empty list.
  std::vector<std::string> strings(std::string_view key);
  // Calls back with a reader of the mapping. Returns whether the key was there.
  bool map(std::string_view key, const Reader& read);
  bool optional_map(std::string_view key, const Reader& read);
  // Calls back once for each mapping of a list, which may be absent. Returns how many there were.
  std::size_t each(std::string_view key, const ItemReader& read);
  // Calls back once for each entry, whatever its key: for mappings from names to things. Counts all
  // keys as read.
  void each_entry(const std::function<void(const std::string& name, const YamlNode& value)>& read);

  // The raw value, marked as read; null when it is not there.
  const YamlNode* find(std::string_view key);
  bool has(std::string_view key) const { return node_.find(key) != nullptr; }
  // Marks a key as known without reading it.
  void ignore(std::string_view key);
  // Says that keys not read are nobody's fault (after a version was refused, say).
  void ignore_rest() { ignore_rest_ = true; }

  // Reports a problem with the value of `key` (or the mapping itself, when it is not there or
  // empty).
  Problem& refuse(std::string_view key, std::string_view type, std::string_view what);

  const YamlNode& node() const { return node_; }
  const std::string& path() const { return path_; }
  std::string path_of(std::string_view key) const;
  YamlProblems& problems() { return problems_; }

 private:
  const YamlNode* scalar(std::string_view key);
  void missing(std::string_view key);
  std::string pick(std::string_view key, const YamlNode& value,
                   std::span<const std::string_view> choices);
  void report_unread();

  const YamlNode& node_;
  const std::string path_;
  YamlProblems& problems_;
  bool usable_ = true;
  bool ignore_rest_ = false;
  std::set<std::string, std::less<>> known_;
};

// The word of `known` that a misspelt one most likely meant, or "" when none is near.
std::string nearest_word(std::string_view word, std::span<const std::string> known);

}  // namespace terrace
