// The placement problem as variables, options and constraints: what the search of placement.cc
// walks. Part of place(); a view of the request.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/money.h"
#include "recursion/placement.h"

namespace terrace {

// One way to satisfy a variable: an offer for a slot, an attachment point for a SAP.
struct PlacementOption {
  std::size_t child = 0;
  const v1::Offer* offer = nullptr;
  const v1::AttachmentPoint* attachment_point = nullptr;
  // What a year costs; zero for attachment points.
  Decimal cost;
  std::string currency;
};

// A slot or a customer's SAP.
struct PlacementVariable {
  std::optional<Slot> slot;
  std::string sapd_id;
  std::vector<std::string> links;
  // Cheapest first, then in the order of children and their offers.
  std::vector<PlacementOption> options;
  // The variable before this one of the same profile: it takes no later option than this one.
  std::optional<std::size_t> twin;
};

// An offer for a profile's function that cannot be taken, whatever the rest does.
struct Unfit {
  std::string vnf_profile_id;
  std::size_t child = 0;
  const v1::Offer* offer = nullptr;
  // "location", "capacity", "refused", "price"
  std::string constraint;
  std::string reason;
};

enum class Rule { kLinks, kCapacity, kAffinity, kRefusals, kCurrency };

// Of each variable the option's index, or kOpen.
using Choice = std::vector<std::size_t>;
inline constexpr std::size_t kOpen = static_cast<std::size_t>(-1);

class PlacementModel {
 public:
  explicit PlacementModel(const PlacementRequest& request);

  const PlacementRequest& request() const { return request_; }
  const std::vector<PlacementVariable>& variables() const { return variables_; }
  const std::vector<Unfit>& unfit() const { return unfit_; }
  const std::set<std::string>& links() const { return links_; }

  // Whether what is chosen so far can be part of an answer. Choosing more never makes a broken rule
  // whole. `relaxed` is not looked at.
  bool fits(const Choice& choice, const std::set<Rule>& relaxed) const {
    return !broken(choice, relaxed);
  }
  // The rule that is broken, in words without children's names.
  struct Broken {
    Rule rule;
    std::string what;
  };
  std::optional<Broken> broken(const Choice& choice, const std::set<Rule>& relaxed) const;

  // Links whose members chosen so far are at two or more children.
  std::size_t cuts(const Choice& choice) const;

  // How a link can be stitched among the children of its members; nothing when it cannot.
  std::optional<StitchChoice> stitching(const Choice& choice, const std::string& link_id) const;

  const PlacementOption& option(const Choice& choice, std::size_t variable) const {
    return variables_[variable].options[choice[variable]];
  }

 private:
  struct Group {
    std::string id;
    bool is_anti = false;
    std::string scope;
    std::vector<std::size_t> members;
  };

  void add_saps();
  void add_slots();
  void add_groups();
  void add_options(PlacementVariable& variable, const v1::VnfProfile& profile, bool is_first);
  std::optional<Unfit> unfit_for(const v1::VnfProfile& profile, std::size_t child,
                                 const v1::Offer& offer) const;
  const v1::FunctionRef* function_of(const std::string& vnfd_id) const;

  std::set<std::size_t> children_on(const Choice& choice, const std::string& link_id) const;
  bool reaches(const Choice& choice, const std::string& link_id, std::size_t child,
               const std::string& id) const;
  std::optional<StitchChoice> stitch(const Choice& choice, const std::string& link_id,
                                     const std::string& underlay,
                                     const std::set<std::size_t>& children) const;

  std::optional<Broken> broken_link(const Choice& choice, const std::string& link_id) const;
  std::optional<Broken> broken_outside(const Choice& choice, const std::string& link_id,
                                       const v1::LinkEnvelope& envelope) const;
  std::optional<Broken> broken_capacity(const Choice& choice) const;
  std::optional<Broken> broken_affinity(const Choice& choice) const;
  std::optional<Broken> broken_refusal(const Choice& choice) const;
  std::optional<Broken> broken_price(const Choice& choice) const;

  const PlacementRequest& request_;
  std::vector<PlacementVariable> variables_;
  std::vector<Unfit> unfit_;
  std::set<std::string> links_;
  std::map<std::string, std::vector<std::size_t>> members_;  // by link: variables
  std::vector<Group> groups_;
};

// What one instance of the function needs of a place.
struct Need {
  std::uint32_t vcpus = 0;
  std::uint64_t memory_mib = 0;
};
Need need_of(const v1::FunctionRef* function, const v1::VnfProfile& profile);

}  // namespace terrace
