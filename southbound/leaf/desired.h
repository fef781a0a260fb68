// From a hold's record, all chosen and bound, to what its driver is told, and to what is probed.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "recursion/path_probes.h"
#include "southbound/leaf/config.h"
#include "terrace/driver/v1/driver.pb.h"
#include "terrace/record/v1/record.pb.h"
#include "terrace/v1/probe.pb.h"

namespace terrace {

struct InsideProbe {
  PathProbe path;
  driver::v1::ProbeOrder order;
};

struct DesiredState {
  // With its digest.
  driver::v1::DesiredPart part;
  // Of the paths that lie wholly inside.
  std::vector<InsideProbe> probe;
};

// A function of its arguments: the same record gives the same digest, after a restart too. `id`
// names the hold at the driver. Refuses as resolve_functions, leaf_paths, instance_routes and
// probe_next_hop; FAILED_PRECONDITION "hold.no-port" when the WAN port it was held on is gone.
Result<DesiredState> desired_state(const LeafConfig& config, const driver::v1::Inventory& inventory,
                                   const record::v1::HoldRecord& record, const std::string& id);

// What was made is what was proved (R15); else FAILED_PRECONDITION "proof.mismatch" with both
// values.
Status check_applied(const driver::v1::DesiredPart& wanted, const driver::v1::AppliedPart& applied);

// A probe from one of the hold's SAPs, as the driver is asked for it. NOT_FOUND "sap.unknown"
// (the hold has no such SAP), "routes.unreachable".
Result<driver::v1::ProbeOrder> sap_probe(const LeafConfig& config,
                                         const driver::v1::Inventory& inventory,
                                         const record::v1::HoldRecord& record,
                                         const std::string& id, const v1::ProbeRequest& request);

}  // namespace terrace
