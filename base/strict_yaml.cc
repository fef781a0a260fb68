#include "base/strict_yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <memory>
#include <streambuf>
#include <unordered_map>

namespace terrace {
namespace {

Problem::Where where(std::string_view file, std::uint32_t line, std::uint32_t column,
                     std::string_view path = {}) {
  Problem::Where place;
  place.set_file(std::string(file));
  if (line != 0) place.set_line(line);
  if (line != 0 && column != 0) place.set_column(column);
  place.set_path(std::string(path));
  return place;
}

// Reads a view without copying it.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    // The get area is never written to.
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

// Builds our tree from yaml-cpp's events. Its own tree would expand aliases without bound.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view file, const YamlLimits& limits) : file_(file), limits_(limits) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(YamlNode::Kind::kNull, mark), anchor, 1);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      stop(mark, Problem::INVALID_ARGUMENT, "yaml.syntax", "an alias lies inside what it names");
    }
    if (std::size_t(found->second.depth) + frames_.size() > limits_.max_depth) too_deep(mark);
    count(mark, found->second.size);
    note_depth(found->second.depth);
    place(mark, YamlNode(*found->second.node), found->second.size);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    if (!frames_.empty() && frames_.back().wants_key()) return take_key(mark, value, anchor);
    auto node = make(YamlNode::Kind::kScalar, mark);
    node.text = value;
    add(std::move(node), anchor, 1);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kMapping, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

  std::optional<Problem>& problem() { return problem_; }
  YamlNode& root() { return root_; }

 private:
  struct Frame {
    YamlNode node;
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    std::size_t size = 1;
    int depth = 1;
    bool has_key = false;
    std::unordered_map<std::string, std::uint32_t> lines;  // of the keys so far

    bool wants_key() const { return node.is_mapping() && !has_key; }
  };
  struct Anchor {
    std::unique_ptr<YamlNode> node;
    std::size_t size = 0;
    int depth = 0;
  };

  static YamlNode make(YamlNode::Kind kind, const YAML::Mark& mark) {
    YamlNode node;
    node.kind = kind;
    node.line = static_cast<std::uint32_t>(mark.line + 1);
    node.column = static_cast<std::uint32_t>(mark.column + 1);
    return node;
  }

  // Leaves the parser the only way there is; parse_yaml() catches it.
  [[noreturn]] void stop(const YAML::Mark& mark, Problem problem) {
    problem_ = std::move(problem);
    throw YAML::ParserException(mark, problem_->what());
  }
  [[noreturn]] void stop(const YAML::Mark& mark, Problem::Code code, std::string_view type,
                         std::string_view what) {
    const auto at = make(YamlNode::Kind::kNull, mark);
    stop(mark, make_problem(code, type, what).at(where(file_, at.line, at.column)));
  }
  [[noreturn]] void too_deep(const YAML::Mark& mark) {
    stop(mark, Problem::RESOURCE_EXHAUSTED, "yaml.too-deep",
         "nested deeper than " + std::to_string(limits_.max_depth) + " levels");
  }

  void count(const YAML::Mark& mark, std::size_t more) {
    nodes_ += more;
    if (nodes_ <= limits_.max_nodes) return;
    stop(mark, Problem::RESOURCE_EXHAUSTED, "yaml.too-many-nodes",
         "more than " + std::to_string(limits_.max_nodes) + " values, aliases expanded");
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    stop(mark, Problem::INVALID_ARGUMENT, "yaml.syntax", "tags are not used here: " + tag);
  }

  void take_key(const YAML::Mark& mark, const std::string& key, YAML::anchor_t anchor) {
    if (anchor != 0) {
      stop(mark, Problem::INVALID_ARGUMENT, "yaml.syntax", "a key has no anchor here");
    }
    Frame& frame = frames_.back();
    YamlNode::Entry entry;
    entry.key = key;
    const auto at = make(YamlNode::Kind::kScalar, mark);
    entry.line = at.line;
    entry.column = at.column;
    const auto [earlier, is_new] = frame.lines.emplace(key, entry.line);
    if (!is_new) {
      stop(mark,
           make_problem(Problem::INVALID_ARGUMENT, "yaml.duplicate-key",
                        "duplicate key `" + key + "`: lines " + std::to_string(earlier->second) +
                            " and " + std::to_string(entry.line))
               .at(where(file_, entry.line, entry.column))
               .at(where(file_, earlier->second, 0)));
    }
    frame.node.entries.push_back(std::move(entry));
    frame.has_key = true;
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    check_tag(mark, tag);
    if (!frames_.empty() && frames_.back().wants_key()) no_key(mark);
    if (frames_.size() >= limits_.max_depth) too_deep(mark);
    count(mark, 1);
    Frame frame;
    frame.node = make(kind, mark);
    frame.mark = mark;
    frame.anchor = anchor;
    frames_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.anchor != 0) keep(frame.mark, frame.anchor, frame.node, frame.size, frame.depth);
    note_depth(frame.depth);
    place(frame.mark, std::move(frame.node), frame.size);
  }

  void add(YamlNode node, YAML::anchor_t anchor, std::size_t size) {
    YAML::Mark mark;
    mark.line = static_cast<int>(node.line) - 1;
    mark.column = static_cast<int>(node.column) - 1;
    count(mark, size);
    if (anchor != 0) keep(mark, anchor, node, size, 0);
    place(mark, std::move(node), size);
  }

  // An anchor's copy costs as much as what it copies: anchors within anchors add up too.
  void keep(const YAML::Mark& mark, YAML::anchor_t anchor, const YamlNode& node, std::size_t size,
            int depth) {
    count(mark, size);
    anchors_[anchor] = Anchor{std::make_unique<YamlNode>(node), size, depth};
  }

  // Of a node about to be placed in the open frame.
  void note_depth(int depth) {
    if (!frames_.empty()) frames_.back().depth = std::max(frames_.back().depth, depth + 1);
  }

  [[noreturn]] void no_key(const YAML::Mark& mark) {
    stop(mark, Problem::INVALID_ARGUMENT, "yaml.syntax", "a key must be plain text");
  }

  void place(const YAML::Mark& mark, YamlNode node, std::size_t size) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.wants_key()) no_key(mark);
    frame.size += size;
    if (frame.node.is_mapping()) {
      auto& entry = frame.node.entries.back();
      if (node.kind == YamlNode::Kind::kNull) {
        // A value that is not there has the place of what comes next, and means its key's.
        node.line = entry.line;
        node.column = entry.column;
      }
      entry.value = std::move(node);
      frame.has_key = false;
    } else {
      frame.node.items.push_back(std::move(node));
    }
  }

  const std::string_view file_;
  const YamlLimits& limits_;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, Anchor> anchors_;
  std::size_t nodes_ = 0;
  std::optional<Problem> problem_;
  YamlNode root_;
};

// How many bytes the UTF-8 sequence at the front takes (RFC 3629); 0 when it is none, or a control
// character that has no place in a text.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x20) return first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  if (first < 0x80) return first == 0x7f ? 0 : 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

Status check_text(std::string_view text, std::string_view file, const YamlLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return make_problem(Problem::RESOURCE_EXHAUSTED, "yaml.too-large",
                        "the file is larger than is read here")
        .at(where(file, 0, 0))
        .constraint("max-bytes", std::to_string(limits.max_bytes), std::to_string(text.size()));
  }
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_length(text.substr(i));
    if (length == 0) {
      return make_problem(Problem::INVALID_ARGUMENT, "yaml.syntax",
                          "neither text nor UTF-8: byte " + std::to_string(i))
          .at(where(file, line, column));
    }
    column = text[i] == '\n' ? 1 : column + 1;
    if (text[i] == '\n') ++line;
    i += length;
  }
  return {};
}

// yaml-cpp's message, in a sentence of ours where its words leave one guessing.
std::string explain(const std::string& message, std::string_view text, int line) {
  std::size_t begin = 0;
  for (int i = 0; i < line && begin != std::string_view::npos; ++i) {
    begin = text.find('\n', begin);
    if (begin != std::string_view::npos) ++begin;
  }
  if (begin != std::string_view::npos) {
    const auto rest = text.substr(begin);
    const auto indent = rest.substr(0, rest.find_first_not_of(" \t"));
    if (indent.find('\t') != std::string_view::npos) {
      return message + " (the line is indented with a tab; YAML takes spaces only)";
    }
  }
  return message;
}

}  // namespace

const YamlNode::Entry* YamlNode::find(std::string_view key) const {
  for (const auto& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

Result<YamlNode> parse_yaml(std::string_view text, std::string_view file_name,
                            const YamlLimits& limits) {
  if (auto status = check_text(text, file_name, limits); !status) return status.problem();
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  TreeBuilder builder(file_name, limits);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      return make_problem(Problem::INVALID_ARGUMENT, "yaml.empty", "the file is empty")
          .at(where(file_name, 1, 1));
    }
    YamlNode root = std::move(builder.root());
    if (parser.HandleNextDocument(builder)) {
      return make_problem(Problem::INVALID_ARGUMENT, "yaml.several-documents",
                          "one document is read here, and another one follows")
          .at(where(file_name, builder.root().line, builder.root().column))
          .possible("Give each document a file of its own.");
    }
    return root;
  } catch (const YAML::Exception& error) {
    if (builder.problem()) return *std::move(builder.problem());
    const auto line = static_cast<std::uint32_t>(error.mark.line + 1);
    const auto column = static_cast<std::uint32_t>(error.mark.column + 1);
    return make_problem(Problem::INVALID_ARGUMENT, "yaml.syntax",
                        explain(error.msg, text, error.mark.line))
        .at(where(file_name, line, column));
  }
}

}  // namespace terrace
