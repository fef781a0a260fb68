#include "southbound/leaf/functions.h"

#include <algorithm>
#include <set>
#include <utility>

#include "recursion/fragment_view.h"

namespace terrace {
namespace {

using driver::v1::Function;
using driver::v1::Inventory;

const Function* by_name(const Inventory& inventory, const std::string& name) {
  for (const Function& function : inventory.function()) {
    if (function.name() == name) return &function;
  }
  return nullptr;
}

bool has_image(const Function& function, const std::string& image) {
  const auto& images = function.image();
  return !image.empty() && std::find(images.begin(), images.end(), image) != images.end();
}

ProblemBuilder unknown_function(const LeafConfig& config, const Inventory& inventory,
                                const std::string& vnfd_id, const std::string& asked) {
  std::string images;
  for (const LeafFunction& sold : config.function) {
    const Function* function = by_name(inventory, sold.function);
    if (function == nullptr || !sold.brought) continue;
    for (const std::string& image : function->image()) {
      images += (images.empty() ? "" : ", ") + image;
    }
  }
  auto problem = make_problem(Problem::NOT_FOUND, "function.unknown",
                              "this platform has nothing that runs VNFD '" + vnfd_id + "'")
                     .at_path("fragment.function")
                     .constraint("image", images.empty() ? "none is brought here" : images, asked);
  if (images.empty()) return problem;
  return std::move(problem).possible("bring a descriptor with one of the images " + images);
}

// An image of the descriptor, by either of its names, that a function offered here has.
struct Match {
  const LeafFunction* sold = nullptr;
  const Function* function = nullptr;
  std::string image;
};

Match match_image(const LeafConfig& config, const Inventory& inventory,
                  const v1::SwImageDesc& image) {
  for (const LeafFunction& sold : config.function) {
    const Function* function = by_name(inventory, sold.function);
    if (function == nullptr || !sold.brought) continue;
    for (const std::string& name : {image.image(), image.name()}) {
      if (has_image(*function, name)) return {&sold, function, name};
    }
  }
  return {};
}

Result<Match> match_brought(const LeafConfig& config, const Inventory& inventory,
                            const v1::Vnfd& vnfd) {
  Match found;
  for (const v1::SwImageDesc& image : vnfd.sw_image_desc()) {
    const std::string asked = image.image().empty() ? image.name() : image.image();
    const Match match = match_image(config, inventory, image);
    if (match.function == nullptr) return unknown_function(config, inventory, vnfd.id(), asked);
    if (found.function != nullptr && found.function != match.function) {
      return make_problem(Problem::INVALID_ARGUMENT, "function.several",
                          "the images of VNFD '" + vnfd.id() + "' are different functions")
          .constraint("image", found.image, match.image)
          .possible("describe each function by a VNFD of its own");
    }
    if (found.function == nullptr) found = match;
  }
  if (found.function == nullptr) return unknown_function(config, inventory, vnfd.id(), "no image");
  return found;
}

// A function whose descriptor is the provider's own.
const LeafFunction* find_own(const LeafConfig& config, const std::string& vnfd_id) {
  for (const LeafFunction& sold : config.function) {
    if (sold.descriptor && sold.descriptor->id() == vnfd_id) return &sold;
  }
  return nullptr;
}

Result<Match> match_own(const Inventory& inventory, const LeafFunction& own,
                        const v1::FunctionRef& ref) {
  if (!ref.vnfd_digest().empty() && ref.vnfd_digest() != own.descriptor_digest) {
    return make_problem(Problem::FAILED_PRECONDITION, "descriptor.other-content",
                        "VNFD '" + ref.vnfd_id() + "' has other content here")
        .at_path("fragment.function")
        .constraint("vnfd-digest", own.descriptor_digest, ref.vnfd_digest())
        .possible("order by the digest that the catalogue names, or bring it under another id");
  }
  const Function* function = by_name(inventory, own.function);
  if (function == nullptr) {
    return problem(Problem::NOT_FOUND, "function.unknown",
                   "the infrastructure has no function '" + own.function + "'");
  }
  return Match{&own, function, function->image_size() > 0 ? function->image(0) : ""};
}

Status set_parameter(const Function& function, const std::string& profile_id,
                     const std::string& key, const std::string& value, ResolvedFunction& into) {
  const auto& known = function.parameter();
  if (std::find(known.begin(), known.end(), key) != known.end()) {
    into.parameter[key] = value;
    return {};
  }
  std::string names;
  for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
  return make_problem(Problem::INVALID_ARGUMENT, "function.unknown-parameter",
                      "function '" + function.name() + "' has no parameter '" + key + "'")
      .at_resource("vnf-profile/" + profile_id)
      .constraint("parameter", names.empty() ? "none" : names, key);
}

Status set_parameters(const v1::Fragment& fragment, const v1::Vnfd& vnfd,
                      const std::string& profile_id, ResolvedFunction& into) {
  for (const auto& property : vnfd.configurable_properties()) {
    if (!property.has_default_value()) continue;
    Status status =
        set_parameter(*into.function, profile_id, property.key(), property.default_value(), into);
    if (!status) return status;
  }
  for (const auto& params : fragment.params().additional_params_for_vnf()) {
    if (params.vnf_profile_id() != profile_id) continue;
    for (const auto& param : params.additional_params()) {
      Status status = set_parameter(*into.function, profile_id, param.key(), param.value(), into);
      if (!status) return status;
    }
  }
  return {};
}

Result<ResolvedFunction> resolve(const LeafConfig& config, const Inventory& inventory,
                                 const v1::Fragment& fragment, const v1::VnfProfile& profile) {
  v1::FunctionRef ref;
  ref.set_vnfd_id(profile.vnfd_id());
  for (const auto& entry : fragment.function()) {
    if (entry.vnfd_id() == profile.vnfd_id()) ref = entry;
  }
  const LeafFunction* own = find_own(config, ref.vnfd_id());
  if (own == nullptr && !ref.has_vnfd()) {
    return unknown_function(config, inventory, ref.vnfd_id(), "a descriptor that is not brought");
  }
  auto match = own != nullptr ? match_own(inventory, *own, ref)
                              : match_brought(config, inventory, ref.vnfd());
  if (!match) return std::move(match).problem();
  const v1::Vnfd& vnfd = own != nullptr ? *own->descriptor : ref.vnfd();

  ResolvedFunction resolved;
  resolved.function = match->function;
  resolved.sold = match->sold;
  resolved.image = match->image;
  resolved.vnfd_id = ref.vnfd_id();
  resolved.vnfd_digest = own != nullptr ? own->descriptor_digest : ref.vnfd_digest();
  const FunctionSize size = size_of(vnfd, profile.flavour_id(), profile.instantiation_level());
  resolved.vcpus = size.vcpus;
  resolved.memory_mib = size.memory_mib;
  Status status = set_parameters(fragment, vnfd, profile.id(), resolved);
  if (!status) return std::move(status).problem();
  return resolved;
}

}  // namespace

std::map<std::string, FunctionFacts> facts_of(
    const std::map<std::string, ResolvedFunction>& functions) {
  std::map<std::string, FunctionFacts> facts;
  for (const auto& [profile_id, resolved] : functions) {
    facts[profile_id] = {resolved.function->behaviour(), resolved.function->service()};
  }
  return facts;
}

FunctionSize size_of(const v1::Vnfd& vnfd, const std::string& flavour_id,
                     const std::string& level_id) {
  const v1::VnfDf* flavour = nullptr;
  for (const auto& df : vnfd.df()) {
    if (flavour == nullptr || df.id() == flavour_id) flavour = &df;
  }
  std::map<std::string, std::uint32_t> count;
  if (flavour != nullptr) {
    for (const auto& profile : flavour->vdu_profile()) {
      count[profile.id()] = std::max(1U, profile.min_number_of_instances());
    }
    const std::string& level = level_id.empty() ? flavour->default_instantiation_level() : level_id;
    for (const auto& known : flavour->instantiation_level()) {
      if (known.id() != level) continue;
      for (const auto& vdu : known.vdu_level()) count[vdu.vdu_id()] = vdu.number_of_instances();
    }
  }
  FunctionSize size;
  // A flavour that says nothing of VDUs has one of each.
  const std::uint32_t unnamed = count.empty() ? 1 : 0;
  for (const auto& vdu : vnfd.vdu()) {
    const auto at = count.find(vdu.id());
    const std::uint32_t instances = at == count.end() ? unnamed : at->second;
    for (const auto& compute : vnfd.virtual_compute_desc()) {
      if (compute.id() != vdu.virtual_compute_desc()) continue;
      size.vcpus += instances * compute.num_virtual_cpu();
      size.memory_mib += instances * compute.virtual_memory_mib();
    }
  }
  return size;
}

Result<std::map<std::string, ResolvedFunction>> resolve_functions(const LeafConfig& config,
                                                                  const Inventory& inventory,
                                                                  const v1::Fragment& fragment) {
  std::set<std::string> wanted;
  for (const Slot& slot : slots_of(fragment)) wanted.insert(slot.vnf_profile_id);
  std::map<std::string, ResolvedFunction> resolved;
  const v1::NsDf* flavour = flavour_of(fragment);
  if (flavour == nullptr) return resolved;
  for (const auto& profile : flavour->vnf_profile()) {
    if (!wanted.contains(profile.id())) continue;
    auto one = resolve(config, inventory, fragment, profile);
    if (!one) return std::move(one).problem();
    resolved[profile.id()] = *std::move(one);
  }
  return resolved;
}

}  // namespace terrace
