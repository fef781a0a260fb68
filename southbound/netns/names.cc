#include "southbound/netns/names.h"

#include <algorithm>

#include "base/digest.h"

namespace terrace::netns {
namespace {

constexpr std::size_t kKeyLength = 8;
constexpr std::string_view kSegment = "segment-";
constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

// As part of a file's name.
std::string file_part(const std::string& id) {
  constexpr std::size_t kLongest = 48;
  std::string text = id.substr(0, kLongest);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return !plain(c); }, '_');
  if (text == id && !id.empty() && id.front() != '.') return text;
  return "_" + text + "~" + short_hash(id, 6);
}

}  // namespace

std::string short_hash(std::string_view text, std::size_t characters) {
  const std::string hex = sha256_hex(text).substr(std::string_view("sha256:").size(), 16);
  std::uint64_t bits = std::stoull(hex, nullptr, 16);
  std::string result;
  while (result.size() < characters) {
    result += kAlphabet[bits & 31];
    bits >>= 5;
  }
  return result;
}

std::string hold_key(std::string_view hold_id) {
  return short_hash(hold_id, kKeyLength);
}

std::string vnf_name(const driver::v1::DesiredVnf& vnf) {
  return file_part(vnf.vnf_profile_id()) + "-" + std::to_string(vnf.index());
}

std::string vnf_namespace(const std::string& key, const driver::v1::DesiredVnf& vnf) {
  return key + "-" + vnf_name(vnf);
}

// VNFs' end in a number.
std::string fabric_namespace(const std::string& key) {
  return key + "-fabric";
}

std::string segment_namespace(const std::string& wan_port_id, std::uint32_t segment_id) {
  return std::string(kSegment) + short_hash(wan_port_id, 8) + "-" + std::to_string(segment_id);
}

bool is_segment(std::string_view namespace_name) {
  return namespace_name.substr(0, kSegment.size()) == kSegment;
}

std::string key_of(std::string_view namespace_name) {
  if (namespace_name.size() <= kKeyLength || namespace_name[kKeyLength] != '-') return {};
  const std::string_view key = namespace_name.substr(0, kKeyLength);
  return key.find_first_not_of(kAlphabet) == std::string_view::npos ? std::string(key) : "";
}

std::string bridge_name(const std::string& link_id) {
  return "br" + short_hash(link_id, 12);
}

std::string vnf_port(const driver::v1::DesiredVnf& vnf, const std::string& cpd_id) {
  return "v" + short_hash(vnf_name(vnf) + "/" + cpd_id, 12);
}

std::string interface_name(int index) {
  return "eth" + std::to_string(index);
}

std::string attachment_ports(const std::string& key) {
  return "t" + key;
}

std::string attachment_port(const std::string& key, const std::string& link_id,
                            const std::string& attachment_id) {
  return attachment_ports(key) + short_hash(link_id + "/" + attachment_id, 6);
}

std::string segment_ports(const std::string& key) {
  return "s" + key;
}

std::string segment_port(const std::string& key, const std::string& link_id) {
  return segment_ports(key) + short_hash(link_id, 6);
}

std::string attachment_bridge(const std::string& attachment_id) {
  constexpr std::string_view kPrefix = "att-";
  const bool fits = attachment_id.size() <= 15 - kPrefix.size() && !attachment_id.empty() &&
                    std::all_of(attachment_id.begin(), attachment_id.end(), plain);
  return std::string(kPrefix) + (fits ? attachment_id : short_hash(attachment_id, 10));
}

}  // namespace terrace::netns
