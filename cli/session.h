// What one run of the command works with: its global options, its terminal, the platform it talks
// to. Made once, by main; commands get a reference.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "cli/client.h"
#include "cli/terminal.h"

namespace terrace::cli {

struct GlobalOptions {
  // As typed: an address, or a lab's platform ("top", "three-tier/top").
  std::string platform;
  std::string tenant;
  std::string output = "table";
  std::optional<double> timeout_s;
};

class Session {
 public:
  Session(const GlobalOptions& options, Terminal terminal);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Connects at its first use. Fails only where the name cannot be made an address.
  Result<Client*> client();
  const Terminal& terminal() const { return terminal_; }
  std::string new_id();

 private:
  struct Connection;
  const GlobalOptions& options_;
  const Terminal terminal_;
  SystemRandom random_;
  std::unique_ptr<Connection> connection_;
};

// Where a platform that was named listens. "unix:/path" and "host:port" stand for themselves; other
// names are looked up in the labs that are up (files DIR/LAB/state.json, which terrace-lab writes):
// "top" if only one lab has it, else "three-tier/top". NOT_FOUND says which there are.
Result<std::string> resolve_platform(const std::string& name, const std::string& labs_directory);

inline constexpr char kDefaultPlatform[] = "unix:/run/terrace/api.sock";
inline constexpr char kLabsDirectory[] = "/run/terrace/labs";

}  // namespace terrace::cli
