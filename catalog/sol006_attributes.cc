#include <array>

#include "catalog/ip_text.h"
#include "catalog/money.h"
#include "catalog/sol006.h"

namespace terrace::sol006 {
namespace {

void note(YamlReader& reader, std::string_view key, std::string_view why, Notes& notes) {
  const auto* entry = reader.node().find(key);
  Problem::Where where;
  where.set_file(reader.problems().file_name());
  where.set_line(entry->line);
  where.set_column(entry->column);
  where.set_path(reader.path_of(key));
  notes.push_back(make_problem(Problem::UNIMPLEMENTED, "descriptor.not-honoured",
                               "`" + std::string(key) + "` has no effect here: " + std::string(why))
                      .at(std::move(where)));
}

void refuse(YamlReader& reader, std::string_view key, std::string_view why) {
  reader.refuse(key, "descriptor.unsupported",
                "`" + std::string(key) + "` is not supported: " + std::string(why));
}

// `true` in what is refused when true, and says nothing when false.
void refuse_true(YamlReader& reader, std::string_view key, std::string_view why) {
  if (reader.optional_boolean(key).value_or(false)) refuse(reader, key, why);
}

void pass_over_l3_address(YamlReader& address) {
  if (address.has("fixed-ip-address")) {
    refuse(address, "fixed-ip-address", "addresses come with the order, in its SapData");
  }
  refuse_true(address, "floating-ip-activated", "no address here stands for another one");
  address.ignore_rest();
}

}  // namespace

void pass_over(YamlReader& reader, std::span<const Unhonoured> attributes, Notes& notes) {
  for (const auto& each : attributes) {
    const bool there = reader.has(each.key);
    reader.ignore(each.key);
    if (!there && each.mandatory) {
      reader.refuse(each.key, "yaml.missing-key", "`" + std::string(each.key) + "` is missing");
    }
    if (!there) continue;
    if (each.treatment == Treatment::kNote) note(reader, each.key, each.why, notes);
    if (each.treatment == Treatment::kRefuse) refuse(reader, each.key, each.why);
  }
}

void pass_over_cpd(YamlReader& reader, Notes& notes) {
  static constexpr std::array<Unhonoured, 3> kAttributes{{
      {"role", Treatment::kNote, "every end of a link reaches every other"},
      {"protocol", Treatment::kNote, "addresses are chosen within the order's envelope"},
      {"security-group-rule-id", Treatment::kRefuse,
       "traffic would pass that the rule keeps out; use a firewall function"},
  }};
  reader.each("protocol", [](YamlReader& protocol, std::size_t) {
    protocol.each("address-data", [](YamlReader& data, std::size_t) {
      data.optional_map("l3-address-data", pass_over_l3_address);
      data.ignore_rest();
    });
    protocol.ignore_rest();
  });
  pass_over(reader, kAttributes, notes);
  refuse_true(reader, "trunk-mode", "connection points carry no VLANs");
}

std::string identity(const std::string& text) {
  for (const std::string_view prefix : {"nfv:", "etsi-nfv-descriptors:", "vnf:", "nsd:", "vnfd:"}) {
    if (text.starts_with(prefix)) return text.substr(prefix.size());
  }
  return text;
}

std::vector<std::string> layer_protocols(YamlReader& reader) {
  static constexpr std::array<std::string_view, 6> kKnown{"ethernet", "mpls", "odu2",
                                                          "ipv4",     "ipv6", "pseudo-wire"};
  auto list = reader.strings("layer-protocol");
  for (auto& each : list) {
    each = identity(each);
    if (std::find(kKnown.begin(), kKnown.end(), each) != kKnown.end()) {
      if (each == "ethernet" || each == "ipv4" || each == "ipv6") continue;
      refuse(reader, "layer-protocol", "links here carry Ethernet and IP, and not " + each);
    } else {
      reader.refuse("layer-protocol", "yaml.unknown-value",
                    "`" + each + "` is no layer protocol of SOL006");
    }
  }
  return list;
}

std::optional<std::uint64_t> scaled(YamlReader& reader, std::string_view key, std::uint64_t factor,
                                    Remainder remainder) {
  const auto text = reader.optional_string(key);
  if (!text) return std::nullopt;
  const auto number = Decimal::parse(*text);
  const auto product = number ? number->times(Decimal::of(static_cast<std::int64_t>(factor)))
                              : Result<Decimal>(number.problem());
  if (!product || product->is_negative()) {
    reader.refuse(
        key, "yaml.wrong-type",
        "a number that is not negative belongs here, and this is `" + text->substr(0, 80) + "`");
    return std::nullopt;
  }
  const std::string digits = product->text();
  const auto point = digits.find('.');
  const std::string whole = digits.substr(0, point);
  if (point != std::string::npos && remainder == Remainder::kRefuse) {
    reader.refuse(key, "yaml.out-of-range", "`" + *text + "` is finer than is counted here");
    return std::nullopt;
  }
  constexpr std::size_t kMostDigits = 18;  // of a 64-bit number, and a unit to round up
  if (whole.size() > kMostDigits) {
    reader.refuse(key, "yaml.out-of-range", "`" + text->substr(0, 80) + "` is too large");
    return std::nullopt;
  }
  return std::stoull(whole) + (point == std::string::npos ? 0 : 1);
}

std::optional<std::uint64_t> megabits(YamlReader& reader, std::string_view key) {
  constexpr std::uint64_t kMost = 1'000'000'000'000;
  const auto number = reader.optional_uint(key, 0, kMost);
  if (!number) return std::nullopt;
  return *number * 1'000'000;
}

}  // namespace terrace::sol006
