#include "net/acceptor.hpp"

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Net/TCPServerConnectionFactory.h>
#include <Poco/Timestamp.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "http/error_table.hpp"
#include "http/request_id.hpp"
#include "net/response_head.hpp"
#include "observability/log.hpp"

namespace sluice::net {

namespace {

/// POCO's server insists on a factory; nothing is ever queued for it.
class NoConnections final : public Poco::Net::TCPServerConnectionFactory {
public:
    Poco::Net::TCPServerConnection* createConnection(const Poco::Net::StreamSocket&) override { return nullptr; }
};

std::string numeric_address(const sockaddr_storage& peer) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (peer.ss_family == AF_INET) {
        inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(peer).sin_addr, text.data(), text.size());
    } else if (peer.ss_family == AF_INET6) {
        const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(&address)) {
            inet_ntop(AF_INET, &address.s6_addr[12], text.data(), text.size());
        } else {
            inet_ntop(AF_INET6, &address, text.data(), text.size());
        }
    }
    return text.data();
}

}  // namespace

Acceptor::Acceptor(const Poco::Net::ServerSocket& socket, Poco::ThreadPool& pool, std::function<bool()> may_accept,
                   Handover handover)
    : TCPServer(new NoConnections, pool, socket, new Poco::Net::TCPServerParams),
      may_accept_(std::move(may_accept)),
      handover_(std::move(handover)),
      wake_descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    int listening = this->socket().impl()->sockfd();
    fcntl(listening, F_SETFD, FD_CLOEXEC);  // POCO leaves its sockets open across exec
    fcntl(listening, F_SETFL, fcntl(listening, F_GETFL) | O_NONBLOCK);
}

Acceptor::~Acceptor() {
    stop_accepting();
    close(wake_descriptor_);
}

void Acceptor::stop_accepting() {
    if (is_stopping_.exchange(true)) return;
    std::uint64_t one = 1;
    [[maybe_unused]] ssize_t written = write(wake_descriptor_, &one, sizeof one);
    stop();
    Poco::Net::ServerSocket listening(socket());
    listening.close();
}

void Acceptor::run() {
    int listening = socket().impl()->sockfd();
    std::array<pollfd, 2> waiting{pollfd{listening, POLLIN, 0}, pollfd{wake_descriptor_, POLLIN, 0}};
    while (!is_stopping_) {
        if (poll(waiting.data(), waiting.size(), -1) < 0) continue;
        if (waiting[0].revents) accept_all(listening);
    }
}

void Acceptor::accept_all(int listening) {
    while (!is_stopping_) {
        sockaddr_storage peer{};
        socklen_t length = sizeof peer;
        int accepted = accept4(listening, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) {
            if (may_accept_()) {
                handover_(accepted, numeric_address(peer));
            } else {
                turn_away(accepted);
            }
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            // The listener stays readable: without a pause this thread would spin until something is closed.
            observability::log(observability::LogLevel::kError, "accept_failed", "out of descriptors or memory");
            pollfd wake{wake_descriptor_, POLLIN, 0};
            poll(&wake, 1, 100);
        }
        if (errno != EINTR && errno != ECONNABORTED) return;
    }
}

void Acceptor::turn_away(int descriptor) {
    auto error = http::WireError::of("too_many_connections", "The gateway has as many connections as it may hold.");
    std::string body = error.json();
    std::string out;
    ResponseHead head;
    head.status = error.status;
    head.content_length = body.size();
    head.content_type = "application/json";
    head.is_keep_alive = false;
    std::string date = Poco::DateTimeFormatter::format(Poco::Timestamp(), Poco::DateTimeFormat::HTTP_FORMAT);
    head.date = date;
    std::string id;
    http::assign_fresh_request_id(id);
    head.request_id = id;
    append_response_head(out, head);
    out += body;
    [[maybe_unused]] ssize_t sent = send(descriptor, out.data(), out.size(), MSG_NOSIGNAL);
    close(descriptor);
}

}  // namespace sluice::net
