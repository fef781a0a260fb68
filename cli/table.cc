#include "cli/table.h"

#include <algorithm>
#include <ostream>

#include "cli/terminal.h"

namespace terrace::cli {
namespace {

void print_below(std::ostream& out, const std::vector<Tree>& trees, const std::string& indent) {
  for (std::size_t i = 0; i < trees.size(); ++i) {
    const bool last = i + 1 == trees.size();
    out << indent << (last ? "└─ " : "├─ ") << trees[i].text << '\n';
    print_below(out, trees[i].below, indent + (last ? "   " : "│  "));
  }
}

}  // namespace

void Table::print(std::ostream& out, const std::string& indent) const {
  std::vector<std::vector<std::string>> lines{header_};
  lines.insert(lines.end(), rows_.begin(), rows_.end());
  std::vector<std::size_t> width(header_.size(), 0);
  for (auto& line : lines) {
    line.resize(header_.size());
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i].empty()) line[i] = "-";
      width[i] = std::max(width[i], columns(line[i]));
    }
  }
  for (const auto& line : lines) {
    out << indent;
    for (std::size_t i = 0; i < line.size(); ++i) {
      out << line[i];
      if (i + 1 < line.size()) out << std::string(width[i] - columns(line[i]) + 2, ' ');
    }
    out << '\n';
  }
}

void print_tree(std::ostream& out, const Tree& tree) {
  out << tree.text << '\n';
  print_below(out, tree.below, "");
}

}  // namespace terrace::cli
