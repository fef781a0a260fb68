#include "catalog/descriptor_importer.h"

#include <array>
#include <charconv>

#include "base/strict_yaml.h"
#include "catalog/descriptor_check.h"
#include "catalog/sol006.h"

namespace terrace {
namespace {

// A descriptor that no platform would take is told so by whoever looks first.
constexpr YamlLimits kLimits{.max_bytes = 2 * 1024 * 1024};

constexpr std::string_view name_of(DescriptorKind kind) {
  return kind == DescriptorKind::kNsd ? "nsd" : "vnfd";
}

// What a document holds: the one descriptor, and the path to it.
struct Found {
  DescriptorKind kind = DescriptorKind::kNsd;
  const YamlNode* descriptor = nullptr;
  std::string path;
};

Problem refusal(const YamlNode& at, std::string_view file, const std::string& path,
                std::string_view what, std::string_view possible) {
  YamlProblems problems{std::string(file)};
  problems.add(at, path, "descriptor.unknown", what).add_possible(std::string(possible));
  return problems.as_problem("descriptor.invalid");
}

// RFC 7951 puts the module's name before names at the root.
std::string_view without_module(std::string_view key) {
  for (const std::string_view module :
       {"etsi-nfv-descriptors:", "etsi-nfv-nsd:", "etsi-nfv-vnfd:"}) {
    if (key.starts_with(module)) return key.substr(module.size());
  }
  return key;
}

// The one item of a list, or the mapping where there is no list.
Result<Found> single(DescriptorKind kind, const YamlNode& node, std::string path,
                     std::string_view file) {
  if (node.kind != YamlNode::Kind::kSequence) return Found{kind, &node, std::move(path)};
  if (node.items.size() != 1) {
    return refusal(
        node, file, path,
        "a file holds one descriptor, and this list has " + std::to_string(node.items.size()),
        "Give each descriptor a file of its own.");
  }
  return Found{kind, &node.items[0], path + "[0]"};
}

Result<Found> find_in_nfv(const YamlNode& nfv, const std::string& path, std::string_view file) {
  const YamlNode::Entry* found = nullptr;
  for (const auto& entry : nfv.entries) {
    if (entry.key == "pnfd") {
      return refusal(entry.value, file, path + ".pnfd", "physical functions are not placed here",
                     "Give the NSD and each VNFD a file of its own.");
    }
    if (entry.key != "nsd" && entry.key != "vnfd") {
      return refusal(entry.value, file, path + "." + entry.key,
                     "`" + entry.key + "` is no kind of descriptor", "Known: nsd, vnfd.");
    }
    if (found != nullptr) {
      return refusal(entry.value, file, path + "." + entry.key,
                     "a file holds one descriptor, and this one has a `" + found->key +
                         "` and a `" + entry.key + "`",
                     "Give each descriptor a file of its own.");
    }
    found = &entry;
  }
  if (found == nullptr) {
    return refusal(nfv, file, path, "no descriptor is in here", "Add an `nsd` or a `vnfd`.");
  }
  const auto kind = found->key == "nsd" ? DescriptorKind::kNsd : DescriptorKind::kVnfd;
  return single(kind, found->value, path + "." + found->key, file);
}

Result<Found> find_descriptor(const YamlNode& root, std::string_view file) {
  constexpr std::string_view kRoots =
      "SOL006 begins with `nfv:`, `nsd:`, `vnfd:` or `etsi-nfv-descriptors:nfv:`.";
  if (root.find("descriptor_schema") != nullptr || root.find("descriptor_version") != nullptr) {
    return refusal(root, file, "", "this is a SONATA descriptor, and only SOL006 is read", kRoots);
  }
  if (!root.is_mapping() || root.entries.size() != 1) {
    const YamlNode& odd = root.entries.size() > 1 ? root.entries[1].value : root;
    return refusal(odd, file, root.entries.size() > 1 ? root.entries[1].key : "",
                   "a descriptor has one root", kRoots);
  }
  const auto& entry = root.entries[0];
  const auto name = without_module(entry.key);
  if (name == "nfv") return find_in_nfv(entry.value, entry.key, file);
  if (name != "nsd" && name != "vnfd") {
    return refusal(entry.value, file, entry.key,
                   "`" + entry.key.substr(0, 80) + "` is no descriptor's root", kRoots);
  }
  const auto kind = name == "nsd" ? DescriptorKind::kNsd : DescriptorKind::kVnfd;
  // The module etsi-nfv-nsd has a container `nsd` around the list `nsd`, and OSM does likewise.
  const auto* inner = entry.value.find(name);
  if (inner != nullptr && entry.value.entries.size() == 1) {
    return single(kind, inner->value, entry.key + "." + inner->key, file);
  }
  return single(kind, entry.value, entry.key, file);
}

// The deepest node on the way along a path ("df[0].vnf-profile[1].vnfd-id") that is there.
const YamlNode& locate(const YamlNode& from, std::string_view path) {
  const YamlNode* node = &from;
  while (!path.empty()) {
    const auto end = path.find('.');
    std::string_view step = path.substr(0, end);
    path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
    const auto bracket = step.find('[');
    const auto* entry = node->find(step.substr(0, bracket));
    if (entry == nullptr) return *node;
    node = &entry->value;
    // A list of one may be written without the list.
    const bool is_list = node->kind == YamlNode::Kind::kSequence;
    if (bracket == std::string_view::npos || !is_list) continue;
    std::size_t index = 0;
    std::from_chars(step.data() + bracket + 1, step.data() + step.size(), index);
    if (index >= node->items.size()) return *node;
    node = &node->items[index];
  }
  return *node;
}

template <class Descriptor, class Read, class Check>
Result<Descriptor> import_as(DescriptorKind kind, std::string_view bytes, std::string_view file,
                             std::vector<Problem>& notes, const Read& read, const Check& check) {
  const auto root = parse_yaml(bytes, file, kLimits);
  if (!root) return root.problem();
  const auto found = find_descriptor(*root, file);
  if (!found) return found.problem();
  if (found->kind != kind) {
    return refusal(*found->descriptor, file, found->path,
                   "this is a `" + std::string(name_of(found->kind)) + "`, and a `" +
                       std::string(name_of(kind)) + "` belongs here",
                   "On-board VNFDs as VNFDs, NSDs as NSDs.");
  }
  YamlProblems problems{std::string(file)};
  std::vector<Problem> noted;
  Descriptor descriptor;
  {
    YamlReader reader(*found->descriptor, found->path, problems);
    descriptor = read(reader, noted);
  }
  for (Problem& each : check(descriptor)) {
    const std::string path = each.where(0).path();
    const std::string whole = path.empty() ? found->path : found->path + "." + path;
    Problem& added =
        problems.add(locate(*found->descriptor, path), whole, each.type(), each.what());
    *added.mutable_possible() = each.possible();
    if (each.has_constraint()) *added.mutable_constraint() = each.constraint();
  }
  if (!problems.empty()) return problems.as_problem("descriptor.invalid");
  for (auto& each : noted) notes.push_back(std::move(each));
  return descriptor;
}

}  // namespace

Result<DescriptorSort> sniff_descriptor(std::string_view bytes, std::string_view file_name) {
  const auto root = parse_yaml(bytes, file_name, kLimits);
  if (!root) return root.problem();
  const auto found = find_descriptor(*root, file_name);
  if (!found) return found.problem();
  const auto first = bytes.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string_view::npos && bytes[first] == '{';
  return DescriptorSort{found->kind, is_json ? v1::SOL006_JSON : v1::SOL006_YAML};
}

Result<v1::Nsd> import_nsd(std::string_view bytes, std::string_view file_name,
                           std::vector<Problem>& notes) {
  return import_as<v1::Nsd>(DescriptorKind::kNsd, bytes, file_name, notes, sol006::read_nsd,
                            check_nsd);
}

Result<v1::Vnfd> import_vnfd(std::string_view bytes, std::string_view file_name,
                             std::vector<Problem>& notes) {
  return import_as<v1::Vnfd>(DescriptorKind::kVnfd, bytes, file_name, notes, sol006::read_vnfd,
                             check_vnfd);
}

}  // namespace terrace
