#include "cli/words.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/time.h"

namespace terrace::cli {
namespace {

std::string money(const v1::Money& amount) {
  return amount.amount() + (amount.currency().empty() ? "" : " " + amount.currency());
}

}  // namespace

std::string words(const v1::Price& price) {
  std::vector<std::string> parts;
  if (!price.one_off().amount().empty()) parts.push_back(money(price.one_off()) + " once");
  if (!price.monthly().amount().empty()) parts.push_back(money(price.monthly()) + " a month");
  return parts.empty() ? "free" : joined(parts);
}

std::string words(const v1::Location& location) {
  std::vector<std::string> parts;
  const auto add = [&parts](const char* name, const std::string& value) {
    if (!value.empty()) parts.push_back(std::string(name) + value);
  };
  add("node ", location.nfvi_node());
  add("pop ", location.nfvi_pop());
  add("zone ", location.zone());
  add("zone group ", location.zone_group());
  add("", location.country_code());
  return joined(parts);
}

std::string words(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return "";
  const auto seconds = static_cast<std::time_t>(time.seconds());
  return fmt::format("{:%Y-%m-%d %H:%M:%S}Z", fmt::gmtime(seconds));
}

std::string words(const v1::Stitching& stitching) {
  std::string kind = v1::Stitching::EncapsulationType_Name(stitching.encapsulation_type());
  for (char& letter : kind) letter = static_cast<char>(std::tolower(letter));
  const auto& ids = stitching.wan_segment_ids();
  std::string text = kind + " " + std::to_string(ids.wan_segment_id_value());
  if (ids.has_wan_segment_id_upper_range())
    text += "-" + std::to_string(ids.wan_segment_id_upper_range());
  return stitching.underlay().empty() ? text : text + " on " + stitching.underlay();
}

std::string words(const v1::Route& route) {
  return route.prefix() + " via " + joined(route.next_hop());
}

std::string words(const v1::Offer& offer) {
  switch (offer.what_case()) {
    case v1::Offer::kFunction:
      return offer.function().capability();
    case v1::Offer::kNetworkService:
      return "service " + (offer.network_service().capability().empty()
                               ? offer.network_service().nsd_id()
                               : offer.network_service().capability());
    case v1::Offer::kConnection:
      return "connection " + offer.connection().from() + " to " + offer.connection().to();
    case v1::Offer::WHAT_NOT_SET:
      break;
  }
  return "";
}

std::string capacity_words(const v1::Capacity& capacity) {
  std::vector<std::string> parts;
  if (capacity.has_instances_left())
    parts.push_back(std::to_string(capacity.instances_left()) + " left");
  if (capacity.has_vcpus_left()) parts.push_back(std::to_string(capacity.vcpus_left()) + " vCPU");
  if (capacity.has_memory_mib_left())
    parts.push_back(std::to_string(capacity.memory_mib_left()) + " MiB");
  return joined(parts);
}

namespace {
template <class Texts>
std::string join(const Texts& texts, const char* between) {
  std::string text;
  for (const auto& one : texts) text += (text.empty() ? "" : between) + one;
  return text;
}
}  // namespace

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& texts,
                   const char* between) {
  return join(texts, between);
}

std::string joined(const std::vector<std::string>& texts, const char* between) {
  return join(texts, between);
}

std::string state(const Terminal& terminal, v1::NsLcmOpOcc::OperationState value) {
  Colour colour = Colour::kRed;
  if (value == v1::NsLcmOpOcc::COMPLETED) colour = Colour::kGreen;
  if (value == v1::NsLcmOpOcc::PROCESSING) colour = Colour::kYellow;
  return terminal.paint(colour, v1::NsLcmOpOcc::OperationState_Name(value));
}

std::string state(const Terminal& terminal, v1::Hold::State value) {
  Colour colour = Colour::kPlain;
  if (value == v1::Hold::HELD || value == v1::Hold::COMMITTED) colour = Colour::kGreen;
  if (value == v1::Hold::PLACING || value == v1::Hold::COMMITTING) colour = Colour::kYellow;
  if (value == v1::Hold::REFUSED || value == v1::Hold::FAILED) colour = Colour::kRed;
  return terminal.paint(colour, v1::Hold::State_Name(value));
}

std::string state(const Terminal& terminal, v1::NsState value) {
  return terminal.paint(value == v1::INSTANTIATED ? Colour::kGreen : Colour::kPlain,
                        v1::NsState_Name(value));
}

std::string state(const Terminal& terminal, v1::Task::State value) {
  Colour colour = Colour::kDim;
  if (value == v1::Task::DONE) colour = Colour::kGreen;
  if (value == v1::Task::RUNNING) colour = Colour::kYellow;
  if (value == v1::Task::FAILED) colour = Colour::kRed;
  std::string name = v1::Task::State_Name(value);
  for (char& letter : name) letter = static_cast<char>(std::tolower(letter));
  name.resize(8, ' ');
  return terminal.paint(colour, name);
}

std::string short_id(const Terminal& terminal, const std::string& id) {
  return terminal.wide() || id.size() != 36 ? id : id.substr(0, 8);
}

std::string took(const google::protobuf::Timestamp& from, const google::protobuf::Timestamp& to) {
  if (from.seconds() == 0 || to.seconds() == 0) return "";
  const auto passed = from_timestamp(to) - from_timestamp(from);
  return fmt::format("{:.2f} s", std::chrono::duration<double>(passed).count());
}

bool is_final(v1::NsLcmOpOcc::OperationState value) {
  return value == v1::NsLcmOpOcc::COMPLETED || value == v1::NsLcmOpOcc::PARTIALLY_COMPLETED ||
         value == v1::NsLcmOpOcc::FAILED_TEMP || value == v1::NsLcmOpOcc::FAILED ||
         value == v1::NsLcmOpOcc::ROLLED_BACK;
}

}  // namespace terrace::cli
