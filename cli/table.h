// Tables and trees of text.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace terrace::cli {

// Columns padded to their widest cell, two spaces between; nothing after a row's last cell.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}
  // As many cells as the header has; an empty cell is shown as "-".
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  void print(std::ostream& out, const std::string& indent = "") const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

struct Tree {
  std::string text;
  std::vector<Tree> below{};

  Tree& add(std::string line) { return below.emplace_back(Tree{std::move(line)}); }
};

void print_tree(std::ostream& out, const Tree& tree);

}  // namespace terrace::cli
