// Values of the API as people read them, each on one line.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"
#include "terrace/v1/addressing.pb.h"
#include "terrace/v1/capability.pb.h"
#include "terrace/v1/hold.pb.h"
#include "terrace/v1/ns.pb.h"

namespace terrace::cli {

// "12.50 EUR once, 3 EUR a month"; "free" where there is none.
std::string words(const v1::Price& price);
// The most particular first: "node n1, pop edge-1, zone west".
std::string words(const v1::Location& location);
// UTC, to the second: "2026-01-31 12:00:00Z"; empty where unset.
std::string words(const google::protobuf::Timestamp& time);
// "vxlan 7001 on wan".
std::string words(const v1::Stitching& stitching);
std::string words(const v1::Route& route);
// "firewall", "service web-shop", "connection a to b".
std::string words(const v1::Offer& offer);
std::string capacity_words(const v1::Capacity& capacity);

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& texts,
                   const char* between = ", ");
std::string joined(const std::vector<std::string>& texts, const char* between = ", ");

// The names of states, in green, yellow or red by how they end.
std::string state(const Terminal& terminal, v1::NsLcmOpOcc::OperationState value);
std::string state(const Terminal& terminal, v1::Hold::State value);
std::string state(const Terminal& terminal, v1::NsState value);
std::string state(const Terminal& terminal, v1::Task::State value);

// Ids are long: the first eight characters, unless all are wanted.
std::string short_id(const Terminal& terminal, const std::string& id);

// Seconds between two times, "0.12 s"; empty where either is unset.
std::string took(const google::protobuf::Timestamp& from, const google::protobuf::Timestamp& to);

// No further state follows.
bool is_final(v1::NsLcmOpOcc::OperationState state);

}  // namespace terrace::cli
