// Messages and bytes to and from gRPC's buffers. For the two gRPC adapters only.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>

namespace terrace {

grpc::ByteBuffer to_buffer(std::string_view bytes);
grpc::ByteBuffer to_buffer(const google::protobuf::MessageLite& message);

// The buffer in one piece. Empty when gRPC cannot uncompress it.
std::string to_bytes(const grpc::ByteBuffer& buffer);

// False: not such a message.
bool parse(const grpc::ByteBuffer& buffer, google::protobuf::MessageLite& message);

}  // namespace terrace
