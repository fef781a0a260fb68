// A built-in function: what it is for the catalogue, and what one instance of it comes down to in
// its namespace. Pure: effects are the driver's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "southbound/netns/config.h"
#include "terrace/driver/v1/driver.pb.h"

namespace terrace::netns {

// A program that runs in the VNF's namespace.
struct Program {
  struct File {
    // Below the VNF's directory.
    std::string path;
    std::string content;
    // Not 0: of that many zero bytes instead.
    std::uint64_t sparse_size = 0;
    // The program must be told when this one changes.
    bool configuration = false;
  };

  std::vector<std::string> argv;
  std::vector<File> file;
  // Directories it writes to.
  std::vector<std::string> directory;
  // Takes in a changed configuration and goes on with what it is doing.
  int reload_signal = 0;
  // The same program reads a changed configuration through new processes; else by the same ones.
  bool reload_starts_worker = false;
  // What it listens on once it works.
  std::vector<std::string> listen_address;
  std::uint16_t listen_port = 0;
  // What to install where it is missing.
  std::string package;
};

struct FunctionPlan {
  // Passes packets on from one link to another.
  bool forwards = false;
  // Content of the nftables table "terrace" (family inet): counters and chains.
  std::string rules;
  std::optional<Program> program;
};

struct FunctionContext {
  const driver::v1::DesiredVnf& vnf;
  // The VNF's own.
  std::string directory;
};

class Function {
 public:
  virtual ~Function() = default;

  // Without images: those are configured.
  virtual driver::v1::Function describe() const = 0;
  // INVALID_ARGUMENT "function.bad-parameter" (with what it takes) or "function.bad-shape" (too few
  // connection points).
  virtual Result<FunctionPlan> plan(const FunctionContext& context) const = 0;
  // The program it runs and its package; empty: none.
  struct Needs {
    std::string program;
    std::string package;
  };
  virtual Needs needs() const { return {}; }
};

std::unique_ptr<Function> make_router();
std::unique_ptr<Function> make_firewall();
std::unique_ptr<Function> make_nat();
std::unique_ptr<Function> make_web(const NetnsPrograms& programs);
std::unique_ptr<Function> make_load_balancer(const NetnsPrograms& programs);

// What functions share.

// The order's value; empty where there is none.
std::string parameter_of(const driver::v1::DesiredVnf& vnf, const std::string& key);
Problem bad_parameter(const driver::v1::DesiredVnf& vnf, const std::string& key,
                      const std::string& value, const std::string& possible);
// "web[1]"
std::string name_of(const driver::v1::DesiredVnf& vnf);
// Its path's connection points; where it is on none, the first and the last. Null: it has none.
const driver::v1::DesiredCp* ingress_of(const driver::v1::DesiredVnf& vnf);
const driver::v1::DesiredCp* egress_of(const driver::v1::DesiredVnf& vnf);
std::string interface_of(const driver::v1::DesiredVnf& vnf, const driver::v1::DesiredCp& cp);
// "10.0.0.1/24" to "10.0.0.1".
std::string without_length(const std::string& address);
bool is_v6(const std::string& address);
// "a, b" and "a,b" alike to a and b.
std::vector<std::string> split_list(const std::string& text);

}  // namespace terrace::netns
