#include "northbound/grpc/server.h"

#include <atomic>
#include <filesystem>
#include <utility>

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "northbound/grpc/services.h"
#include "rpc/status.h"

namespace terrace {
namespace {

constexpr std::string_view kUnixScheme = "unix:";

Problem bad_address(const std::string& address, const std::string& why) {
  return make_problem(Problem::INVALID_ARGUMENT, "server.bad-address",
                      "cannot listen on '" + address + "': " + why)
      .at_resource("listen/" + address)
      .possible("unix:/path/to/socket, or host:port");
}

// Whether somebody accepts connections on this socket file.
bool is_served(const sockaddr_un& address) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool served = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return served;
}

// A socket file outlives a daemon that was killed, and gRPC would unlink one that is in use.
Status make_way(const std::string& address) {
  const std::string path = address.substr(kUnixScheme.size());
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  if (path.empty()) return bad_address(address, "it names no path");
  if (path.size() >= sizeof target.sun_path) return bad_address(address, "the path is too long");
  path.copy(target.sun_path, path.size());
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return {};
  if (!std::filesystem::is_socket(path, error)) {
    return bad_address(address, "the file is there and is no socket");
  }
  if (is_served(target)) {
    return make_problem(Problem::UNAVAILABLE, "server.cannot-listen",
                        "somebody already listens on " + path)
        .at_resource("listen/" + address)
        .possible("stop the daemon that does, or choose another path");
  }
  std::filesystem::remove(path, error);
  return {};
}

Status check_address(const std::string& address) {
  if (address.starts_with(kUnixScheme)) return make_way(address);
  const auto colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return bad_address(address, "no host and port");
  const std::string port = address.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 &&
                      port.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || std::stoi(port) > 65535) return bad_address(address, "the port is no number");
  return {};
}

class Server final : public GrpcServer {
 public:
  Server(Executor& executor, Dispatch& dispatch, GrpcServerOptions options)
      : options_(std::move(options)), edge_(executor, dispatch, options_) {}
  ~Server() override { stop(Duration::zero()); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Status listen() {
    if (options_.listen.empty()) return bad_address("", "no address is configured");
    for (const auto& address : options_.listen) {
      if (auto status = check_address(address); !status.ok()) return status;
    }
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    configure(builder);
    ports_.assign(options_.listen.size(), -1);
    for (std::size_t i = 0; i < options_.listen.size(); ++i) {
      builder.AddListeningPort(options_.listen[i], grpc::InsecureServerCredentials(), &ports_[i]);
    }
    edge_.register_with(builder);
    server_ = builder.BuildAndStart();
    if (!server_) return cannot_listen();
    for (std::size_t i = 0; i < ports_.size(); ++i) {
      if (options_.listen[i].starts_with(kUnixScheme)) ports_[i] = 0;
    }
    return {};
  }

  void stop(Duration grace) override {
    if (stopped_.exchange(true)) return;
    if (!server_) return;
    server_->GetHealthCheckService()->SetServingStatus(false);
    edge_.stop(grace);
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
    server_->Wait();
    edge_.wait_until_empty();
    server_.reset();
  }

  const std::vector<int>& ports() const override { return ports_; }

 private:
  void configure(grpc::ServerBuilder& builder) const {
    // Well above our own limit, so that what is over it is refused with a Problem.
    const auto grpc_limit = static_cast<int>(options_.max_message_bytes * 16);
    builder.SetMaxReceiveMessageSize(grpc_limit);
    builder.SetMaxSendMessageSize(-1);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
    // Parents ping more often than gRPC's default of once in five minutes allows.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1'000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  }

  Problem cannot_listen() const {
    std::string addresses;
    for (std::size_t i = 0; i < ports_.size(); ++i) {
      if (ports_[i] > 0) continue;
      addresses += (addresses.empty() ? "" : ", ") + options_.listen[i];
    }
    return make_problem(Problem::UNAVAILABLE, "server.cannot-listen",
                        "cannot listen on " + addresses)
        .at_resource("listen/" + addresses)
        .possible(
            "an address of this machine and a port nobody uses; a directory that exists and "
            "may be written");
  }

  const GrpcServerOptions options_;
  GrpcEdge edge_;  // before server_: gRPC refers to its services until the server is gone
  std::unique_ptr<grpc::Server> server_;
  std::vector<int> ports_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<GrpcServer>> GrpcServer::start(Executor& executor, Dispatch& dispatch,
                                                      GrpcServerOptions options) {
  auto server = std::make_unique<Server>(executor, dispatch, std::move(options));
  if (auto status = server->listen(); !status.ok()) return std::move(status).problem();
  return std::unique_ptr<GrpcServer>(std::move(server));
}

}  // namespace terrace
