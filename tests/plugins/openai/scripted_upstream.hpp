// An upstream on a loopback socket, driven step by step by the test's own thread: nothing happens between two lines of
// a test but what the lines say.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/testing/fake_host.hpp"

namespace sluice::openai::testing {

using sluice::testing::FakeHost;

// One accepted connection.
class Peer {
public:
    Peer(FakeHost& host, int fd) : host_(&host), fd_(fd) {}
    Peer(Peer&& other) noexcept
        : host_(other.host_), fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}
    Peer& operator=(Peer&&) = delete;
    ~Peer() { leave(); }

    // Waits for a whole head, and returns it with what came behind it.
    std::string head() {
        wait_for([&] { return received_.find("\r\n\r\n") != std::string::npos; });
        return received_.substr(0, received_.find("\r\n\r\n") + 4);
    }
    // Waits until `bytes` of body came behind the head, and forgets the request.
    std::string request(std::size_t bytes) {
        const std::size_t size = head().size() + bytes;
        wait_for([&] { return received_.size() >= size; });
        const std::string whole = received_.substr(0, size);
        received_.erase(0, size);
        return whole;
    }
    // A whole request with a Content-Length, or without a body.
    std::string request() {
        const std::string text = head();
        const auto at = text.find("Content-Length: ");
        return request(at == std::string::npos ? 0 : std::stoul(text.substr(at + 16)));
    }
    std::string wait_until_ends_with(std::string_view end) {
        wait_for([&] { return received_.ends_with(end); });
        return std::exchange(received_, {});
    }

    // Sends, and lets the loop run until it has worked on it.
    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN) throw std::runtime_error("the gateway has closed the connection");
            if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
            host_->loop().run_ready();
        }
        host_->loop().run_ready();
    }
    void send_chunk(std::string_view bytes) {
        char size[20];
        std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
        send(size + std::string(bytes) + "\r\n");
    }
    // As much as the kernel takes while nobody reads; false when it takes nothing more.
    bool offer(std::string_view bytes) { return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0; }

    void leave() {
        if (fd_ >= 0) close(std::exchange(fd_, -1));
        host_->loop().run_ready();
    }
    void reset() {
        const linger hard{1, 0};
        setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        leave();
    }
    // Waits until the gateway has closed its side.
    bool is_left() {
        return host_->loop().run_until(
            [&] {
                char bytes[4096];
                const ssize_t got = recv(fd_, bytes, sizeof(bytes), 0);
                return got == 0 || (got < 0 && errno != EAGAIN);
            },
            std::chrono::milliseconds(2000));
    }
    bool is_open() {
        host_->loop().run_ready();
        char byte = 0;
        return recv(fd_, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
    }
    int descriptor() const { return fd_; }

private:
    template <class Reached>
    void wait_for(Reached reached) {
        const bool is_reached = host_->loop().run_until([&] {
            char bytes[65536];
            const ssize_t got = recv(fd_, bytes, sizeof(bytes), 0);
            if (got > 0) received_.append(bytes, static_cast<std::size_t>(got));
            return reached();
        });
        if (!is_reached) throw std::runtime_error("the upstream did not get what it expects; it got: " + received_);
    }

    FakeHost* host_;
    int fd_;
    std::string received_;
};

class ScriptedUpstream {
public:
    explicit ScriptedUpstream(FakeHost& host)
        : host_(host), fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        if (bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd_, 64) != 0) {
            throw std::runtime_error("no port for the upstream");
        }
        getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
    }
    ScriptedUpstream(const ScriptedUpstream&) = delete;
    ScriptedUpstream& operator=(const ScriptedUpstream&) = delete;
    ~ScriptedUpstream() { close(fd_); }

    std::uint16_t port() const { return port_; }
    std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
    // {"base_url":…,"api_key":…} and further members, each beginning with a comma.
    std::string config(std::string_view more = {}) const {
        return "{\"base_url\":\"" + base_url() + "\",\"api_key\":\"sk-server-key-0123456789\"" + std::string(more) +
               "}";
    }

    Peer accept() {
        int fd = -1;
        const bool is_there = host_.loop().run_until([&] {
            fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            return fd >= 0;
        });
        if (!is_there) throw std::runtime_error("the gateway did not connect to the upstream");
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        return {host_, fd};
    }
    bool has_visitor() {
        host_.loop().run_ready();
        const int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) close(fd);
        return fd >= 0;
    }

private:
    FakeHost& host_;
    int fd_;
    std::uint16_t port_ = 0;
};

inline std::string json_answer(std::string_view body, int status = 200, std::string_view fields = {}) {
    return "HTTP/1.1 " + std::to_string(status) +
           " Reason\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(fields) + "\r\n" + std::string(body);
}

inline std::string stream_head(std::string_view fields = "Transfer-Encoding: chunked\r\n") {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + std::string(fields) + "\r\n";
}

}  // namespace sluice::openai::testing
