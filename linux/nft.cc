#include "linux/nft.h"

#include <nftables/libnftables.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "linux/error.h"
#include "linux/fd.h"

namespace terrace::kernel {

namespace {

struct FreeContext {
  void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};
using Context = std::unique_ptr<nft_ctx, FreeContext>;

// libnftables' messages name the file it reads; the user knows a ruleset.
constexpr std::string_view kRuleset = "ruleset";

Problem refused(const NetNs& ns, std::string_view action, std::string message) {
  while (!message.empty() && message.back() == '\n') message.pop_back();
  const bool rights = message.find("Operation not permitted") != std::string::npos;
  auto builder = make_problem(rights ? Problem::PERMISSION_DENIED : Problem::INVALID_ARGUMENT,
                              rights ? "linux.permission" : "nft.refused",
                              "cannot " + std::string(action) + ": " + message)
                     .at_resource(ns.label());
  // "ruleset:LINE:COLUMN-COLUMN: Error: ..."
  const std::string start = std::string(kRuleset) + ":";
  if (const auto found = message.find(start); found != std::string::npos) {
    Problem::Where where;
    where.set_file(std::string(kRuleset));
    const char* line = message.c_str() + found + start.size();
    where.set_line(static_cast<unsigned>(std::strtoul(line, nullptr, 10)));
    builder = std::move(builder).at(std::move(where));
  }
  return builder;
}

// The commands as a file without a name: only for files does libnftables tell line and column.
Result<Fd> as_file(std::string_view commands) {
  Fd file(::memfd_create("ruleset", MFD_CLOEXEC));
  if (!file) return errno_problem(errno, "hold a ruleset", "ruleset");
  while (!commands.empty()) {
    const auto written = ::write(file.get(), commands.data(), commands.size());
    if (written < 0) return errno_problem(errno, "hold a ruleset", "ruleset");
    commands.remove_prefix(static_cast<std::size_t>(written));
  }
  return file;
}

void replace_all(std::string& text, const std::string& what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

// Runs commands in a context of its own, inside the namespace; answers what they print.
Result<std::string> run(const NetNs& ns, std::string_view action, std::string_view commands,
                        unsigned output_flags) {
  const auto file = as_file(commands);
  if (!file) return file.problem();
  const std::string path = "/proc/self/fd/" + std::to_string(file->get());
  return run_in(ns, [&]() -> Result<std::string> {
    const Context context(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context) return errno_problem(ENOMEM, action, ns.label());
    nft_ctx_output_set_flags(context.get(), output_flags);
    if (nft_ctx_buffer_output(context.get()) != 0 || nft_ctx_buffer_error(context.get()) != 0) {
      return errno_problem(ENOMEM, action, ns.label());
    }
    if (nft_run_cmd_from_filename(context.get(), path.c_str()) != 0) {
      std::string message = nft_ctx_get_error_buffer(context.get());
      replace_all(message, path, kRuleset);
      return refused(ns, action, std::move(message));
    }
    return std::string(nft_ctx_get_output_buffer(context.get()));
  });
}

}  // namespace

Status nft_apply(const NetNs& ns, std::string_view ruleset) {
  auto applied = run(ns, "apply a ruleset", ruleset, 0);
  if (!applied) return std::move(applied).problem();
  return {};
}

Result<std::string> nft_ruleset_json(const NetNs& ns) {
  return run(ns, "list the ruleset", "list ruleset", NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_HANDLE);
}

Result<std::vector<NftCounter>> nft_counters(const NetNs& ns) {
  const auto text = run(ns, "list counters", "list counters", NFT_CTX_OUTPUT_JSON);
  if (!text) return text.problem();
  const auto document = nlohmann::json::parse(*text, nullptr, false);
  const bool usable =
      document.is_object() && document.contains("nftables") && document["nftables"].is_array();
  if (!usable) {
    return make_problem(Problem::INTERNAL, "nft.unreadable", "libnftables answered with no JSON")
        .at_resource(ns.label());
  }
  std::vector<NftCounter> counters;
  for (const auto& entry : document["nftables"]) {
    const auto found = entry.find("counter");
    if (found == entry.end()) continue;
    counters.push_back({.family = found->value("family", ""),
                        .table = found->value("table", ""),
                        .name = found->value("name", ""),
                        .packets = found->value("packets", std::uint64_t{0}),
                        .bytes = found->value("bytes", std::uint64_t{0})});
  }
  return counters;
}

}  // namespace terrace::kernel
