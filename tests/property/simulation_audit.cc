#include "tests/property/simulation_audit.h"

#include <map>
#include <set>
#include <tuple>

#include "lifecycle/records.h"

namespace terrace {
namespace {

using record::v1::DelegatedPart;
using record::v1::HoldRecord;

constexpr char kLeafHold[] = "leaf-hold";

class Audit {
 public:
  explicit Audit(Sandbox& sandbox) : sandbox_(sandbox) {}

  std::vector<std::string> run() {
    for (const auto& name : sandbox_.names()) read(name);
    for (const auto& name : sandbox_.names()) {
      check_states(name);
      check_parts(name);
      check_parents(name);
      check_lifecycle(name);
      if (has_infrastructure(name)) {
        check_resources(name);
        check_sold(name);
      }
    }
    check_addresses();
    for (const auto& name : sandbox_.names()) check_catalogue(name);
    return std::move(findings_);
  }

 private:
  // (platform, record's kind)
  using Book = std::pair<std::string, std::string>;

  void found(const std::string& where, const std::string& what) {
    findings_.push_back(where + ": " + what);
  }
  bool has_infrastructure(const std::string& name) {
    return sandbox_.infrastructure(name).inventory.node_size() > 0;
  }
  // Where a platform's leaf keeps its holds.
  Book leaf_book(const std::string& name) {
    return {name, sandbox_.children(name).empty() ? kHoldKind : kLeafHold};
  }

  template <class Visit>
  void each(const std::string& name, const std::string& kind, Visit visit) {
    Query query;
    query.kind = kind;
    query.page_size = Query::kMaxPageSize;
    const auto page = sandbox_.store(name).list(query);
    if (!page) return found(name, describe(page.problem()));
    for (const auto& stored : page->records) visit(stored);
  }

  void read(const std::string& name) {
    for (const std::string kind : {kHoldKind, kLeafHold}) {
      each(name, kind, [&](const Record& stored) {
        HoldRecord record;
        record.ParseFromString(stored.body);
        books_[{name, kind}][{stored.key.tenant, stored.key.id}] = std::move(record);
      });
    }
  }

  std::vector<const HoldRecord*> committed(const Book& book) {
    std::vector<const HoldRecord*> records;
    for (const auto& [key, record] : books_[book])
      if (record.hold().state() == v1::Hold::COMMITTED) records.push_back(&record);
    return records;
  }

  void check_states(const std::string& name) {
    for (const std::string kind : {kHoldKind, kLeafHold}) {
      for (const auto& [key, record] : books_[{name, kind}]) {
        const auto state = record.hold().state();
        const std::string where = name + " " + kind + " " + key.second;
        if (state != v1::Hold::COMMITTED && !ended(state))
          found(where, "still " + v1::Hold::State_Name(state));
        if (state == v1::Hold::FAILED) found(where, "FAILED: " + describe(record.hold().error()));
        if (ended(state) && owes(record)) found(where, "owes releases");
      }
    }
  }

  Book book_of_child(const std::string& name, const std::string& child) {
    return child == PlatformStack::kOwn ? Book{name, kLeafHold} : Book{child, kHoldKind};
  }

  void check_parts(const std::string& name) {
    for (const auto* const record : committed({name, kHoldKind})) {
      for (const auto& part : record->delegation().part()) {
        if (part.state() == DelegatedPart::RELEASED) continue;
        const std::string where = name + " hold " + record->hold().id() + " " + part.name();
        const auto& below = books_[book_of_child(name, part.child())];
        const auto it = below.find({name, part.request().hold_id()});
        const bool live = it != below.end() && !ended(it->second.hold().state());
        // Owed by an attempt that was given up before this one.
        if (part.state() == DelegatedPart::OWED) {
          if (live) found(where, "is owed and there");
          continue;
        }
        if (part.state() != DelegatedPart::COMMITTED)
          found(where, "is " + DelegatedPart::State_Name(part.state()));
        if (!live || it->second.hold().state() != v1::Hold::COMMITTED)
          found(where, "is not committed at " + part.child());
      }
    }
  }

  void check_parents(const std::string& name) {
    for (const std::string kind : {kHoldKind, kLeafHold}) {
      for (const auto* const record : committed({name, kind})) {
        const auto& hold = record->hold();
        if (hold.tenant() == "default") continue;  // a customer's
        if (!has_parent(hold.tenant(), hold.id()))
          found(name + " " + kind + " " + hold.id(), "has no parent at " + hold.tenant());
      }
    }
  }

  bool has_parent(const std::string& parent, const std::string& id) {
    for (const auto* const record : committed({parent, kHoldKind}))
      for (const auto& part : record->delegation().part())
        if (part.request().hold_id() == id && part.state() == DelegatedPart::COMMITTED) return true;
    return false;
  }

  void check_lifecycle(const std::string& name) {
    each(name, kNsInstanceKind, [&](const Record& stored) {
      record::v1::NsRecord record;
      record.ParseFromString(stored.body);
      const auto& book = books_[{name, kHoldKind}];
      const auto it = book.find({stored.key.tenant, record.instance().hold_id()});
      if (it == book.end() || it->second.hold().state() != v1::Hold::COMMITTED)
        found(name + " ns-instance " + stored.key.id,
              "of a hold that is not committed: " +
                  (it == book.end() ? "none" : v1::Hold::State_Name(it->second.hold().state())));
    });
    each(name, kOperationKind, [&](const Record& stored) {
      if (stored.state == "PROCESSING" || stored.state == "ROLLING_BACK")
        found(name + " operation " + stored.key.id, "still " + stored.state);
    });
  }

  void check_resources(const std::string& name) {
    std::set<std::string> holds;
    for (const auto* const record : committed(leaf_book(name))) holds.insert(record->hold().id());
    std::vector<v1::Resource> there;
    sandbox_.stack(name).resources("", [&](Result<std::vector<v1::Resource>> resources) {
      if (resources) there = *resources;
    });
    sandbox_.sim().run_ready();
    std::set<std::string> owners;
    for (const auto& resource : there) {
      owners.insert(resource.hold_id());
      if (!holds.contains(resource.hold_id()))
        found(name, resource.kind() + " " + resource.name() + " has no owner");
    }
    for (const auto& id : holds)
      if (!owners.contains(id)) found(name + " hold " + id, "is committed and not made");
  }

  void check_sold(const std::string& name) {
    const auto& inventory = sandbox_.infrastructure(name).inventory;
    std::uint32_t instances = 0;
    std::set<std::string> attachments;
    std::map<std::uint32_t, std::set<std::string>> segments;
    for (const auto* const record : committed(leaf_book(name))) {
      const auto& hold = record->hold();
      instances += static_cast<std::uint32_t>(hold.proof().vnf_size());
      for (const auto& sap : hold.proof().sap()) {
        const auto& point = sap.attachment_point_id();
        if (!point.empty() && !attachments.insert(point).second)
          found(name, "attachment point " + point + " is sold twice");
      }
      for (const auto& link : hold.envelope().link())
        if (link.has_stitching())
          segments[link.stitching().wan_segment_ids().wan_segment_id_value()].insert(
              link.root_link_id());
    }
    if (instances > inventory.node(0).instances())
      found(name, "more instances sold than there are");
    for (const auto& [id, links] : segments)
      if (links.size() > 1) found(name, "segment " + std::to_string(id) + " carries two links");
    free_[name] = inventory.node(0).instances() - instances;
  }

  void check_addresses() {
    std::map<std::string, std::map<std::string, std::string>> realms;
    for (const auto& name : sandbox_.names()) {
      if (!has_infrastructure(name)) continue;
      for (const auto* const record : committed(leaf_book(name))) {
        auto& taken = realms[record->hold().proof().realm()];
        for (const auto& vnf : record->hold().proof().vnf())
          for (const auto& cp : vnf.cp())
            for (const auto& address : cp.address()) {
              const auto [it, fresh] = taken.emplace(address, name);
              if (!fresh) found(name, address + " is in one realm twice, also at " + it->second);
            }
      }
    }
  }

  // Offers keep their location on the way up, and here a location is a platform's name.
  void check_catalogue(const std::string& name) {
    const v1::Catalogue catalogue = sandbox_.catalogue(name);
    for (const auto& offer : catalogue.offer()) {
      const auto& pop = offer.location().nfvi_pop();
      const std::uint32_t left = offer.capacity().instances_left();
      if (left != free_[pop])
        found(name, "publishes " + std::to_string(left) + " left at " + pop + " where there are " +
                        std::to_string(free_[pop]));
    }
  }

  Sandbox& sandbox_;
  std::map<Book, std::map<std::pair<std::string, std::string>, HoldRecord>> books_;
  std::map<std::string, std::uint32_t> free_;
  std::vector<std::string> findings_;
};

}  // namespace

std::vector<std::string> audit(Sandbox& sandbox) {
  return Audit(sandbox).run();
}

}  // namespace terrace
