// An issuer's HTTP server, for tests: says to each connection what the test gave it to say.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::auth::jwt {

class KeyServer {
public:
    // What is sent to a request for `path`, byte by byte. Called on the server's thread.
    using Script = std::function<std::string(const std::string& path)>;

    explicit KeyServer(Script script) : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
        ::listen(listener_, 16);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    KeyServer(const KeyServer&) = delete;
    KeyServer& operator=(const KeyServer&) = delete;
    ~KeyServer() {
        is_stopping_ = true;
        thread_.join();
        for (const int peer : held_) ::close(peer);
        ::close(listener_);
    }

    std::string url(const std::string& path = "/keys") const {
        return "http://127.0.0.1:" + std::to_string(port_) + path;
    }
    int requests() const { return requests_; }

    static std::string ok(const std::string& body) {
        return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    static std::string redirect(const std::string& location) {
        return "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + "\r\n\r\n";
    }
    // Begins an answer that says nothing more and does not end; alone: no answer at all.
    static constexpr char kSilence = '\1';

private:
    void serve() {
        while (!is_stopping_) {
            pollfd wanted{listener_, POLLIN, 0};
            if (::poll(&wanted, 1, 10) != 1) continue;
            answer(::accept(listener_, nullptr, nullptr));
        }
    }
    void answer(int peer) {
        char head[4096];
        const ssize_t count = ::recv(peer, head, sizeof(head), 0);
        const std::string request(head, count > 0 ? static_cast<std::size_t>(count) : 0);
        const std::size_t begin = request.find(' ') + 1;
        ++requests_;
        std::string said = script_(request.substr(begin, request.find(' ', begin) - begin));
        const bool is_held = !said.empty() && said.back() == kSilence;
        if (is_held) said.pop_back();
        ::send(peer, said.data(), said.size(), MSG_NOSIGNAL);
        if (is_held) {
            held_.push_back(peer);
        } else {
            ::close(peer);
        }
    }

    const Script script_;
    const int listener_;
    int port_ = 0;
    std::atomic<int> requests_{0};
    std::atomic<bool> is_stopping_{false};
    std::vector<int> held_;
    std::thread thread_;
};

}  // namespace sluice::auth::jwt
