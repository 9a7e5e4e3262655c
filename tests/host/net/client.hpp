#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice::test {

/// An answer as it came over the wire, its body without framing.
struct Response {
    int status = 0;
    std::string head;
    std::map<std::string, std::string> headers;  ///< names in lower case; of a repeated one the last
    std::string body;
    std::string header(const std::string& name) const {
        auto found = headers.find(name);
        return found == headers.end() ? std::string() : found->second;
    }
};

/// A client that writes bytes as they are given and waits for answers, never longer than `kPatience`.
class Client {
public:
    static constexpr std::chrono::seconds kPatience{10};

    explicit Client(std::uint16_t port, int receive_buffer_bytes = 0) : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
        if (receive_buffer_bytes > 0) {
            setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            close(descriptor_);
            throw std::runtime_error("cannot connect");
        }
    }
    ~Client() { leave(); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) throw std::runtime_error("the gateway has closed the connection");
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void finish_sending() { shutdown(descriptor_, SHUT_WR); }
    void leave() {
        if (descriptor_ >= 0) close(descriptor_);
        descriptor_ = -1;
    }
    /// Leaves so that the other side gets a reset.
    void reset() {
        linger abort{1, 0};
        setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
        leave();
    }

    /// Reads up to and including `mark`; throws where the connection ends before it.
    std::string read_until(std::string_view mark) {
        std::size_t at;
        while ((at = buffer_.find(mark)) == std::string::npos) {
            if (!receive()) throw std::runtime_error("the connection ended after: " + buffer_);
        }
        return take(at + mark.size());
    }
    std::string read_bytes(std::size_t count) {
        while (buffer_.size() < count) {
            if (!receive()) throw std::runtime_error("the connection ended after: " + buffer_);
        }
        return take(count);
    }
    /// Everything up to the end of the connection.
    std::string read_to_end() {
        while (receive()) {
        }
        return take(buffer_.size());
    }
    /// True if the connection ends without another byte.
    bool is_at_end() { return buffer_.empty() && !receive() && buffer_.empty(); }
    /// True if the connection ended by a reset.
    bool was_reset() const { return was_reset_; }
    bool has_bytes() const {
        pollfd waiting{descriptor_, POLLIN, 0};
        return !buffer_.empty() || poll(&waiting, 1, 0) > 0;
    }

    Response read_head() {
        Response response;
        response.head = read_until("\r\n\r\n");
        response.status = std::stoi(response.head.substr(9, 3));
        std::size_t line = response.head.find("\r\n") + 2;
        while (line + 2 < response.head.size()) {
            std::size_t end = response.head.find("\r\n", line);
            std::size_t colon = response.head.find(": ", line);
            std::string name = response.head.substr(line, colon - line);
            std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
            response.headers[name] = response.head.substr(colon + 2, end - colon - 2);
            line = end + 2;
        }
        return response;
    }
    Response read_response(bool has_body = true) {
        Response response = read_head();
        if (!has_body || response.status == 204 || response.status == 304 || response.status < 200) return response;
        if (response.header("transfer-encoding") == "chunked") {
            for (std::string part = read_chunk(); !part.empty(); part = read_chunk()) response.body += part;
        } else if (response.headers.count("content-length")) {
            response.body = read_bytes(std::stoul(response.header("content-length")));
        } else {
            response.body = read_to_end();
        }
        return response;
    }
    /// The content of the next chunk; empty for the last one.
    std::string read_chunk() {
        std::size_t size = std::stoul(read_until("\r\n"), nullptr, 16);
        std::string content = read_bytes(size);
        if (read_bytes(2) != "\r\n") throw std::runtime_error("a chunk does not end where it should");
        return content;
    }

private:
    bool receive() {
        pollfd waiting{descriptor_, POLLIN, 0};
        if (poll(&waiting, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) <= 0) {
            throw std::runtime_error("nothing came after: " + buffer_);
        }
        char bytes[65536];
        ssize_t got = recv(descriptor_, bytes, sizeof bytes, 0);
        if (got < 0) was_reset_ = errno == ECONNRESET;
        if (got <= 0) return false;
        buffer_.append(bytes, static_cast<std::size_t>(got));
        return true;
    }
    std::string take(std::size_t count) {
        std::string taken = buffer_.substr(0, count);
        buffer_.erase(0, count);
        return taken;
    }

    int descriptor_;
    std::string buffer_;
    bool was_reset_ = false;
};

/// A JSON request to /v1/chat/completions for `model`.
inline std::string chat_request(const std::string& model, bool is_streaming = false, const std::string& headers = {}) {
    std::string body = "{\"model\":\"" + model + "\",\"stream\":" + (is_streaming ? "true" : "false") + "}";
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace sluice::test
