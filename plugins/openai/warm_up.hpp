// Opens connections before they are needed, and again when idle ones were lost while there is traffic.
#pragma once

#include <memory>
#include <vector>

#include "connection_pool.hpp"
#include "dialer.hpp"

namespace sluice::openai {

// [loop-thread]
class WarmUp final : public DialUser {
public:
    WarmUp(const UpstreamTarget& target, sluice_loop* loop, TlsSessionCache& sessions, ConnectionPool& pool)
        : target_(target), loop_(loop), sessions_(sessions), pool_(pool) {}

    // Fills the pool up to the configured number; at most once a second, so that an upstream which closes at once is
    // not hammered.
    void refill();
    void stop() { dialer_.reset(); }

    // DialUser. One at a time: the next begins when one has succeeded, and a failure ends the round.
    void on_dialed(std::unique_ptr<Connection> connection) override;
    void on_dial_failed(Failure failure) override;

private:
    void dial_next();

    const UpstreamTarget& target_;
    sluice_loop* const loop_;
    TlsSessionCache& sessions_;
    ConnectionPool& pool_;
    std::unique_ptr<Dialer> dialer_;
    std::uint64_t last_refill_ns_ = 0;
    std::size_t left_ = 0;  // to be opened in this round
};

}  // namespace sluice::openai
