// Which offers and attachment points come into question at all.
#include <algorithm>

#include "recursion/fragment_view.h"
#include "recursion/placement_model.h"

namespace terrace {

namespace {

constexpr std::uint32_t kMonthsRanked = 12;

const v1::VnfProfile* profile_of(const v1::Fragment& fragment, const std::string& id) {
  for (const auto& profile : flavour_of(fragment)->vnf_profile()) {
    if (profile.id() == id) return &profile;
  }
  return nullptr;
}

// SOL006's sw-image-desc names the image; a catalogue lists those its functions resolve.
bool runs_images(const v1::FunctionOffer& offer, const v1::Vnfd& vnfd) {
  const auto& known = offer.image();
  const auto has = [&](const std::string& image) {
    return !image.empty() && std::find(known.begin(), known.end(), image) != known.end();
  };
  const auto& images = vnfd.sw_image_desc();
  if (images.empty() || known.empty()) return false;
  return std::all_of(images.begin(), images.end(),
                     [&](const auto& image) { return has(image.image()) || has(image.name()); });
}

bool offers_function(const v1::FunctionOffer& offer, const v1::FunctionRef& function) {
  if (!offer.vnfd_id().empty() && offer.vnfd_id() == function.vnfd_id()) {
    return offer.vnfd_digest().empty() || function.vnfd_digest().empty() ||
           offer.vnfd_digest() == function.vnfd_digest();
  }
  if (!offer.brought() || !function.has_vnfd()) return false;
  if (runs_images(offer, function.vnfd())) return true;
  // Without images to go by, by what it does.
  const bool is_without_images = offer.image().empty() || function.vnfd().sw_image_desc().empty();
  return is_without_images && !offer.capability().empty() &&
         offer.capability() == function.vnfd().product_name();
}

bool field_matches(const std::string& wanted, const std::string& offered) {
  return wanted.empty() || wanted == offered;
}

bool matches(const v1::Location& wanted, const v1::Location& offered) {
  return field_matches(wanted.nfvi_pop(), offered.nfvi_pop()) &&
         field_matches(wanted.zone(), offered.zone()) &&
         field_matches(wanted.zone_group(), offered.zone_group()) &&
         field_matches(wanted.nfvi_node(), offered.nfvi_node()) &&
         field_matches(wanted.country_code(), offered.country_code());
}

bool is_too_big(const Need& need, const v1::Capacity& capacity) {
  const auto lacks = [](bool is_said, auto has, auto needs) { return is_said && has < needs; };
  return lacks(capacity.has_instances_left(), capacity.instances_left(), 1U) ||
         lacks(capacity.has_instances_largest(), capacity.instances_largest(), 1U) ||
         lacks(capacity.has_vcpus_largest(), capacity.vcpus_largest(), need.vcpus) ||
         lacks(capacity.has_memory_mib_largest(), capacity.memory_mib_largest(), need.memory_mib);
}

}  // namespace

Need need_of(const v1::FunctionRef* function, const v1::VnfProfile&) {
  Need need;
  if (function == nullptr || !function->has_vnfd()) return need;
  for (const auto& vdu : function->vnfd().vdu()) {
    for (const auto& compute : function->vnfd().virtual_compute_desc()) {
      if (compute.id() != vdu.virtual_compute_desc()) continue;
      need.vcpus += compute.num_virtual_cpu();
      need.memory_mib += compute.virtual_memory_mib();
    }
  }
  return need;
}

PlacementModel::PlacementModel(const PlacementRequest& request) : request_(request) {
  add_saps();
  add_slots();
  for (std::size_t i = 0; i < variables_.size(); ++i) {
    for (const auto& link : variables_[i].links) {
      auto& members = members_[link];
      if (members.empty() || members.back() != i) members.push_back(i);
      links_.insert(link);
    }
  }
  add_groups();
}

void PlacementModel::add_saps() {
  for (const auto& sapd : request_.fragment->nsd().sapd()) {
    if (is_cut_sap(sapd.id())) continue;
    PlacementVariable variable;
    variable.sapd_id = sapd.id();
    variable.links = {link_of_sap(*request_.fragment, sapd)};
    const v1::SapData* data = sap_data_of(*request_.fragment, sapd.id());
    const std::string named = data == nullptr ? "" : data->attachment_point_id();
    for (std::size_t child = 0; child < request_.children.size(); ++child) {
      for (const auto& point : request_.children[child].catalogue->attachment_point()) {
        if (point.in_use() || (!named.empty() && point.id() != named)) continue;
        PlacementOption option;
        option.child = child;
        option.attachment_point = &point;
        variable.options.push_back(option);
      }
    }
    variables_.push_back(std::move(variable));
  }
}

void PlacementModel::add_slots() {
  std::map<std::string, std::size_t> last;
  for (const auto& slot : request_.fragment->slot()) {
    const auto* profile = profile_of(*request_.fragment, slot.vnf_profile_id());
    if (profile == nullptr) continue;
    PlacementVariable variable;
    variable.slot = Slot{slot.vnf_profile_id(), slot.index()};
    for (const auto& connectivity : profile->virtual_link_connectivity()) {
      variable.links.push_back(connectivity.virtual_link_profile_id());
    }
    const auto twin = last.find(profile->id());
    if (twin != last.end()) variable.twin = twin->second;
    add_options(variable, *profile, twin == last.end());
    last[profile->id()] = variables_.size();
    variables_.push_back(std::move(variable));
  }
}

void PlacementModel::add_options(PlacementVariable& variable, const v1::VnfProfile& profile,
                                 bool is_first) {
  const auto* function = function_of(profile.vnfd_id());
  for (std::size_t child = 0; child < request_.children.size(); ++child) {
    for (const auto& offer : request_.children[child].catalogue->offer()) {
      if (function == nullptr || !offer.has_function()) continue;
      if (!offers_function(offer.function(), *function)) continue;
      if (auto unfit = unfit_for(profile, child, offer)) {
        if (is_first) unfit_.push_back(*std::move(unfit));
        continue;
      }
      const auto money = total(offer.price(), kMonthsRanked);
      PlacementOption option{child, &offer, nullptr, {}, {}};
      if (money && !money->amount().empty()) {
        option.cost = *Decimal::parse(money->amount());
        option.currency = money->currency();
      }
      variable.options.push_back(std::move(option));
    }
  }
  std::stable_sort(variable.options.begin(), variable.options.end(),
                   [](const auto& a, const auto& b) { return a.cost < b.cost; });
}

std::optional<Unfit> PlacementModel::unfit_for(const v1::VnfProfile& profile, std::size_t child,
                                               const v1::Offer& offer) const {
  const auto unfit = [&](const char* constraint, const char* reason) {
    return Unfit{profile.id(), child, &offer, constraint, reason};
  };
  for (const auto& place : request_.fragment->params().location_constraints()) {
    if (place.vnf_profile_id() == profile.id() && !matches(place.location(), offer.location())) {
      return unfit("location", "it is not where the order wants the function");
    }
  }
  if (is_too_big(need_of(function_of(profile.vnfd_id()), profile), offer.capacity())) {
    return unfit("capacity", "there is no room for one instance");
  }
  for (const auto& refusal : request_.refusals) {
    if (refusal.child() != request_.children[child].name) continue;
    const auto& profiles = refusal.vnf_profile_id();
    const bool is_all = std::all_of(profiles.begin(), profiles.end(),
                                    [&](const auto& id) { return id == profile.id(); });
    if (is_all) return unfit("refused", "it refused this order before");
  }
  const auto money = total(offer.price(), kMonthsRanked);
  if (!money || (!money->amount().empty() && !Decimal::parse(money->amount()))) {
    return unfit("price", "its price cannot be reckoned with");
  }
  return std::nullopt;
}

const v1::FunctionRef* PlacementModel::function_of(const std::string& vnfd_id) const {
  for (const auto& function : request_.fragment->function()) {
    if (function.vnfd_id() == vnfd_id) return &function;
  }
  return nullptr;
}

void PlacementModel::add_groups() {
  const v1::NsDf& df = *flavour_of(*request_.fragment);
  const auto members_of = [&](auto&& belongs) {
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < variables_.size(); ++i) {
      if (!variables_[i].slot) continue;
      const auto* profile = profile_of(*request_.fragment, variables_[i].slot->vnf_profile_id);
      if (belongs(*profile)) members.push_back(i);
    }
    return members;
  };
  for (const auto& group : df.affinity_or_anti_affinity_group()) {
    const auto members = members_of([&](const v1::VnfProfile& profile) {
      const auto& ids = profile.affinity_or_anti_affinity_group_id();
      return std::find(ids.begin(), ids.end(), group.id()) != ids.end();
    });
    groups_.push_back(
        {group.id(), group.affinity_type() == "anti-affinity", group.affinity_scope(), members});
  }
  for (const auto& profile : df.vnf_profile()) {
    for (const auto& rule : profile.local_affinity_or_anti_affinity_rule()) {
      const auto members =
          members_of([&](const v1::VnfProfile& one) { return one.id() == profile.id(); });
      groups_.push_back(
          {profile.id(), rule.affinity_type() == "anti-affinity", rule.affinity_scope(), members});
    }
  }
}

}  // namespace terrace
