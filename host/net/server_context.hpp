#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "endpoints/json_request.hpp"
#include "generation/generation.hpp"
#include "net/client_address.hpp"
#include "net/cors.hpp"
#include "net/event_loop.hpp"
#include "observability/explain_ring.hpp"
#include "observability/loop_metrics.hpp"

namespace sluice::net {

class ColdRoutes;
class ConnectionHandler;
class Exchange;
class LoopContext;
class RecoveryCheck;

/// What all loops of one server share. Set up before the first connection, then constant but for the flags.
struct ServerContext {
    ServerContext(generation::CurrentGeneration& current, ColdRoutes& cold, std::size_t explained_requests)
        : generations(current), cold_routes(cold), explained(explained_requests) {}

    generation::CurrentGeneration& generations;
    ColdRoutes& cold_routes;
    observability::ExplainRing explained;
    std::atomic<bool> is_draining{false};
    std::atomic<std::size_t> open_connections{0};
    std::vector<LoopContext*> loops;
};

/// Rules about clients, made once for each generation.
struct ClientRules {
    explicit ClientRules(const config::Server& server) : cors(server.cors), trusted_proxies(server.trusted_proxies) {}

    const Cors cors;
    const TrustedProxies trusted_proxies;
};

/// What the connections of one loop share. [loop-thread]
class LoopContext {
public:
    /// There is a current generation already.
    LoopContext(ServerContext& shared, EventLoop& owner, observability::LoopMetrics& counts);
    ~LoopContext();
    LoopContext(const LoopContext&) = delete;
    LoopContext& operator=(const LoopContext&) = delete;

    /// The generation a request that begins now belongs to.
    const std::shared_ptr<const generation::Generation>& current_generation();
    void forget_generation() noexcept { generation_.reset(); }
    /// What the last generation this loop has seen says about connections and clients.
    const config::Server& settings() const noexcept { return generation_->config.server; }
    const ClientRules& rules() const noexcept { return *rules_; }
    endpoints::JsonRequestReader& json() noexcept { return *json_; }
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

    /// Has a target whose circuit has opened asked how it is, from `first_ns` on, unless that is being done.
    void check_recovery(const std::shared_ptr<routing::TargetHealth>& health, std::uint64_t first_ns);
    /// Destroys, at the end of the round, the checks that are over.
    void drop_recovery_checks();

    const std::vector<ConnectionHandler*>& connections() const noexcept { return connections_; }

    ServerContext& server;
    EventLoop& loop;
    observability::LoopMetrics& metrics;
    /// Exchanges whose client has left while a backend or middleware still owes its last word.
    std::size_t orphans = 0;

private:
    std::shared_ptr<const generation::Generation> generation_;
    std::uint64_t generation_version_ = 0;
    std::optional<ClientRules> rules_;
    std::optional<endpoints::JsonRequestReader> json_;
    std::vector<std::unique_ptr<Exchange>> spare_;
    std::vector<ConnectionHandler*> connections_;
    std::vector<std::unique_ptr<RecoveryCheck>> recovery_checks_;
    std::uint64_t relief_began_ns_ = 0;
    std::uint32_t relieved_ = 0;  ///< connections given away since then
};

}  // namespace sluice::net
