#include "catalog/descriptor_importer.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "catalog/cross_check.h"

namespace terrace {
namespace {

using testing::HasSubstr;

std::string example(const std::string& name) {
  const std::string path =
      std::string(TERRACE_SOURCE_DIR) + "/examples/three-tier/descriptors/" + name;
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

struct WebShop {
  v1::Nsd nsd;
  std::vector<v1::Vnfd> vnfds;

  WebShop() {
    std::vector<Problem> notes;
    for (const auto* name : {"firewall", "nat", "loadbalancer", "web"}) {
      const auto file = std::string(name) + ".vnfd.yaml";
      auto vnfd = import_vnfd(example(file), file, notes);
      EXPECT_TRUE(vnfd) << describe(vnfd.problem());
      if (vnfd) vnfds.push_back(*std::move(vnfd));
    }
    auto imported = import_nsd(example("web-shop.nsd.yaml"), "web-shop.nsd.yaml", notes);
    EXPECT_TRUE(imported) << describe(imported.problem());
    if (imported) nsd = *std::move(imported);
    EXPECT_TRUE(notes.empty()) << describe(notes.front());
  }

  Status check() const {
    std::vector<const v1::Vnfd*> there;
    for (const auto& each : vnfds) there.push_back(&each);
    return cross_check(nsd, there, {});
  }
};

TEST(Descriptors, TheExampleImportsWithoutANoteAndFitsTogether) {
  const WebShop shop;
  const auto checked = shop.check();
  EXPECT_TRUE(checked) << describe(checked.problem());
  ASSERT_EQ(shop.nsd.vnffgd_size(), 1);
  const auto& path = shop.nsd.vnffgd(0).nfpd(0);
  ASSERT_EQ(path.position_size(), 5);
  EXPECT_EQ(path.position(0).sapd_id(), "client");
  EXPECT_EQ(path.position(1).ingress_cpd_id(), "left");
  EXPECT_EQ(path.position(1).egress_cpd_id(), "right");
  EXPECT_EQ(path.position(4).ingress_cpd_id(), "service");
  EXPECT_EQ(path.position(4).egress_cpd_id(), "");
  EXPECT_EQ(shop.nsd.df(0).default_ns_instantiation_level_id(), "two");
  EXPECT_EQ(shop.nsd.df(0).virtual_link_profile(0).max_bitrate_root(), 100'000'000U);
  EXPECT_EQ(shop.nsd.virtual_link_desc(0).df(0).qos().latency_us(), 50'000U);
}

TEST(Descriptors, CrossCheckFindsWhatIsNotThere) {
  WebShop shop;
  shop.vnfds.erase(shop.vnfds.begin() + 1);  // nat
  shop.vnfds[0].mutable_ext_cpd(1)->set_id("outside");
  shop.vnfds[1].mutable_df(0)->set_id("small");
  shop.vnfds[2].mutable_df(0)->mutable_instantiation_level(0)->set_id("other");
  const auto checked = shop.check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.problem().code(), Problem::FAILED_PRECONDITION);
  std::vector<std::string> paths;
  for (const auto& cause : checked.problem().causes()) paths.push_back(cause.where(0).path());
  EXPECT_THAT(paths,
              testing::ElementsAre(
                  "vnfd-id[1]",
                  "df[0].vnf-profile[0].virtual-link-connectivity[1].constituent-cpd-id[0]"
                  ".constituent-cpd-id",
                  "df[0].vnf-profile[2].flavour-id", "df[0].vnf-profile[3].instantiation-level"));
}

TEST(Descriptors, CyclesOfNestedServicesAreFound) {
  v1::Nsd a, b, c;
  a.set_id("a");
  a.add_nested_nsd_id("b");
  b.set_id("b");
  b.add_nested_nsd_id("c");
  c.set_id("c");
  const std::vector<const v1::Nsd*> all{&a, &b, &c};
  EXPECT_TRUE(cross_check(a, {}, all));
  c.add_nested_nsd_id("a");
  const auto checked = cross_check(a, {}, all);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.problem().causes(0).type(), "descriptor.cyclic");
}

TEST(Descriptors, SniffTellsKindAndFormat) {
  const auto nsd = sniff_descriptor(example("web-shop.nsd.yaml"), "f");
  ASSERT_TRUE(nsd);
  EXPECT_EQ(nsd->kind, DescriptorKind::kNsd);
  EXPECT_EQ(nsd->format, v1::SOL006_YAML);
  const auto vnfd =
      sniff_descriptor(R"({"etsi-nfv-descriptors:nfv": {"vnfd": [{"id": "a"}]}})", "f");
  ASSERT_TRUE(vnfd);
  EXPECT_EQ(vnfd->kind, DescriptorKind::kVnfd);
  EXPECT_EQ(vnfd->format, v1::SOL006_JSON);
  const auto wrong = sniff_descriptor("hello: world\n", "f");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.problem().causes(0).what(), HasSubstr("`hello` is no descriptor's root"));
}

TEST(Descriptors, AnNsdIsNoVnfd) {
  std::vector<Problem> notes;
  const auto wrong = import_vnfd(example("web-shop.nsd.yaml"), "shop.yaml", notes);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.problem().causes(0).what(), HasSubstr("this is a `nsd`"));
}

}  // namespace
}  // namespace terrace
