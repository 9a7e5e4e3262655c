// Opens one connection to the upstream: name, TCP, proxy tunnel, TLS; all within one time limit.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "connection.hpp"
#include "failure.hpp"
#include "proxy_tunnel.hpp"
#include "resolver.hpp"
#include "tcp_race.hpp"
#include "upstream_target.hpp"

namespace sluice::openai {

// Who asked for a connection. Either function may drop the dialer.
class DialUser {
public:
    virtual void on_dialed(std::unique_ptr<Connection> connection) = 0;
    virtual void on_dial_failed(Failure failure) = 0;

protected:
    ~DialUser() = default;
};

// [loop-thread]. Dropping it gives up, in every phase.
class Dialer {
public:
    Dialer(const UpstreamTarget& target, sluice_loop* loop, TlsSessionCache& sessions, DialUser& user);
    Dialer(const Dialer&) = delete;
    Dialer& operator=(const Dialer&) = delete;
    ~Dialer();

    // Tells the user exactly once, possibly inside.
    void start();

private:
    void race(AddressList addresses);
    void on_connected(int fd);
    void proceed();
    void proceed_tunnel();
    void proceed_handshake();
    void begin_handshake();
    void wait_for(std::uint32_t readiness);
    void finish();
    void fail(Failure failure);

    const UpstreamTarget& target_;
    sluice_loop* const loop_;
    TlsSessionCache& sessions_;
    DialUser& user_;
    std::string_view phase_ = "its name was looked up";
    std::shared_ptr<Resolver::Question> question_;
    std::unique_ptr<TcpRace> race_;
    std::optional<ProxyTunnel> tunnel_;
    int fd_ = -1;
    SslPtr tls_;
    Watch watch_;
    Timer deadline_;
};

}  // namespace sluice::openai
