#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "endpoints/json_request.hpp"
#include "generation/generation.hpp"
#include "net/client_address.hpp"
#include "net/cors.hpp"
#include "net/event_loop.hpp"
#include "observability/loop_metrics.hpp"

namespace sluice::net {

class ColdRoutes;
class ConnectionHandler;
class Exchange;
class LoopContext;

/// What all loops of one server share. Set up before the first connection, then constant but for the flags.
struct ServerContext {
    ServerContext(const config::Config& config, generation::CurrentGeneration& current, ColdRoutes& cold)
        : server(config.server),
          has_access_log(config.log.access),
          has_public_metrics(config.metrics.is_public),
          cors(config.server.cors),
          trusted_proxies(config.server.trusted_proxies),
          generations(current),
          cold_routes(cold) {}

    const config::Server server;
    const bool has_access_log;
    const bool has_public_metrics;
    const Cors cors;
    const TrustedProxies trusted_proxies;
    generation::CurrentGeneration& generations;
    ColdRoutes& cold_routes;
    std::atomic<bool> is_draining{false};
    std::atomic<std::size_t> open_connections{0};
    std::vector<LoopContext*> loops;
};

/// What the connections of one loop share. [loop-thread]
class LoopContext {
public:
    LoopContext(ServerContext& shared, EventLoop& owner, observability::LoopMetrics& counts);
    ~LoopContext();
    LoopContext(const LoopContext&) = delete;
    LoopContext& operator=(const LoopContext&) = delete;

    /// The generation a request that begins now belongs to.
    const std::shared_ptr<const generation::Generation>& current_generation();
    void forget_generation() noexcept { generation_.reset(); }
    /// An exchange as good as new; recycled ones keep their buffers.
    std::unique_ptr<Exchange> take_exchange();
    void recycle(std::unique_ptr<Exchange> exchange);

    /// Takes over a socket, which is closed if that is no longer possible. `peer` is its numeric address; `is_new`:
    /// just accepted, rather than another loop's connection until now. [any-thread]
    void adopt(int descriptor, std::string peer, bool is_new);
    /// Whom to give a connection that waits for its next request, while this loop has too much to do; else null.
    LoopContext* relief();

    void add(ConnectionHandler& connection);
    void remove(ConnectionHandler& connection) noexcept;
    const std::vector<ConnectionHandler*>& connections() const noexcept { return connections_; }

    ServerContext& server;
    EventLoop& loop;
    observability::LoopMetrics& metrics;
    endpoints::JsonRequestReader json;
    /// Exchanges whose client has left while a backend or middleware still owes its last word.
    std::size_t orphans = 0;

private:
    std::shared_ptr<const generation::Generation> generation_;
    std::uint64_t generation_version_ = 0;
    std::vector<std::unique_ptr<Exchange>> spare_;
    std::vector<ConnectionHandler*> connections_;
    std::uint64_t relief_began_ns_ = 0;
    std::uint32_t relieved_ = 0;  ///< connections given away since then
};

}  // namespace sluice::net
