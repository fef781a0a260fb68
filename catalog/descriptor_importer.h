// Descriptors as their authors write them, to the messages of descriptor.proto.
//
// Today: ETSI GS NFV-SOL 006 v3.6.1 in YAML or RFC 7951 JSON, with the roots
// `etsi-nfv-descriptors:nfv`, `nfv`, `nsd` and `vnfd`. Each other dialect is a file of its own that
// fills the same messages; sniff_descriptor() tells which it is.
//
// An attribute is honoured, noted (read, not honoured, and the service is the same without it) or
// refused (the service would not be what its author meant). docs/reference/descriptor-attributes.md
// lists them all. A key that the model does not know is refused with its line. Every problem of a
// file is reported at once: the Problem "descriptor.invalid" has one cause each, with file, line,
// column, path ("nsd[0].df[0].vnf-profile[1].vnfd-id") and reason. References inside a descriptor
// are checked; those to other descriptors are cross_check.h's. The digest that identifies a
// descriptor (R4) is sha256_hex() of the same bytes. Any thread.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "terrace/v1/descriptor.pb.h"
#include "terrace/v1/package.pb.h"

namespace terrace {

enum class DescriptorKind { kNsd, kVnfd };

struct DescriptorSort {
  DescriptorKind kind = DescriptorKind::kNsd;
  v1::DescriptorFormat format = v1::DESCRIPTOR_FORMAT_UNSPECIFIED;
};

// What a file is. A problem when it is no YAML or JSON, or holds no descriptor that we know.
Result<DescriptorSort> sniff_descriptor(std::string_view bytes, std::string_view file_name);

// `notes` gains one Problem for each attribute that was read and is not honoured.
Result<v1::Nsd> import_nsd(std::string_view bytes, std::string_view file_name,
                           std::vector<Problem>& notes);
Result<v1::Vnfd> import_vnfd(std::string_view bytes, std::string_view file_name,
                             std::vector<Problem>& notes);

}  // namespace terrace
