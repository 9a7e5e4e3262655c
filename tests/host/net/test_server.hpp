#pragma once

#include <catch2/catch.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "client.hpp"
#include "generation/builder.hpp"
#include "net/cold_routes.hpp"
#include "net/http_server.hpp"
#include "net/loop_group.hpp"
#include "net/loop_interface.hpp"
#include "scripted.hpp"
#include "workshop.hpp"

namespace sluice::test {

/// A configuration with one puppet as backend behind every path.
inline config::Config puppet_config(PuppetBackend& backend, const std::string& file = "puppet.so") {
    config::Config config;
    config.server.port = 0;
    config.log.access = false;
    config.backends.push_back(
        {"puppet", plugin_file(file).string(), config::Isolation::kNone, address_of(backend), {}});
    config::Route route;
    route.targets = {{.backend = "puppet"}};
    config.routes.push_back(route);
    return config;
}

inline void add_middleware(config::Config& config, PuppetMiddleware& middleware) {
    std::string name = "middleware-" + std::to_string(config.middleware.size());
    config.middleware.push_back(
        {name, plugin_file("puppet.so").string(), config::Isolation::kNone, address_of(middleware), {}});
}

/// A whole server in this process. Ends as the gateway does; a call that nobody ended is a failure then.
class TestServer {
public:
    explicit TestServer(const config::Config& config, std::size_t loops = 1)
        : workshop_(loops), loops_(loops), cold_routes_(workshop_.metrics) {
        workshop_.interfaces.offer(SLUICE_HOST_LOOP_ID, net::loop_interface(loops_));
        loops_.start();
        net::EventLoop& loop = loops_.at(0);
        backend::QueryLoop query_loop{net::as_plugin_loop(loop),
                                      [&loop](std::function<void()> task) { return loop.post(std::move(task)); }};
        generation::BuildServices services{
            workshop_.services, workshop_.copies, workshop_.metrics, workshop_.workers, query_loop, {}, "1.2.3"};
        auto built = generation::build({config}, config::Environment(), services);
        for (const config::Problem& problem : built.problems) throw std::runtime_error(problem.text());
        generations_.replace(std::move(built.generation));
        server_ = std::make_unique<net::HttpServer>(config, generations_, cold_routes_, workshop_.metrics, loops_);
        server_->start();
    }
    ~TestServer() {
        CHECK(drain(std::chrono::seconds(2)));
        cold_routes_.stop();
        server_->forget_generation();
        generations_.replace(nullptr);
        server_.reset();
        loops_.stop_and_join();
    }

    std::uint16_t port() const { return server_->port(); }
    bool drain(std::chrono::milliseconds patience) {
        if (!is_drained_) is_drained_ = server_->drain(patience);
        return is_drained_;
    }
    net::EventLoop& loop() { return loops_.at(0); }
    /// Returns when the loop has worked off what it had to do before.
    void settle() {
        std::promise<void> reached;
        loop().post([&] { reached.set_value(); });
        reached.get_future().wait();
    }
    /// What is kept of the request with this id, once it has ended.
    observability::KeptRecord explained(std::string_view request_id) {
        for (auto until = std::chrono::steady_clock::now() + Client::kPatience;;) {
            settle();
            auto found = server_->explained().find(request_id, 1);
            if (!found.empty()) return found[0];
            if (std::chrono::steady_clock::now() > until) throw std::runtime_error("no record of the request is kept");
        }
    }
    std::size_t explained_count() const { return server_->explained().size(); }
    std::string metrics() const { return workshop_.metrics.expose(); }

private:
    Workshop workshop_;
    net::LoopGroup loops_;
    net::ColdRoutes cold_routes_;
    generation::CurrentGeneration generations_;
    std::unique_ptr<net::HttpServer> server_;
    bool is_drained_ = false;
};

}  // namespace sluice::test
