// A server that speaks as much of Redis as a test wants to hear, and badly where it is told to.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "config/config.hpp"

namespace sluice::store::test {

/// Takes logins and scripts as a server does, and leaves what comes of an operation to `on_operations`.
class ScriptedRedis {
public:
    /// Called with the connection and the number of operations that came together.
    using Operations = std::function<void(int connection, int count)>;

    explicit ScriptedRedis(Operations on_operations) : on_operations_(std::move(on_operations)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t bytes = sizeof address;
        auto* raw = reinterpret_cast<sockaddr*>(&address);
        const bool is_listening =
            bind(listener_, raw, bytes) == 0 && listen(listener_, 16) == 0 && getsockname(listener_, raw, &bytes) == 0;
        if (!is_listening) throw std::runtime_error("no free port");
        config_.host = "127.0.0.1";
        config_.port = ntohs(address.sin_port);
        config_.timeout = std::chrono::milliseconds(200);
        config_.connections = 1;
        acceptor_ = std::thread([this] { accept_all(); });
    }
    ~ScriptedRedis() {
        is_ending = true;
        acceptor_.join();
        for (std::thread& thread : connections_) thread.join();
        close(listener_);
    }
    ScriptedRedis(const ScriptedRedis&) = delete;
    ScriptedRedis& operator=(const ScriptedRedis&) = delete;

    const config::Redis& config() const noexcept { return config_; }
    static void say(int connection, std::string_view text) {
        static_cast<void>(!::send(connection, text.data(), text.size(), MSG_NOSIGNAL));
    }

    std::atomic<bool> is_ending{false};

private:
    static bool is_readable(int descriptor) {
        pollfd waited{descriptor, POLLIN, 0};
        return poll(&waited, 1, 20) > 0;
    }
    void accept_all() {
        while (!is_ending) {
            if (!is_readable(listener_)) continue;
            const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            connections_.emplace_back([this, connection] { serve(connection); });
        }
    }
    static int occurrences(std::string_view text, std::string_view part) {
        int count = 0;
        for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++count;
        return count;
    }
    void serve(int connection) {
        std::string buffer(1 << 16, '\0');
        while (!is_ending) {
            if (!is_readable(connection)) continue;
            const ssize_t count = recv(connection, buffer.data(), buffer.size(), 0);
            if (count <= 0) break;
            const std::string_view heard(buffer.data(), static_cast<std::size_t>(count));
            for (int load = occurrences(heard, "\r\nLOAD\r\n"); load > 0; --load) {
                say(connection, "$40\r\n" + std::string(40, 'a') + "\r\n");
            }
            if (const int operations = occurrences(heard, "EVALSHA"); operations > 0) {
                on_operations_(connection, operations);
            }
        }
        close(connection);
    }

    const Operations on_operations_;
    const int listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    config::Redis config_;
    std::thread acceptor_;
    std::vector<std::thread> connections_;
};

}  // namespace sluice::store::test
