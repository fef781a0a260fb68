// What things are called: the same for the same part, after a restart too.
//
// Links' names have 15 characters at most, so they are made of hashes. They start with a letter
// that tells what they are: v (a VNF's port), t (towards an attachment), s (towards a segment),
// probe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "terrace/driver/v1/driver.pb.h"

namespace terrace::netns {

// The first characters of a digest, of a-z and 2-7. Precondition: characters <= 12.
std::string short_hash(std::string_view text, std::size_t characters);

// Eight characters, for a hold id as the leaf gives it.
std::string hold_key(std::string_view hold_id);

// "web-1"; ids that would make no file name are changed, and told apart by a hash.
std::string vnf_name(const driver::v1::DesiredVnf& vnf);

// Files of namespaces.
std::string vnf_namespace(const std::string& key, const driver::v1::DesiredVnf& vnf);
std::string fabric_namespace(const std::string& key);
std::string segment_namespace(const std::string& wan_port_id, std::uint32_t segment_id);
bool is_segment(std::string_view namespace_name);
// The key of the hold that this namespace is of; empty: of none.
std::string key_of(std::string_view namespace_name);

// Links in a fabric.
std::string bridge_name(const std::string& link_id);
std::string vnf_port(const driver::v1::DesiredVnf& vnf, const std::string& cpd_id);
inline constexpr std::string_view kProbePort = "probe";
// In the VNF: "eth0" for the first connection point.
std::string interface_name(int index);

// Both ends of the pair between a fabric and the site, or a segment, have this name.
std::string attachment_port(const std::string& key, const std::string& link_id,
                            const std::string& attachment_id);
std::string segment_port(const std::string& key, const std::string& link_id);
// How the names of all of a hold's ports in the site, or in segments, begin.
std::string attachment_ports(const std::string& key);
std::string segment_ports(const std::string& key);

// In the site; there for as long as the site is.
std::string attachment_bridge(const std::string& attachment_id);

// In a segment.
inline constexpr char kSegmentBridge[] = "segment";
inline constexpr char kSegmentVxlan[] = "vxlan";

}  // namespace terrace::netns
