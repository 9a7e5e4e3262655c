// The idle connections of one loop, the latest used on top.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "connection.hpp"

namespace sluice::openai {

// [loop-thread]
class ConnectionPool final : public ConnectionUser {
public:
    static constexpr std::size_t kMaxIdle = 512;

    // `scratch` is a place for bytes that are read and thrown away. `on_loss` runs when an idle connection was closed
    // by the upstream or by its timeout, while requests were served within the last minute.
    ConnectionPool(const HostServices& services, sluice_loop* loop, std::chrono::milliseconds idle_timeout,
                   std::span<char> scratch, std::function<void()> on_loss);
    ConnectionPool(const ConnectionPool&) = delete;
    ConnectionPool& operator=(const ConnectionPool&) = delete;
    ~ConnectionPool() = default;

    // A connection that is alive as far as can be seen without a system call on a hot one; NULL if there is none.
    std::unique_ptr<Connection> take();
    // Puts a connection back (or, a new one, in), for at most `lifetime` where that is not zero.
    void give(std::unique_ptr<Connection> connection, std::chrono::seconds lifetime = std::chrono::seconds{0});
    // Reads the rest of an answer nobody waits for, then keeps the connection like give(); closes it if that takes
    // more than a second or 64 KB.
    void drain(std::unique_ptr<Connection> connection, const BodyFraming& framing, std::chrono::seconds lifetime);

    // Closes up to `count` of the idle ones; whether there are more.
    bool close_some(std::size_t count);
    std::size_t idle_count() const noexcept { return idle_.size(); }

    // ConnectionUser
    void on_ready(Connection& connection, std::uint32_t readiness) override;
    void on_timer(Connection& connection) override { drop(connection); }

private:
    using List = std::vector<std::unique_ptr<Connection>>;

    void keep_draining(Connection& connection);
    void check_idle(Connection& connection);
    std::unique_ptr<Connection> remove(List& list, const Connection& connection);
    void drop(Connection& connection);
    void sweep();
    void schedule_sweep();
    void note_loss();

    const HostServices& services_;
    sluice_loop* const loop_;
    const std::uint64_t idle_timeout_ns_;
    const std::span<char> scratch_;
    const std::function<void()> on_loss_;
    List idle_;
    List draining_;
    Timer sweep_timer_;
    bool is_sweep_scheduled_ = false;
    std::uint64_t last_use_ns_ = 0;
};

}  // namespace sluice::openai
