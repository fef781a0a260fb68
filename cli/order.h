// An order as a person gives it: an order file, options on top of it, or both.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "terrace/v1/capability.pb.h"
#include "terrace/v1/ns.pb.h"

namespace terrace::cli {

// What `ns instantiate`, `ns plan` and `hold place` share, as typed.
struct OrderOptions {
  std::string file{};
  std::string nsd{};
  std::string flavour{};
  std::string level{};
  // SAP=ATTACHMENT[:ADDRESS[,ADDRESS...]]; an address may carry its prefix length.
  std::vector<std::string> sap{};
  // VNF.KEY=VALUE
  std::vector<std::string> param{};
  // VNF=ZONE
  std::vector<std::string> location{};
};

struct Order {
  std::string nsd;
  std::string name;
  std::string description;
  v1::InstantiateNsRequest body;
};

// Reads an order file: strict YAML, all that InstantiateNsRequest can say. See
// examples/three-tier/order.yaml. INVALID_ARGUMENT "order.invalid" with a cause for each problem.
Result<Order> read_order(std::string_view text, const std::string& file_name);

// The file, if one is named, and the options on top: an option replaces what the file says of the
// same thing. INVALID_ARGUMENT "cli.argument" names the option and the form it should have.
Result<Order> make_order(const OrderOptions& options);

// Attachment points may be given by their names in the catalogue; this puts their ids there.
// NOT_FOUND "order.unknown-attachment" with those there are; FAILED_PRECONDITION
// "order.ambiguous-attachment" where a name is not unique.
Status name_attachments(v1::InstantiateNsRequest& body, const v1::Catalogue& catalogue);

// A file's bytes; NOT_FOUND, PERMISSION_DENIED or RESOURCE_EXHAUSTED (above 4 MiB) naming it. "-"
// is standard input.
Result<std::string> read_file(const std::string& path);

}  // namespace terrace::cli
