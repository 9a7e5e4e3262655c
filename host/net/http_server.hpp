#pragma once

#include <Poco/ThreadPool.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/acceptor.hpp"
#include "net/cold_routes.hpp"
#include "net/loop_group.hpp"
#include "net/placement.hpp"
#include "net/server_context.hpp"
#include "observability/metrics.hpp"

namespace sluice::net {

/// The public server: one acceptor, and the connections on the event loops. [main-thread]
class HttpServer {
public:
    /// Binds and listens; throws Poco::Exception with the reason where it cannot. The loops run.
    HttpServer(const config::Config& config, generation::CurrentGeneration& generations, ColdRoutes& cold_routes,
               observability::Metrics& metrics, LoopGroup& loops);
    ~HttpServer();

    void start();
    std::string host() const;
    std::uint16_t port() const;
    /// What there is to know about the last requests. [any-thread]
    const observability::ExplainRing& explained() const noexcept { return context_.explained; }

    /// Stops accepting, closes idle connections, refuses further requests, and lets running answers end. What still
    /// runs after `patience` ends with an error; a client that does not take even that is left. Returns true when
    /// nothing of a request remains: plugins may be destroyed.
    bool drain(std::chrono::milliseconds patience);

    /// Lets every loop take up the current generation now, also those that have nothing to do: they let go of the one
    /// before. Returns at once. [any-thread]
    void take_up_generation();
    /// Ends what still belongs to a generation, with an error. Returns at once. [any-thread]
    void cut_generation(std::uint64_t number);
    /// Leaves the clients that do not take the end of such an answer. Returns at once. [any-thread]
    void abandon_generation(std::uint64_t number);

    /// Makes every loop drop its hold on the generation, after a complete drain().
    void forget_generation();

private:
    template <class Work>
    void on_every_loop(Work work);
    bool wait_until_empty(std::chrono::steady_clock::time_point deadline);
    std::size_t count_orphans();
    LoopContext& choose_loop();

    ServerContext context_;
    LoopGroup& loops_;
    Placement placement_;  ///< of the acceptor's thread
    std::vector<std::unique_ptr<LoopContext>> loop_contexts_;
    Poco::ThreadPool acceptor_pool_;
    std::size_t max_connections_;
    std::unique_ptr<Acceptor> acceptor_;
};

}  // namespace sluice::net
