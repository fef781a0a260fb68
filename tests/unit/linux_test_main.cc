// Besides GoogleTest's own, this binary is the server and the daemon of its tests, so that they
// need no other program: "linux_test serve-tcp PORT", "serve-udp PORT", "daemonise".
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace {

// Accepts and reads until the peer closes, one connection after another, for ever.
int serve_tcp(int port) {
  const int listener = ::socket(AF_INET6, SOCK_STREAM, 0);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(static_cast<std::uint16_t>(port));
  if (::bind(listener, reinterpret_cast<sockaddr*>(&any), sizeof any) < 0) return 1;
  if (::listen(listener, 16) < 0) return 1;
  for (;;) {
    const int peer = ::accept(listener, nullptr, nullptr);
    char data[65536];
    while (peer >= 0 && ::read(peer, data, sizeof data) > 0) {
    }
    if (peer >= 0) ::close(peer);
  }
}

int serve_udp(int port) {
  const int socket = ::socket(AF_INET6, SOCK_DGRAM, 0);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(static_cast<std::uint16_t>(port));
  if (::bind(socket, reinterpret_cast<sockaddr*>(&any), sizeof any) < 0) return 1;
  for (;;) {
    char data[65536];
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const auto got =
        ::recvfrom(socket, data, sizeof data, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0) return 1;
    const auto length = static_cast<std::size_t>(got);
    (void)!::sendto(socket, data, length, 0, reinterpret_cast<sockaddr*>(&from), size);
  }
}

// A child and a grandchild in a session of its own whose parent has gone, as daemons do.
int daemonise() {
  if (::fork() != 0) ::pause();
  ::setsid();
  if (::fork() != 0) _exit(0);
  ::pause();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view role = argc > 1 ? argv[1] : "";
  if (role == "serve-tcp") return serve_tcp(std::atoi(argv[2]));
  if (role == "serve-udp") return serve_udp(std::atoi(argv[2]));
  if (role == "daemonise") return daemonise();
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
