// From an order to what the API takes.
#pragma once

#include <string>

#include "cli/client.h"
#include "cli/order.h"
#include "terrace/v1/hold.pb.h"
#include "terrace/v1/ns.pb.h"

namespace terrace::cli {

// The order as a fragment (R1): the NSD on board, its functions by identity and descriptor, and the
// order's parameters with attachment points by id.
Result<v1::Fragment> make_fragment(Client& client, const Order& order);

// Puts the ids of attachment points where the order has names. Asks only where there are any.
Status resolve_attachments(Client& client, v1::InstantiateNsRequest& body);

// A plan that `ns plan -o json` wrote: a Hold with a plan_digest.
Result<v1::Hold> read_plan(const std::string& path);

// An instance by its id or its name. NOT_FOUND "cli.no-such-instance" with those there are;
// FAILED_PRECONDITION "cli.ambiguous-name".
Result<v1::NsInstance> find_instance(Client& client, const std::string& name);

}  // namespace terrace::cli
