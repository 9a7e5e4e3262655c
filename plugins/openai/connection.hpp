// One connection to the upstream, plain or TLS, once it is established.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>

#include "body_framing.hpp"
#include "loop_objects.hpp"
#include "tls.hpp"

namespace sluice::openai {

class Connection;

// Who a connection works for at the moment. Either function may drop the connection.
class ConnectionUser {
public:
    virtual void on_ready(Connection& connection, std::uint32_t readiness) = 0;
    virtual void on_timer(Connection& connection) = 0;

protected:
    ~ConnectionUser() = default;
};

// [loop-thread]. Dropping it closes it.
class Connection {
public:
    // Takes the socket, which must be connected and non-blocking; with `tls` after its handshake.
    Connection(const HostServices& services, sluice_loop* loop, int fd, SslPtr tls, sluice_metric* open_gauge);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    // From now on `user` hears of it. The first time it begins to be watched; false if that fails.
    bool serve(ConnectionUser& user);

    // One read. With TLS as many records as fit.
    IoResult receive(char* into, std::size_t capacity);
    // One write of what fits.
    IoResult send(std::span<const iovec> pieces);

    // What is waited for: reading is usual, writing only while something is left to send.
    void wait_for(bool reading, bool writing);
    void set_timer(std::uint64_t delay_ms);
    void stop_timer();

    // Looks whether an unused connection has ended or brought bytes nobody asked for, without waiting for the loop.
    bool looks_dead() const;
    // Whether receive() has something to tell that the loop cannot see (TLS: decrypted bytes, the end of the stream).
    bool has_pending() const;
    bool is_tls() const noexcept { return tls_ != nullptr; }

    // For the pool.
    struct Rest {
        BodyFraming framing;  // while the end of the last answer is awaited
        std::uint64_t idle_since_ns = 0;
        std::uint64_t idle_until_ns = 0;
        std::uint32_t drained_bytes = 0;
        bool is_draining = false;
    };
    Rest rest;

private:
    IoResult send_tls(std::span<const iovec> pieces);

    const HostServices& services_;
    sluice_loop* const loop_;
    sluice_metric* const open_gauge_;
    const int fd_;
    SslPtr tls_;
    Watch watch_;
    Timer timer_;
    ConnectionUser* user_ = nullptr;
    bool is_watched_ = false;
    bool is_timer_set_ = false;
    std::uint32_t readiness_ = 0;
};

}  // namespace sluice::openai
