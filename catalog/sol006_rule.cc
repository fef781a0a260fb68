#include <algorithm>
#include <charconv>

#include "catalog/ip_text.h"
#include "catalog/sol006.h"

namespace terrace::sol006 {
namespace {

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(trim(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + separator.size());
  }
}

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t most) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool sound = error == std::errc() && end == text.data() + text.size() && value <= most;
  return sound ? std::optional(value) : std::nullopt;
}

// "80" or "80-443".
bool set_ports(std::string_view text, v1::NfpRule::PortRange& range) {
  const auto dash = text.find('-');
  const auto lower = number(text.substr(0, dash), 0xffff);
  const auto upper = dash == std::string_view::npos ? lower : number(text.substr(dash + 1), 0xffff);
  if (!lower || !upper || *lower > *upper) return false;
  range.set_lower(*lower);
  range.set_upper(*upper);
  return true;
}

bool set_prefix(std::string_view text, std::string* out) {
  const auto prefix = parse_prefix(text);
  if (!prefix || prefix->has_host_bits) return false;
  *out = prefix->canonical();
  return true;
}

bool set_protocol(std::string_view text, v1::NfpRule& rule) {
  const bool is_named = text == "tcp" || text == "udp" || text == "icmp";
  if (!is_named && !number(text, 0xff)) return false;
  rule.set_protocol(std::string(text));
  return true;
}

// IFA014's attributes of an NfpRule, in SOL006's spelling.
bool set(std::string_view name, std::string_view value, v1::NfpRule& rule) {
  if (name == "protocol") return set_protocol(value, rule);
  if (name == "source-port-range") return set_ports(value, *rule.mutable_source_ports());
  if (name == "destination-port-range") return set_ports(value, *rule.mutable_destination_ports());
  if (name == "source-ip-address-prefix") {
    return set_prefix(value, rule.mutable_source_ip_address_prefix());
  }
  if (name == "destination-ip-address-prefix") {
    return set_prefix(value, rule.mutable_destination_ip_address_prefix());
  }
  if (name == "ether-type" && (value == "ipv4" || value == "ipv6")) {
    rule.set_ether_type(std::string(value));
    return true;
  }
  return false;
}

}  // namespace

std::optional<v1::NfpRule> read_rule(YamlReader& reader, std::string_view key) {
  const auto text = reader.optional_string(key);
  if (!text) return std::nullopt;
  v1::NfpRule rule;
  std::vector<std::string_view> names;
  for (const auto assertion : split(*text, " AND ")) {
    const auto equals = assertion.find('=');
    const auto name = trim(assertion.substr(0, equals));
    const bool is_new = std::find(names.begin(), names.end(), name) == names.end();
    names.push_back(name);
    if (is_new && equals != std::string_view::npos &&
        set(name, trim(assertion.substr(equals + 1)), rule)) {
      continue;
    }
    reader
        .refuse(key, "descriptor.unsupported",
                "`" + std::string(assertion.substr(0, 80)) + "` is no assertion known here")
        .add_possible(
            "Join NAME=VALUE by AND, each name once: protocol (tcp, udp, icmp or a number), "
            "source-port-range, destination-port-range (80 or 80-443), source-ip-address-prefix, "
            "destination-ip-address-prefix, ether-type (ipv4, ipv6).");
    return std::nullopt;
  }
  return rule;
}

}  // namespace terrace::sol006
