// The second half of strict_yaml.h: problems of a file, and the reader of one mapping.
#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "base/strict_yaml.h"

namespace terrace {
namespace {

std::string quoted(std::string_view text) {
  constexpr std::size_t kMost = 80;
  if (text.size() <= kMost) return "`" + std::string(text) + "`";
  std::size_t end = kMost;  // never within a UTF-8 sequence
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return "`" + std::string(text.substr(0, end)) + "...`";
}

std::string_view kind_name(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return "a single value";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMapping:
      return "a mapping";
  }
  return "nothing";
}

std::string item_path(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

// How many letters are wrong, missing, too many, or swapped with their neighbour (optimal string
// alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> earlier, above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({change, above[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], earlier[j - 2] + 1);
    }
    earlier = std::exchange(above, row);
  }
  return above[b.size()];
}

std::uint32_t line_of(const Problem& problem) {
  return problem.where_size() == 0 ? 0 : problem.where(0).line();
}
std::uint32_t column_of(const Problem& problem) {
  return problem.where_size() == 0 ? 0 : problem.where(0).column();
}

}  // namespace

std::string nearest_word(std::string_view word, std::span<const std::string> known) {
  constexpr std::size_t kLongest = 64;  // longer ones are no slips of the finger
  if (word.size() > kLongest) return {};
  std::string best;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const auto& candidate : known) {
    if (candidate.size() > kLongest) continue;
    const std::size_t d = distance(word, candidate);
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  return best;
}

Problem& YamlProblems::add(const YamlNode& at, std::string_view path, std::string_view type,
                           std::string_view what) {
  return add(at.line, at.column, path, type, what);
}

Problem& YamlProblems::add(std::uint32_t line, std::uint32_t column, std::string_view path,
                           std::string_view type, std::string_view what) {
  Problem::Where where;
  where.set_file(file_name_);
  if (line != 0) where.set_line(line);
  if (column != 0) where.set_column(column);
  where.set_path(std::string(path));
  Problem found = make_problem(Problem::INVALID_ARGUMENT, type, what).at(std::move(where));
  if (++count_ > kMost) return overflow_ = std::move(found);
  return found_.emplace_back(std::move(found));
}

Problem YamlProblems::as_problem(std::string_view type) const {
  std::vector<Problem> sorted = found_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::pair(line_of(a), column_of(a)) < std::pair(line_of(b), column_of(b));
  });
  const std::string number = count_ == 1 ? "1 problem" : std::to_string(count_) + " problems";
  Problem all = make_problem(Problem::INVALID_ARGUMENT, type, file_name_ + " has " + number);
  for (auto& each : sorted) *all.add_causes() = std::move(each);
  if (count_ > kMost) {
    all.add_possible("Only the first " + std::to_string(kMost) +
                     " are listed: mend those, and look again.");
  }
  return all;
}

YamlReader::YamlReader(const YamlNode& node, std::string path, YamlProblems& problems)
    : node_(node), path_(std::move(path)), problems_(problems) {
  if (node.is_mapping() || node.kind == YamlNode::Kind::kNull) return;
  usable_ = false;
  problems_.add(node, path_, "yaml.wrong-shape",
                "a mapping belongs here, and this is " + std::string(kind_name(node.kind)));
}

YamlReader::~YamlReader() {
  report_unread();
}

std::string YamlReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void YamlReader::report_unread() {
  if (ignore_rest_) return;
  const std::vector<std::string> known(known_.begin(), known_.end());
  for (const auto& entry : node_.entries) {
    if (known_.contains(entry.key)) continue;
    std::string what = "unknown key " + quoted(entry.key);
    const std::string meant = nearest_word(entry.key, known);
    if (!meant.empty()) what += "; did you mean `" + meant + "`?";
    auto& found =
        problems_.add(entry.line, entry.column, path_of(entry.key), "yaml.unknown-key", what);
    if (!meant.empty() || known.empty()) continue;
    std::string all;
    for (const auto& name : known) all += (all.empty() ? "" : ", ") + name;
    found.add_possible("Known here: " + all + ".");
  }
}

const YamlNode* YamlReader::find(std::string_view key) {
  known_.emplace(key);
  const auto* entry = node_.find(key);
  return entry == nullptr ? nullptr : &entry->value;
}

void YamlReader::ignore(std::string_view key) {
  known_.emplace(key);
}

Problem& YamlReader::refuse(std::string_view key, std::string_view type, std::string_view what) {
  known_.emplace(key);
  const auto* entry = node_.find(key);
  if (entry == nullptr) return problems_.add(node_, key.empty() ? path_ : path_of(key), type, what);
  return problems_.add(entry->value, path_of(key), type, what);
}

void YamlReader::missing(std::string_view key) {
  if (!usable_) return;
  problems_.add(node_, path_of(key), "yaml.missing-key", quoted(key) + " is missing");
}

// The scalar under a key; null when it is not there or, which is reported, something else.
const YamlNode* YamlReader::scalar(std::string_view key) {
  const YamlNode* value = find(key);
  if (value == nullptr || value->kind == YamlNode::Kind::kScalar) return value;
  const auto path = path_of(key);
  if (value->kind == YamlNode::Kind::kNull) {
    problems_.add(*value, path, "yaml.no-value", quoted(key) + " has no value");
  } else {
    problems_.add(
        *value, path, "yaml.wrong-shape",
        "a single value belongs here, and this is " + std::string(kind_name(value->kind)));
  }
  return nullptr;
}

std::optional<std::string> YamlReader::optional_string(std::string_view key) {
  const YamlNode* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  return value->text;
}

std::string YamlReader::string(std::string_view key) {
  if (!has(key)) missing(key);
  return optional_string(key).value_or("");
}

std::optional<std::uint64_t> YamlReader::optional_uint(std::string_view key, std::uint64_t min,
                                                       std::uint64_t max) {
  const YamlNode* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  std::uint64_t number = 0;
  bool sound = !value->text.empty();
  for (const char c : value->text) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    sound = sound && c >= '0' && c <= '9' &&
            number <= (std::numeric_limits<std::uint64_t>::max() - digit) / 10;
    if (!sound) break;
    number = number * 10 + digit;
  }
  if (sound && number >= min && number <= max) return number;
  auto& found =
      problems_.add(*value, path_of(key), sound ? "yaml.out-of-range" : "yaml.wrong-type",
                    sound ? "the number is out of range"
                          : "a whole number belongs here, and this is " + quoted(value->text));
  found.mutable_constraint()->set_name("range");
  found.mutable_constraint()->set_limit(std::to_string(min) + ".." + std::to_string(max));
  found.mutable_constraint()->set_actual(value->text.substr(0, 80));
  return std::nullopt;
}

std::uint64_t YamlReader::uint(std::string_view key, std::uint64_t min, std::uint64_t max) {
  if (!has(key)) missing(key);
  return optional_uint(key, min, max).value_or(0);
}

std::optional<bool> YamlReader::optional_boolean(std::string_view key) {
  const YamlNode* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  if (value->text == "true") return true;
  if (value->text == "false") return false;
  problems_.add(*value, path_of(key), "yaml.wrong-type",
                "true or false belongs here, and this is " + quoted(value->text));
  return std::nullopt;
}

bool YamlReader::boolean(std::string_view key) {
  if (!has(key)) missing(key);
  return optional_boolean(key).value_or(false);
}

std::string YamlReader::pick(std::string_view key, const YamlNode& value,
                             std::span<const std::string_view> choices) {
  if (std::find(choices.begin(), choices.end(), value.text) != choices.end()) return value.text;
  std::string all;
  for (const auto each : choices) all += (all.empty() ? "" : ", ") + std::string(each);
  auto& found = problems_.add(value, path_of(key), "yaml.unknown-value",
                              quoted(value.text) + " is none of: " + all);
  const std::vector<std::string> words(choices.begin(), choices.end());
  const auto meant = nearest_word(value.text, words);
  if (!meant.empty()) found.add_possible("Did you mean `" + meant + "`?");
  return {};
}

std::optional<std::string> YamlReader::optional_choice(std::string_view key,
                                                       std::span<const std::string_view> choices) {
  const YamlNode* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  auto picked = pick(key, *value, choices);
  if (picked.empty()) return std::nullopt;
  return picked;
}

std::string YamlReader::choice(std::string_view key, std::span<const std::string_view> choices) {
  if (!has(key)) missing(key);
  return optional_choice(key, choices).value_or("");
}

std::vector<std::string> YamlReader::strings(std::string_view key) {
  const YamlNode* value = find(key);
  if (value == nullptr || value->kind == YamlNode::Kind::kNull) return {};
  if (value->kind == YamlNode::Kind::kScalar) return {value->text};
  if (value->kind == YamlNode::Kind::kMapping) {
    problems_.add(*value, path_of(key), "yaml.wrong-shape",
                  "a list belongs here, and this is a mapping");
    return {};
  }
  std::vector<std::string> list;
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    const auto& item = value->items[i];
    if (item.kind == YamlNode::Kind::kScalar) {
      list.push_back(item.text);
      continue;
    }
    problems_.add(item, item_path(path_of(key), i), "yaml.wrong-shape",
                  "a single value belongs here, and this is " + std::string(kind_name(item.kind)));
  }
  return list;
}

bool YamlReader::optional_map(std::string_view key, const Reader& read) {
  const YamlNode* value = find(key);
  if (value == nullptr) return false;
  YamlReader reader(*value, path_of(key), problems_);
  if (reader.usable_) read(reader);
  return true;
}

bool YamlReader::map(std::string_view key, const Reader& read) {
  if (!has(key)) missing(key);
  return optional_map(key, read);
}

std::size_t YamlReader::each(std::string_view key, const ItemReader& read) {
  const YamlNode* value = find(key);
  if (value == nullptr || value->kind == YamlNode::Kind::kNull) return 0;
  if (value->kind != YamlNode::Kind::kSequence) {
    problems_.add(*value, path_of(key), "yaml.wrong-shape",
                  "a list belongs here, and this is " + std::string(kind_name(value->kind)));
    return 0;
  }
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    YamlReader reader(value->items[i], item_path(path_of(key), i), problems_);
    if (reader.usable_) read(reader, i);
  }
  return value->items.size();
}

void YamlReader::each_entry(
    const std::function<void(const std::string& name, const YamlNode& value)>& read) {
  for (const auto& entry : node_.entries) {
    known_.insert(entry.key);
    read(entry.key, entry.value);
  }
}

}  // namespace terrace
