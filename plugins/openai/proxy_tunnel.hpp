// Asks an HTTP proxy for a tunnel to the upstream (RFC 9110, 9.3.6).
#pragma once

#include <string>
#include <string_view>

#include "base_url.hpp"
#include "connection.hpp"

namespace sluice::openai {

// The CONNECT request on one connected socket. It does the bytes; whoever owns it waits for the socket.
class ProxyTunnel {
public:
    enum class Step { kWantsRead, kWantsWrite, kOpen, kFailed };

    ProxyTunnel(const BaseUrl& proxy, const BaseUrl& target);

    // Goes on as far as the socket lets it. On kFailed `problem` says why; it never holds the proxy's user info.
    Step proceed(int fd, std::string& problem);

private:
    Step read_answer(int fd, std::string& problem);
    static Step judge(std::string_view head, std::string& problem);

    std::string request_;
    std::size_t sent_ = 0;
    std::string answer_;
};

}  // namespace sluice::openai
