// The driver's own directory: all it must know after a restart is here, and in the kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "linux/fd.h"
#include "linux/netns.h"
#include "terrace/driver/v1/driver.pb.h"

namespace terrace::netns {

// Any thread; calls for one key take turns elsewhere.
class RunDir {
 public:
  // Makes what is missing, and keeps other drivers out while this lives. INVALID_ARGUMENT
  // "netns.run-dir" where the path is not absolute or has characters that programs' configurations
  // would have to quote; FAILED_PRECONDITION "netns.run-dir-taken".
  static Result<RunDir> open(const std::string& path);

  // Of namespaces.
  std::string namespaces() const { return path_ + "/ns"; }
  std::string namespace_path(const std::string& name) const { return namespaces() + "/" + name; }
  // Names, sorted; files whose namespace is gone (the machine was restarted) included.
  Result<std::vector<std::string>> namespace_names() const;
  // Opens it, or makes it; `fresh` tells which. A file that is left of one that is gone is
  // replaced.
  struct Namespace {
    kernel::NetNs ns;
    bool fresh = false;
  };
  Result<Namespace> open_or_make(const std::string& name) const;

  // Keys of holds that something is known of, sorted.
  Result<std::vector<std::string>> keys() const;
  std::string hold_directory(const std::string& key) const { return path_ + "/vnf/" + key; }
  std::string vnf_directory(const std::string& key, const driver::v1::DesiredVnf& vnf) const;

  // The part as it was last applied. Replaced as a whole. ALREADY_EXISTS "netns.key-taken" where
  // another hold has the same key.
  Status save(const std::string& key, const driver::v1::DesiredPart& part) const;
  // Unset: never saved, or unreadable.
  std::optional<driver::v1::DesiredPart> load(const std::string& key) const;
  // All files of the hold, what was saved last.
  Status forget(const std::string& key) const;

 private:
  RunDir(std::string path, kernel::Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  kernel::Fd lock_;
};

// Files, for all of this room. Problems name the file.
Status make_directory(const std::string& path);
Status remove_tree(const std::string& path);
std::optional<std::string> read_file(const std::string& path);
// As a whole or not at all; true when that changed what was there.
Result<bool> write_file(const std::string& path, std::string_view content);
// Of zeros that take no space; true when there was none of that size.
Result<bool> write_sparse(const std::string& path, std::uint64_t size);

}  // namespace terrace::netns
