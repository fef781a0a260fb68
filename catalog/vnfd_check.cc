#include <map>

#include "catalog/check_list.h"
#include "catalog/descriptor_check.h"

namespace terrace {
namespace {

std::string item(const std::string& path, std::string_view list, int index) {
  return path + (path.empty() ? "" : ".") + std::string(list) + "[" + std::to_string(index) + "]";
}

class VnfdCheck {
 public:
  explicit VnfdCheck(const v1::Vnfd& vnfd) : vnfd_(vnfd) {}

  std::vector<Problem> run() {
    if (!CheckList::is_sound(vnfd_.id())) {
      list_.add("id", "descriptor.bad-id", "an id has at most 255 bytes and no control characters");
    }
    vdus_ = list_.unique("vdu", vnfd_.vdu(), "VDU");
    const auto computes =
        list_.unique("virtual-compute-desc", vnfd_.virtual_compute_desc(), "virtual compute");
    const auto storages =
        list_.unique("virtual-storage-desc", vnfd_.virtual_storage_desc(), "virtual storage");
    const auto images = list_.unique("sw-image-desc", vnfd_.sw_image_desc(), "software image");
    list_.unique("ext-cpd", vnfd_.ext_cpd(), "external connection point");
    list_.unique("df", vnfd_.df(), "deployment flavour");
    list_.unique(
        "configurable-properties.additional-configurable-property", vnfd_.configurable_properties(),
        "property", [](const auto& each) -> const std::string& { return each.key(); }, "key");
    for (int i = 0; i < vnfd_.vdu_size(); ++i) {
      const auto& vdu = vnfd_.vdu(i);
      const auto at = item("", "vdu", i);
      list_.reference(at + ".virtual-compute-desc", vdu.virtual_compute_desc(), computes,
                      "virtual compute");
      list_.reference(at + ".sw-image-desc", vdu.sw_image_desc(), images, "software image");
      for (int j = 0; j < vdu.virtual_storage_desc_size(); ++j) {
        list_.reference(item(at, "virtual-storage-desc", j), vdu.virtual_storage_desc(j), storages,
                        "virtual storage");
      }
      list_.unique(at + ".int-cpd", vdu.int_cpd_id(), "internal connection point",
                   [](const auto& id) -> const std::string& { return id; });
    }
    check_ext_cpds();
    for (int i = 0; i < vnfd_.df_size(); ++i) check_df(vnfd_.df(i), item("", "df", i));
    return list_.take();
  }

 private:
  void check_ext_cpds() {
    std::map<std::string, std::set<std::string>> cpds;
    for (const auto& vdu : vnfd_.vdu()) {
      cpds[vdu.id()] = {vdu.int_cpd_id().begin(), vdu.int_cpd_id().end()};
    }
    for (int i = 0; i < vnfd_.ext_cpd_size(); ++i) {
      const auto& cpd = vnfd_.ext_cpd(i);
      const auto at = item("", "ext-cpd", i) + ".int-cpd";
      list_.reference(at + ".vdu-id", cpd.int_cpd_vdu_id(), vdus_, "VDU");
      const auto found = cpds.find(cpd.int_cpd_vdu_id());
      if (found == cpds.end()) continue;
      list_.reference(at + ".cpd", cpd.int_cpd_cpd(), found->second,
                      "connection point of the VDU `" + cpd.int_cpd_vdu_id() + "`");
    }
  }

  void check_df(const v1::VnfDf& df, const std::string& path) {
    list_.unique(path + ".vdu-profile", df.vdu_profile(), "VDU profile");
    std::map<std::string, const v1::VnfDf::VduProfile*> profiles;
    for (int i = 0; i < df.vdu_profile_size(); ++i) {
      const auto& profile = df.vdu_profile(i);
      const auto at = item(path, "vdu-profile", i);
      profiles[profile.id()] = &profile;
      list_.reference(at + ".id", profile.id(), vdus_, "VDU");
      if (profile.min_number_of_instances() > profile.max_number_of_instances()) {
        list_.add(at + ".min-number-of-instances", "descriptor.out-of-bounds",
                  "the least number of instances is above the greatest");
      }
    }
    const auto levels =
        list_.unique(path + ".instantiation-level", df.instantiation_level(), "level");
    for (int i = 0; i < df.instantiation_level_size(); ++i) {
      check_level(df.instantiation_level(i), item(path, "instantiation-level", i), profiles);
    }
    list_.reference(path + ".default-instantiation-level", df.default_instantiation_level(), levels,
                    "instantiation level");
    if (levels.size() > 1 && df.default_instantiation_level().empty()) {
      list_.add(path, "descriptor.no-default-level",
                "with several levels, `default-instantiation-level` names the usual one");
    }
  }

  void check_level(const v1::VnfDf::VnfInstantiationLevel& level, const std::string& path,
                   const std::map<std::string, const v1::VnfDf::VduProfile*>& profiles) {
    list_.unique(
        path + ".vdu-level", level.vdu_level(), "VDU level",
        [](const auto& each) -> const std::string& { return each.vdu_id(); }, "vdu-id");
    for (int i = 0; i < level.vdu_level_size(); ++i) {
      const auto& vdu = level.vdu_level(i);
      const auto at = item(path, "vdu-level", i);
      list_.reference(at + ".vdu-id", vdu.vdu_id(), vdus_, "VDU");
      const auto found = profiles.find(vdu.vdu_id());
      if (found == profiles.end()) continue;
      const auto& profile = *found->second;
      if (vdu.number_of_instances() < profile.min_number_of_instances() ||
          vdu.number_of_instances() > profile.max_number_of_instances()) {
        auto& problem = list_.add(at + ".number-of-instances", "descriptor.out-of-bounds",
                                  "the VDU's profile does not admit so many instances");
        problem.mutable_constraint()->set_name("instances");
        problem.mutable_constraint()->set_limit(std::to_string(profile.min_number_of_instances()) +
                                                ".." +
                                                std::to_string(profile.max_number_of_instances()));
        problem.mutable_constraint()->set_actual(std::to_string(vdu.number_of_instances()));
      }
    }
  }

  const v1::Vnfd& vnfd_;
  CheckList list_;
  std::set<std::string> vdus_;
};

}  // namespace

std::vector<Problem> check_vnfd(const v1::Vnfd& vnfd) {
  return VnfdCheck(vnfd).run();
}

}  // namespace terrace
