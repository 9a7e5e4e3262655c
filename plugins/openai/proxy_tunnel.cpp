#include "proxy_tunnel.hpp"

#include <openssl/evp.h>
#include <sys/socket.h>

#include <cerrno>

#include "head_parser.hpp"

namespace sluice::openai {
namespace {

std::string base64(std::string_view text) {
    std::string out((text.size() + 2) / 3 * 4 + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

}  // namespace

ProxyTunnel::ProxyTunnel(const BaseUrl& proxy, const BaseUrl& target) {
    const std::string authority = target.host_and_port();
    request_ = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
    if (!proxy.user_info.empty()) request_ += "Proxy-Authorization: Basic " + base64(proxy.user_info) + "\r\n";
    request_ += "\r\n";
}

ProxyTunnel::Step ProxyTunnel::proceed(int fd, std::string& problem) {
    while (sent_ < request_.size()) {
        const ssize_t sent = send(fd, request_.data() + sent_, request_.size() - sent_, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return Step::kWantsWrite;
        if (sent < 0) {
            problem = "the proxy closed the connection";
            return Step::kFailed;
        }
        sent_ += static_cast<std::size_t>(sent);
    }
    return read_answer(fd, problem);
}

// Byte by byte behind the head lies the tunnel: only as much is taken as belongs to the proxy.
ProxyTunnel::Step ProxyTunnel::read_answer(int fd, std::string& problem) {
    char bytes[1024];
    for (;;) {
        const ssize_t seen = recv(fd, bytes, sizeof(bytes), MSG_PEEK);
        if (seen < 0 && (errno == EAGAIN || errno == EINTR)) return Step::kWantsRead;
        if (seen <= 0) {
            problem = "the proxy closed the connection";
            return Step::kFailed;
        }
        const std::size_t before = answer_.size();
        answer_.append(bytes, static_cast<std::size_t>(seen));
        const auto end = answer_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
        const std::size_t size = end == std::string::npos ? answer_.size() : end + 4;
        recv(fd, bytes, size - before, 0);
        answer_.resize(size);
        if (end != std::string::npos) return judge(answer_, problem);
        if (size > kMaxHeadBytes) {
            problem = "the head of the proxy's answer is larger than 64 KB";
            return Step::kFailed;
        }
    }
}

ProxyTunnel::Step ProxyTunnel::judge(std::string_view head, std::string& problem) {
    const bool is_http = head.size() > 12 && head.substr(0, 7) == "HTTP/1." && head[8] == ' ';
    if (is_http && head[9] == '2') return Step::kOpen;
    problem = is_http ? "the proxy refused the tunnel with status " + std::string(head.substr(9, 3))
                      : std::string("the proxy's answer is not HTTP/1.1");
    return Step::kFailed;
}

}  // namespace sluice::openai
