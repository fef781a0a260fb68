// What people read, compared with files. After a change that is meant:
//   TERRACE_UPDATE_GOLDEN=1 cli_test && git diff tests/golden/cli
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "cli/ns_view.h"
#include "cli/progress.h"
#include "cli/proof_check.h"
#include "cli/table.h"
#include "cli/words.h"

namespace terrace::cli {
namespace {

struct Screen {
  std::ostringstream out, err;
  Terminal terminal{out, err};
};

template <class Message>
Message parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(GOLDEN_DIR) + "/" + name;
  if (std::getenv("TERRACE_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream file(path);
  std::stringstream wanted;
  wanted << file.rdbuf();
  EXPECT_EQ(wanted.str(), text) << path;
}

constexpr char kProof[] = R"(
  realm: "r"
  price { monthly { amount: "12.50" currency: "EUR" } one_off { amount: "1" currency: "EUR" } }
  link { link_id: "vl-c" prefix: "10.10.4.0/24" mtu: 1450
    stitching { underlay: "wan" encapsulation_type: VXLAN
      wan_segment_ids { wan_segment_id_value: 7001 } } }
  link { link_id: "vl-b" prefix: "10.10.65.0/24" mtu: 1500 }
  vnf { vnf_profile_id: "web" index: 2 location { nfvi_pop: "hall-1" zone: "hall" }
    cp { cpd_id: "service" link_id: "vl-c" address: "10.10.4.130/24" mac: "02:54:00:10:00:01"
         port_id: 9 } }
  sap { sapd_id: "client" link_id: "vl-c"
        attachment_point_id: "0b5b2c1e-8f3e-4d52-9a53-cf1f0f4f7a11" }
  end { link_id: "vl-c" vtep: "100.64.0.3" port: 4789 }
  announcement { sapd_id: "client" path_id: "p" next_hop: "10.10.4.10" originates: "10.10.65.0/24" }
)";

v1::NsInstance instance() {
  auto made = parse<v1::NsInstance>(R"(
    id: "a01b0249-898b-4569-b89c-7daf6ede7584" ns_instance_name: "shop" nsd_id: "web-shop"
    flavour_id: "default" ns_state: INSTANTIATED
    customer_route { sapd_id: "client"
      route { prefix: "10.10.65.0/24" next_hop: "10.10.4.10" } })");
  *made.mutable_proof() = parse<v1::Proof>(kProof);
  return made;
}

TEST(CliFormat, InstanceIsATree) {
  Screen screen;
  const auto part = parse<v1::Part>(R"(
    child: "wholesale" delegated_id: "6eebe5a5-5cd9-52ef-9098-3a122df4e2fd" state: "COMMITTED"
    hold { proof { vnf { vnf_profile_id: "web" index: 2 } } })");
  print_tree(screen.out, instance_tree(screen.terminal, instance(), {part}));
  expect_golden("instance.txt", screen.out.str());
}

TEST(CliFormat, WideShowsIdsAndMacs) {
  Screen screen;
  screen.terminal.format = Format::kWide;
  print_tree(screen.out, instance_tree(screen.terminal, instance(), {}));
  expect_golden("instance-wide.txt", screen.out.str());
}

TEST(CliFormat, PlanSaysWhatLostAndWhy) {
  Screen screen;
  auto plan = parse<v1::Hold>(R"(
    fragment { nsd { id: "web-shop" } } plan_digest: "sha256:abc"
    candidate { vnf_profile_id: "web" child: "cheap" reason: "no room"
                price { monthly { amount: "1" currency: "EUR" } } }
    candidate { vnf_profile_id: "web" child: "wholesale" chosen: true })");
  *plan.mutable_proof() = parse<v1::Proof>(kProof);
  print_tree(screen.out, plan_tree(screen.terminal, plan));
  expect_golden("plan.txt", screen.out.str());
}

TEST(CliFormat, ProblemSaysWhatWhereWhichAndWhatToTry) {
  Screen screen;
  const auto problem = parse<Problem>(R"(
    code: INVALID_ARGUMENT type: "descriptor.invalid" what: "The descriptor is not sound."
    causes { code: INVALID_ARGUMENT what: "there is no link `vl-x`"
      where { file: "a.yaml" line: 12 column: 3 path: "nsd[0].df[0]" }
      constraint { name: "link" limit: "vl-a, vl-b" actual: "vl-x" }
      possible: "Did you mean vl-a?" })");
  EXPECT_EQ(fail(screen.terminal, problem), 1);
  EXPECT_EQ(screen.out.str(), "");
  expect_golden("problem.txt", screen.err.str());
  screen.err.str("");
  screen.terminal.format = Format::kJson;
  fail(screen.terminal, problem);
  expect_golden("problem.json", screen.err.str());
}

TEST(CliFormat, ProgressAddsALineForEachChangeWhereLinesCannotBeRedrawn) {
  Screen screen;
  Progress progress(screen.terminal);
  auto operation = parse<v1::NsLcmOpOcc>(R"(
    operation_state: PROCESSING start_time { seconds: 100 }
    task { name: "place" state: RUNNING started { seconds: 100 } }
    task { name: "hold part-1" state: PENDING })");
  progress.show(operation);
  progress.show(operation);
  operation.mutable_task(0)->set_state(v1::Task::DONE);
  operation.mutable_task(0)->mutable_finished()->set_seconds(101);
  operation.mutable_task(1)->set_state(v1::Task::FAILED);
  *operation.mutable_task(1)->mutable_error() = problem(Problem::ABORTED, "x", "no room");
  operation.set_operation_state(v1::NsLcmOpOcc::ROLLED_BACK);
  operation.mutable_state_entered_time()->set_seconds(102);
  progress.show(operation);
  expect_golden("progress.txt", screen.out.str());
}

TEST(CliFormat, ProgressGoesToStandardErrorWhereOutputIsJson) {
  Screen screen;
  screen.terminal.format = Format::kJson;
  Progress progress(screen.terminal);
  progress.show(parse<v1::NsLcmOpOcc>(R"(task { name: "place" state: RUNNING })"));
  EXPECT_EQ(screen.out.str(), "");
  EXPECT_NE(screen.err.str(), "");
}

TEST(CliFormat, OnlyCompletedIsSuccess) {
  for (int state = v1::NsLcmOpOcc::OperationState_MIN; state <= v1::NsLcmOpOcc::OperationState_MAX;
       ++state) {
    Screen screen;
    v1::NsLcmOpOcc operation;
    operation.set_operation_state(static_cast<v1::NsLcmOpOcc::OperationState>(state));
    EXPECT_EQ(conclude(screen.terminal, operation, "done") == 0,
              state == v1::NsLcmOpOcc::COMPLETED);
  }
}

TEST(CliFormat, ColumnsCountWhatIsSeen) {
  EXPECT_EQ(columns("\x1b[1mab\x1b[0m"), 2u);
  EXPECT_EQ(columns("├─ x"), 4u);
}

// --- proofs held against envelopes ---

v1::Envelope envelope() {
  return parse<v1::Envelope>(R"(
    realm: "r"
    link { link_id: "vl-c" mtu: 1450 mac_prefix: "02:54:00:10:00:00/28"
      port_ids { first: 1 last: 10 }
      subnet { prefix: "10.10.4.0/24" assignable { first: "10.10.4.128" last: "10.10.4.247" }
               excluded { range { first: "10.10.4.140" last: "10.10.4.140" } } }
      stitching { underlay: "wan" encapsulation_type: VXLAN
        wan_segment_ids { wan_segment_id_value: 7001 } } }
    carve { prefix: "10.10.64.0/18" mac_prefix: "02:54:00:20:00:00/28" mtu: 1500
      port_ids { first: 11 last: 20 } })");
}

std::vector<std::string> outside(const v1::Proof& proof) {
  std::vector<std::string> found;
  for (const auto& line : check_proof(proof, envelope()))
    if (!line.within) found.push_back(line.what);
  return found;
}

TEST(CliProofCheck, EachValueIsHeldAgainstItsOwnConstraint) {
  const auto good = parse<v1::Proof>(kProof);
  EXPECT_EQ(outside(good), std::vector<std::string>{});
  auto bad = good;
  bad.mutable_vnf(0)->mutable_cp(0)->set_address(0, "10.10.4.10/24");
  EXPECT_EQ(outside(bad), std::vector<std::string>{"web #2 service address"});
  bad.mutable_vnf(0)->mutable_cp(0)->set_address(0, "10.10.4.140/24");
  EXPECT_EQ(outside(bad), std::vector<std::string>{"web #2 service address"});
  bad = good;
  bad.mutable_vnf(0)->mutable_cp(0)->set_mac("02:54:00:20:00:01");
  EXPECT_EQ(outside(bad), std::vector<std::string>{"web #2 service MAC"});
  bad = good;
  bad.mutable_vnf(0)->mutable_cp(0)->set_port_id(11);
  EXPECT_EQ(outside(bad), std::vector<std::string>{"web #2 service port id"});
  bad = good;
  bad.mutable_link(0)->set_mtu(1451);
  EXPECT_EQ(outside(bad), std::vector<std::string>{"link vl-c MTU"});
  bad = good;
  bad.mutable_link(0)->mutable_stitching()->mutable_wan_segment_ids()->set_wan_segment_id_value(1);
  EXPECT_EQ(outside(bad), std::vector<std::string>{"link vl-c segment"});
  bad = good;
  bad.mutable_link(1)->set_prefix(0, "10.10.0.0/16");
  EXPECT_EQ(outside(bad), std::vector<std::string>{"link vl-b prefix"});
  bad = good;
  bad.set_realm("other");
  EXPECT_EQ(outside(bad), std::vector<std::string>{"realm"});
}

}  // namespace
}  // namespace terrace::cli
