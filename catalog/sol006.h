// SOL006 (v3.6.1), read from a YAML tree: the parts of descriptor_importer.h, a file each. Shapes
// and defaults are the YANG's; etsi-nfv-*.yang is what to look them up in.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/strict_yaml.h"
#include "terrace/v1/descriptor.pb.h"

namespace terrace::sol006 {

using Notes = std::vector<Problem>;

// What becomes of an attribute that descriptor.proto has no place for.
enum class Treatment {
  // For people or other tools only; kept in the original bytes.
  kDocument,
  // Would have an effect elsewhere, has none here, and the service is what its author meant without
  // it: a note.
  kNote,
  // The service would not be what its author meant: refused.
  kRefuse,
};

struct Unhonoured {
  std::string_view key;
  Treatment treatment = Treatment::kNote;
  // For a note or a refusal: why, as the end of a sentence.
  std::string_view why;
  bool mandatory = false;
};

// Deals with those of `attributes` that are there (and the mandatory ones that are not).
void pass_over(YamlReader& reader, std::span<const Unhonoured> attributes, Notes& notes);

// The attributes every connection point has (grouping `cpd`), but for its id, description and
// layer protocols.
void pass_over_cpd(YamlReader& reader, Notes& notes);

// An identity without the module's prefix: "nfv:block" is "block".
std::string identity(const std::string& text);
std::vector<std::string> layer_protocols(YamlReader& reader);

// "4.0" GB as 4096: a unit of 1000 for every unit of the text (a decimal), exactly; what is left of
// a unit is a problem, or rounded up. Refuses what is no decimal, negative or too large.
enum class Remainder { kRefuse, kRoundUp };
std::optional<std::uint64_t> scaled(YamlReader& reader, std::string_view key, std::uint64_t factor,
                                    Remainder remainder);
// Megabits a second as bits a second.
std::optional<std::uint64_t> megabits(YamlReader& reader, std::string_view key);

// The item `index` of a repeated field, which grows as needed: indices stay those of the document,
// also where an item could not be read.
template <class Field>
auto& item_at(Field& field, std::size_t index) {
  while (static_cast<std::size_t>(field.size()) <= index) field.Add();
  return *field.Mutable(static_cast<int>(index));
}

v1::Nsd read_nsd(YamlReader& reader, Notes& notes);
v1::Vnfd read_vnfd(YamlReader& reader, Notes& notes);

// sol006_ns_df.cc, sol006_forwarding.cc
void read_ns_df(YamlReader& reader, v1::NsDf& df, Notes& notes);
// Precondition: SAPs, links and flavours of the NSD are read.
void read_vnffgd(YamlReader& reader, const v1::Nsd& nsd, v1::Vnffgd& graph, Notes& notes);

// "protocol=tcp AND destination-port=80-443": assertions of IFA014's NfpRule, joined by AND. The
// standard says no more of the rule's text than that; OR and NOT are refused.
std::optional<v1::NfpRule> read_rule(YamlReader& reader, std::string_view key);

}  // namespace terrace::sol006
