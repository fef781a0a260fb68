// The options by which an order is given.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/order.h"

namespace terrace::cli {

inline void add_order_options(CLI::App& command, OrderOptions& options) {
  command.add_option("--order", options.file, "An order file; options replace what it says");
  command.add_option("--nsd", options.nsd, "The service's descriptor, by its id");
  command.add_option("--flavour", options.flavour, "One of the descriptor's; else its first");
  command.add_option("--level", options.level, "Instantiation level; else the flavour's default");
  command.add_option("--sap", options.sap,
                     "SAP=ATTACHMENT[:ADDRESS[,ADDRESS...]]: where it meets your network, and "
                     "which addresses there are yours");
  command.add_option("--param", options.param, "VNF.KEY=VALUE: a parameter of a function");
  command.add_option("--location", options.location, "VNF=ZONE: where a function must run");
}

}  // namespace terrace::cli
