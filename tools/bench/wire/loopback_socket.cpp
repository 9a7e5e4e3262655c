#include "wire/loopback_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace sluice::bench {
namespace {

constexpr int kBacklog = 4096;

sockaddr_in loopback_address(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void switch_on(const FileDescriptor& socket, int level, int option) {
    const int on = 1;
    setsockopt(socket.number(), level, option, &on, sizeof on);
}

}  // namespace

FileDescriptor listen_on_loopback(std::uint16_t port) {
    FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    switch_on(listener, SOL_SOCKET, SO_REUSEADDR);
    switch_on(listener, SOL_SOCKET, SO_REUSEPORT);
    const auto address = loopback_address(port);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::bind(listener.number(), generic, sizeof address) != 0 || ::listen(listener.number(), kBacklog) != 0) {
        std::perror("cannot listen on 127.0.0.1");
        std::exit(1);
    }
    return listener;
}

std::uint16_t port_of(const FileDescriptor& listener) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(listener.number(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

FileDescriptor begin_connect_to_loopback(std::uint16_t port) {
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return socket;
    send_without_delay(socket);
    const auto address = loopback_address(port);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(socket.number(), generic, sizeof address) != 0 && errno != EINPROGRESS) socket.close();
    return socket;
}

bool is_connected(const FileDescriptor& socket) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

void send_without_delay(const FileDescriptor& socket) { switch_on(socket, IPPROTO_TCP, TCP_NODELAY); }

}  // namespace sluice::bench
