#include <array>
#include <limits>

#include "catalog/sol006.h"

namespace terrace::sol006 {
namespace {

constexpr auto kDocument = Treatment::kDocument;
constexpr auto kNote = Treatment::kNote;
constexpr auto kRefuse = Treatment::kRefuse;
constexpr std::uint64_t kMostInstances = std::numeric_limits<std::uint16_t>::max();

constexpr std::array<Unhonoured, 16> kVnfd{{
    {"vnfm-info", kDocument, "", true},
    {"localization-language", kDocument, ""},
    {"default-localization-language", kDocument, ""},
    {"int-virtual-link-desc", kNote, "a function runs as one here, its inside is its image's"},
    {"security-group-rule", kNote, "nothing refers to it"},
    {"vip-cpd", kNote, "a function's instances have addresses of their own"},
    {"modifiable-attributes", kNote, "nothing of a function is modified while it runs"},
    {"lifecycle-management-script", kNote, "lifecycles are the platform's"},
    {"element-group", kNote, "SOL006 itself has given it up"},
    {"indicator", kNote, "functions are not asked for indicators"},
    {"auto-scale", kNote, "functions are scaled by order only"},
    {"vnf-package-change-info", kNote, "functions are not upgraded in place"},
    {"lcm-operations-coordination", kNote, "lifecycles are the platform's"},
    {"signature", kNote, "descriptors are identified by their digest"},
    {"algorithm", kNote, "descriptors are identified by their digest"},
    {"certificate", kNote, "descriptors are identified by their digest"},
}};

constexpr std::array<Unhonoured, 7> kVdu{{
    {"description", kDocument, ""},
    {"boot-order", kNote, "functions do not boot from volumes"},
    {"nfvi-constraint", kNote, "it is a soft constraint"},
    {"monitoring-parameter", kNote, "it is not measured"},
    {"configurable-properties", kNote, "an order sets the VNFD's properties"},
    {"boot-data", kNote, "images map to functions by configuration"},
    {"trunk-port", kRefuse, "connection points carry no VLANs"},
}};

constexpr std::array<Unhonoured, 6> kIntCpd{{
    {"int-virtual-link-desc", kNote, "a function runs as one here, its inside is its image's"},
    {"bitrate-requirement", kNote, "bit rates are those of the links"},
    {"virtual-network-interface-requirement", kNote, "interfaces are the platform's choice"},
    {"nicio-requirements", kNote, "interfaces are the platform's choice"},
    {"order", kNote, "interfaces are known by their connection point"},
    {"vnic-type", kNote, "interfaces are the platform's choice"},
}};

constexpr std::array<Unhonoured, 9> kImage{{
    {"provider", kDocument, ""},
    {"checksum", kDocument, "", true},
    {"min-disk", kDocument, "", true},
    {"min-ram", kDocument, ""},
    {"size", kDocument, "", true},
    {"operating-system", kDocument, ""},
    {"supported-virtualization-environment", kDocument, ""},
    {"signature", kDocument, ""},
    {"vdu-storage-requirements", kDocument, ""},
}};

constexpr std::array<Unhonoured, 12> kDf{{
    {"description", kDocument, ""},
    {"virtual-link-profile", kNote, "a function runs as one here, its inside is its image's"},
    {"vip-cp-profile", kNote, "a function's instances have addresses of their own"},
    {"supported-operation", kNote, "operations are the platform's"},
    {"lcm-operations-configuration", kDocument, ""},
    {"affinity-or-anti-affinity-group", kNote, "a function runs as one here"},
    {"indicator", kNote, "functions are not asked for indicators"},
    {"supported-vnf-interfaces", kNote, "functions are configured by their properties"},
    {"supported-coordination-actions", kNote, "lifecycles are the platform's"},
    {"monitoring-parameter", kNote, "it is not measured"},
    {"scaling-aspect", kNote, "functions are scaled by the NSD's levels"},
    {"dependencies", kNote, "a function runs as one here"},
}};

constexpr std::array<Unhonoured, 3> kVduProfile{{
    {"local-affinity-or-anti-affinity-rule", kNote, "a function runs as one here"},
    {"affinity-or-anti-affinity-group-id", kNote, "a function runs as one here"},
    {"nfvi-maintenance-info", kDocument, ""},
}};

void read_vdu(YamlReader& reader, v1::Vdu& vdu, Notes& notes) {
  vdu.set_id(reader.string("id"));
  vdu.set_name(reader.string("name"));
  vdu.set_virtual_compute_desc(reader.optional_string("virtual-compute-desc").value_or(""));
  vdu.set_sw_image_desc(reader.optional_string("sw-image-desc").value_or(""));
  for (auto& id : reader.strings("virtual-storage-desc")) {
    vdu.add_virtual_storage_desc(std::move(id));
  }
  const auto points = reader.each("int-cpd", [&](YamlReader& cpd, std::size_t index) {
    while (static_cast<std::size_t>(vdu.int_cpd_id_size()) <= index) vdu.add_int_cpd_id();
    vdu.set_int_cpd_id(static_cast<int>(index), cpd.string("id"));
    cpd.ignore("description");
    layer_protocols(cpd);
    pass_over_cpd(cpd, notes);
    pass_over(cpd, kIntCpd, notes);
  });
  if (points == 0) {
    reader.refuse("int-cpd", "yaml.missing-key", "a VDU has at least one `int-cpd`");
  }
  pass_over(reader, kVdu, notes);
}

void read_compute(YamlReader& reader, v1::VirtualComputeDesc& compute, Notes& notes) {
  static constexpr std::array<Unhonoured, 3> kAttributes{{
      {"logical-node", kNote, "places are not told apart by their hardware"},
      {"compute-requirements", kNote, "places are not told apart by their hardware"},
      {"virtual-disk", kNote, "functions keep no disks"},
  }};
  static constexpr std::array<Unhonoured, 3> kMemory{{
      {"over-subscription-policy", kNote, "it is the provider's affair"},
      {"vdu-mem-requirements", kNote, "places are not told apart by their hardware"},
      {"numa-enabled", kNote, "places are not told apart by their hardware"},
  }};
  static constexpr std::array<Unhonoured, 5> kCpu{{
      {"cpu-architecture", kNote, "places are not told apart by their hardware"},
      {"clock", kNote, "places are not told apart by their hardware"},
      {"oversubscription-policy", kNote, "it is the provider's affair"},
      {"vdu-cpu-requirements", kNote, "places are not told apart by their hardware"},
      {"pinning", kNote, "places are not told apart by their hardware"},
  }};
  // SOL006's GB are those of every VIM: 1024 MiB. Never less than was asked for.
  constexpr std::uint64_t kMibPerGb = 1024;
  compute.set_id(reader.string("id"));
  compute.set_virtual_memory_mib(kMibPerGb);
  compute.set_num_virtual_cpu(1);
  reader.optional_map("virtual-memory", [&](YamlReader& memory) {
    if (const auto size = scaled(memory, "size", kMibPerGb, Remainder::kRoundUp)) {
      compute.set_virtual_memory_mib(*size);
    }
    pass_over(memory, kMemory, notes);
  });
  reader.optional_map("virtual-cpu", [&](YamlReader& cpu) {
    const auto number = cpu.optional_uint("num-virtual-cpu", 1, kMostInstances);
    compute.set_num_virtual_cpu(static_cast<std::uint32_t>(number.value_or(1)));
    pass_over(cpu, kCpu, notes);
  });
  reader.each("request-additional-capability", [&](YamlReader& capability, std::size_t) {
    capability.string("name");
    if (capability.optional_boolean("support-mandatory").value_or(false)) {
      capability.refuse("support-mandatory", "descriptor.unsupported",
                        "a mandatory capability of the hardware cannot be promised here");
    }
    capability.ignore_rest();
  });
  pass_over(reader, kAttributes, notes);
}

void read_storage(YamlReader& reader, v1::VirtualStorageDesc& storage, Notes& notes) {
  static constexpr std::array<std::string_view, 3> kTypes{"block", "object", "file"};
  static constexpr std::array<Unhonoured, 5> kData{{
      {"rdma-enabled", kNote, "storage is the provider's affair"},
      {"vdu-storage-requirements", kNote, "storage is the provider's affair"},
      {"sw-image-desc", kDocument, ""},
      {"file-system-protocol", kNote, "storage is the provider's affair"},
      {"int-virtual-link-desc", kDocument, ""},
  }};
  constexpr std::uint64_t kMostGb = 1'000'000'000;
  storage.set_id(reader.string("id"));
  const auto type = identity(reader.optional_string("type-of-storage").value_or("block"));
  if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
    reader.refuse("type-of-storage", "yaml.unknown-value",
                  "`" + type + "` is none of: block, object, file");
  }
  storage.set_type_of_storage(type);
  for (const auto each : kTypes) {
    const std::string key = std::string(each) + "-storage-data";
    const std::string_view size = each == "object" ? "max-size-of-storage" : "size-of-storage";
    reader.optional_map(key, [&](YamlReader& data) {
      if (each != type) {
        data.ignore_rest();
        reader.refuse(key, "descriptor.contradiction",
                      "`" + key + "` does not go with the type `" + type + "`");
        return;
      }
      storage.set_size_of_storage_gib(data.optional_uint(size, 0, kMostGb).value_or(0));
      pass_over(data, kData, notes);
    });
  }
}

void read_image(YamlReader& reader, v1::SwImageDesc& image, Notes& notes) {
  static constexpr std::array<std::string_view, 7> kContainers{"aki",    "ami", "ari", "bare",
                                                               "docker", "ova", "ovf"};
  static constexpr std::array<std::string_view, 10> kDisks{"aki", "ami", "ari", "iso",  "qcow2",
                                                           "raw", "vdi", "vhd", "vhdx", "vmdk"};
  image.set_id(reader.string("id"));
  image.set_name(reader.string("name"));
  image.set_version(reader.string("version"));
  image.set_image(reader.optional_string("image").value_or("."));
  image.set_container_format(
      reader.optional_choice("container-format", kContainers).value_or("bare"));
  image.set_disk_format(reader.optional_choice("disk-format", kDisks).value_or("qcow2"));
  pass_over(reader, kImage, notes);
}

void read_ext_cpd(YamlReader& reader, v1::ExtCpd& cpd, Notes& notes) {
  static constexpr std::array<Unhonoured, 4> kAttributes{{
      {"int-virtual-link-desc", kNote, "a function runs as one here, its inside is its image's"},
      {"vip-cpd", kNote, "a function's instances have addresses of their own"},
      {"virtual-network-interface-requirement", kNote, "interfaces are the platform's choice"},
      {"nicio-requirements", kNote, "interfaces are the platform's choice"},
  }};
  cpd.set_id(reader.string("id"));
  cpd.set_description(reader.optional_string("description").value_or(""));
  for (auto& protocol : layer_protocols(reader)) cpd.add_layer_protocol(std::move(protocol));
  reader.optional_map("int-cpd", [&](YamlReader& inner) {
    cpd.set_int_cpd_vdu_id(inner.string("vdu-id"));
    cpd.set_int_cpd_cpd(inner.string("cpd"));
  });
  const int ways = static_cast<int>(reader.has("int-cpd")) +
                   static_cast<int>(reader.has("int-virtual-link-desc")) +
                   static_cast<int>(reader.has("vip-cpd"));
  if (ways > 1) {
    reader.refuse("", "descriptor.contradiction",
                  "a connection point exposes one thing: `int-cpd`, `int-virtual-link-desc` or "
                  "`vip-cpd`");
  }
  pass_over_cpd(reader, notes);
  pass_over(reader, kAttributes, notes);
}

void read_level(YamlReader& reader, v1::VnfDf::VnfInstantiationLevel& level, Notes& notes) {
  static constexpr std::array<Unhonoured, 3> kAttributes{{
      {"description", kDocument, ""},
      {"vip-cp-level", kNote, "a function's instances have addresses of their own"},
      {"scaling-info", kNote, "functions are scaled by the NSD's levels"},
  }};
  level.set_id(reader.string("id"));
  const auto levels = reader.each("vdu-level", [&](YamlReader& vdu, std::size_t index) {
    auto& mapping = item_at(*level.mutable_vdu_level(), index);
    mapping.set_vdu_id(vdu.string("vdu-id"));
    const auto number = vdu.optional_uint("number-of-instances", 0, kMostInstances);
    mapping.set_number_of_instances(static_cast<std::uint32_t>(number.value_or(1)));
  });
  if (levels == 0) {
    reader.refuse("vdu-level", "yaml.missing-key", "a level has at least one `vdu-level`");
  }
  pass_over(reader, kAttributes, notes);
}

void read_df(YamlReader& reader, v1::VnfDf& df, Notes& notes) {
  df.set_id(reader.string("id"));
  const auto profiles = reader.each("vdu-profile", [&](YamlReader& vdu, std::size_t index) {
    auto& profile = item_at(*df.mutable_vdu_profile(), index);
    profile.set_id(vdu.string("id"));
    const auto least = vdu.optional_uint("min-number-of-instances", 0, kMostInstances);
    const auto most = vdu.optional_uint("max-number-of-instances", 0, kMostInstances);
    profile.set_min_number_of_instances(static_cast<std::uint32_t>(least.value_or(1)));
    profile.set_max_number_of_instances(static_cast<std::uint32_t>(most.value_or(1)));
    pass_over(vdu, kVduProfile, notes);
  });
  if (profiles == 0) {
    reader.refuse("vdu-profile", "yaml.missing-key", "a flavour has at least one `vdu-profile`");
  }
  const auto levels = reader.each("instantiation-level", [&](YamlReader& level, std::size_t i) {
    read_level(level, item_at(*df.mutable_instantiation_level(), i), notes);
  });
  if (levels == 0) {
    reader.refuse("instantiation-level", "yaml.missing-key",
                  "a flavour has at least one `instantiation-level`");
  }
  // With a single level there is nothing to choose.
  df.set_default_instantiation_level(
      reader.optional_string("default-instantiation-level")
          .value_or(levels == 1 ? df.instantiation_level(0).id() : ""));
  pass_over(reader, kDf, notes);
}

void read_properties(YamlReader& reader, v1::Vnfd& vnfd, Notes& notes) {
  static constexpr std::array<Unhonoured, 5> kAttributes{{
      {"is-auto-scalable-enabled", kNote, "functions are scaled by order only"},
      {"is-auto-heal-enabled", kNote, "functions are healed by order only"},
      {"vnfm-interface-info", kNote, "no manager of its own runs beside a function"},
      {"vnfm-oauth-server-info", kNote, "no manager of its own runs beside a function"},
      {"vnf-oauth-server-info", kNote, "no manager of its own runs beside a function"},
  }};
  reader.each("additional-configurable-property", [&](YamlReader& item, std::size_t index) {
    auto& property = item_at(*vnfd.mutable_configurable_properties(), index);
    property.set_key(item.string("key"));
    if (auto value = item.optional_string("value")) property.set_default_value(*std::move(value));
  });
  pass_over(reader, kAttributes, notes);
}

void at_least_one(YamlReader& reader, std::string_view key, std::size_t found) {
  if (found != 0) return;
  reader.refuse(key, "yaml.missing-key", "a VNFD has at least one `" + std::string(key) + "`");
}

}  // namespace

v1::Vnfd read_vnfd(YamlReader& reader, Notes& notes) {
  v1::Vnfd vnfd;
  vnfd.set_id(reader.string("id"));
  vnfd.set_provider(reader.string("provider"));
  vnfd.set_product_name(reader.string("product-name"));
  vnfd.set_software_version(reader.string("software-version"));
  vnfd.set_version(reader.string("version"));
  vnfd.set_product_info_name(reader.optional_string("product-info-name").value_or(""));
  vnfd.set_product_info_description(
      reader.optional_string("product-info-description").value_or(""));
  at_least_one(reader, "vdu", reader.each("vdu", [&](YamlReader& item, std::size_t i) {
    read_vdu(item, item_at(*vnfd.mutable_vdu(), i), notes);
  }));
  reader.each("virtual-compute-desc", [&](YamlReader& item, std::size_t i) {
    read_compute(item, item_at(*vnfd.mutable_virtual_compute_desc(), i), notes);
  });
  reader.each("virtual-storage-desc", [&](YamlReader& item, std::size_t i) {
    read_storage(item, item_at(*vnfd.mutable_virtual_storage_desc(), i), notes);
  });
  reader.each("sw-image-desc", [&](YamlReader& item, std::size_t i) {
    read_image(item, item_at(*vnfd.mutable_sw_image_desc(), i), notes);
  });
  at_least_one(reader, "ext-cpd", reader.each("ext-cpd", [&](YamlReader& item, std::size_t i) {
    read_ext_cpd(item, item_at(*vnfd.mutable_ext_cpd(), i), notes);
  }));
  at_least_one(reader, "df", reader.each("df", [&](YamlReader& item, std::size_t i) {
    read_df(item, item_at(*vnfd.mutable_df(), i), notes);
  }));
  reader.optional_map("configurable-properties",
                      [&](YamlReader& properties) { read_properties(properties, vnfd, notes); });
  pass_over(reader, kVnfd, notes);
  return vnfd;
}

}  // namespace terrace::sol006
