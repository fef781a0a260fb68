#include "southbound/netns/run_dir.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "linux/error.h"
#include "southbound/netns/names.h"

namespace terrace::netns {
namespace {

namespace fs = std::filesystem;

Problem file_problem(const std::error_code& error, std::string_view action,
                     const std::string& path) {
  return kernel::errno_problem(error.value(), action, "file/" + path);
}

Result<std::vector<std::string>> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    names.push_back(at->path().filename());
  }
  if (error) return file_problem(error, "list a directory", directory);
  std::sort(names.begin(), names.end());
  return names;
}

Status put_in_place(const std::string& temporary, const std::string& path) {
  std::error_code error;
  fs::rename(temporary, path, error);
  if (error) return file_problem(error, "write a file", path);
  return {};
}

// Goes with the process, however it ends.
Result<kernel::Fd> lock(const std::string& directory) {
  const std::string path = directory + "/lock";
  kernel::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return kernel::errno_problem(errno, "open a lock", "file/" + path);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  return make_problem(Problem::FAILED_PRECONDITION, "netns.run-dir-taken",
                      "another driver works in " + directory)
      .at_resource("file/" + path)
      .possible("Give each platform a directory of its own, or end the other one first.");
}

}  // namespace

Status make_directory(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return file_problem(error, "make a directory", path);
  return {};
}

Status remove_tree(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return file_problem(error, "remove files", path);
  return {};
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<bool> write_file(const std::string& path, std::string_view content) {
  if (read_file(path) == content) return false;
  if (Status made = make_directory(fs::path(path).parent_path()); !made) {
    return std::move(made).problem();
  }
  const std::string temporary = path + ".new";
  std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) return kernel::errno_problem(errno, "write a file", "file/" + temporary);
  if (Status placed = put_in_place(temporary, path); !placed) return std::move(placed).problem();
  return true;
}

Result<bool> write_sparse(const std::string& path, std::uint64_t size) {
  std::error_code error;
  if (fs::file_size(path, error) == size && !error) return false;
  if (Status made = make_directory(fs::path(path).parent_path()); !made) {
    return std::move(made).problem();
  }
  const std::string temporary = path + ".new";
  if (!std::ofstream(temporary, std::ios::trunc)) {
    return kernel::errno_problem(errno, "write a file", "file/" + temporary);
  }
  fs::resize_file(temporary, size, error);
  if (error) return file_problem(error, "write a file", temporary);
  if (Status placed = put_in_place(temporary, path); !placed) return std::move(placed).problem();
  return true;
}

Result<RunDir> RunDir::open(const std::string& path) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-").find(c) != std::string_view::npos;
  };
  if (path.empty() || path.front() != '/' || !std::all_of(path.begin(), path.end(), plain)) {
    return make_problem(Problem::INVALID_ARGUMENT, "netns.run-dir",
                        "'" + path + "' is no directory the netns infrastructure can use")
        .at_path("run_dir")
        .possible(
            "Give an absolute path of letters, digits, '.', '_' and '-', such as "
            "/run/terrace/site-a.");
  }
  for (const char* below : {"/ns", "/vnf"}) {
    if (Status made = make_directory(path + below); !made) return std::move(made).problem();
  }
  auto locked = lock(path);
  if (!locked) return std::move(locked).problem();
  return RunDir(path, *std::move(locked));
}

Result<std::vector<std::string>> RunDir::namespace_names() const {
  return names_in(namespaces());
}

Result<RunDir::Namespace> RunDir::open_or_make(const std::string& name) const {
  const std::string path = namespace_path(name);
  auto there = kernel::NetNs::open(path);
  if (there) return Namespace{*std::move(there), false};
  if (there.problem().code() == Problem::INVALID_ARGUMENT) {
    if (Status gone = kernel::NetNs::remove(path); !gone) return std::move(gone).problem();
  } else if (there.problem().code() != Problem::NOT_FOUND) {
    return std::move(there).problem();
  }
  auto made = kernel::NetNs::create(path);
  if (!made) return std::move(made).problem();
  return Namespace{*std::move(made), true};
}

Result<std::vector<std::string>> RunDir::keys() const {
  return names_in(path_ + "/vnf");
}

std::string RunDir::vnf_directory(const std::string& key, const driver::v1::DesiredVnf& vnf) const {
  return hold_directory(key) + "/" + vnf_name(vnf);
}

Status RunDir::save(const std::string& key, const driver::v1::DesiredPart& part) const {
  if (const auto there = load(key); there && there->hold_id() != part.hold_id()) {
    return make_problem(Problem::ALREADY_EXISTS, "netns.key-taken",
                        "hold " + there->hold_id() + " has the same key, " + key)
        .at_resource("hold/" + part.hold_id())
        .possible("Order again: another id has another key.");
  }
  if (auto saved = write_file(hold_directory(key) + "/desired", part.SerializeAsString()); !saved) {
    return std::move(saved).problem();
  }
  return {};
}

std::optional<driver::v1::DesiredPart> RunDir::load(const std::string& key) const {
  const auto text = read_file(hold_directory(key) + "/desired");
  driver::v1::DesiredPart part;
  if (!text || !part.ParseFromString(*text)) return std::nullopt;
  return part;
}

Status RunDir::forget(const std::string& key) const {
  const std::string directory = hold_directory(key);
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (at->path().filename() == "desired") continue;
    if (Status removed = remove_tree(at->path()); !removed) return removed;
  }
  return remove_tree(directory);
}

}  // namespace terrace::netns
