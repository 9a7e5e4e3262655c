#include "app/gateway.hpp"

#include <malloc.h>
#include <stdlib.h>

#include <stdexcept>
#include <string>
#include <thread>

#include "app/installation.hpp"
#include "app/state_lock.hpp"
#include "backend/worker_pool.hpp"
#include "generation/builder.hpp"
#include "net/admin_server.hpp"
#include "net/cold_routes.hpp"
#include "net/http_server.hpp"
#include "net/loop_group.hpp"
#include "net/loop_interface.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "plugin/host_interfaces.hpp"
#include "plugin/private_copy.hpp"

namespace sluice::app {

namespace {

using observability::LogLevel;

std::size_t loop_count(const config::Server& server) {
    if (server.event_loops > 0) return server.event_loops;
    return std::max(1u, std::thread::hardware_concurrency());
}

/// What plugins stand on: loops, interfaces, workers. Outlives every generation.
struct Foundation {
    Foundation(const config::Config& config, const std::filesystem::path& state)
        : metrics(loop_count(config.server), SLUICE_VERSION),
          loops(loop_count(config.server)),
          workers(config.server.workers, config.server.worker_queue),
          instance_services{interfaces, metrics, [this] { loops.settle(); }, state / "instances"} {
        interfaces.offer(SLUICE_HOST_LOOP_ID, net::loop_interface(loops));
        auto opened = plugin::PrivateCopies::open(state);
        if (!opened) throw std::runtime_error(opened.error());
        copies.emplace(std::move(opened).value());
        loops.start();
    }
    ~Foundation() { loops.stop_and_join(); }

    generation::BuildResult build(const config::Config& config, const config::Environment& environment) {
        net::EventLoop& loop = loops.at(0);
        backend::QueryLoop query_loop{net::as_plugin_loop(loop),
                                      [&loop](std::function<void()> task) { return loop.post(std::move(task)); }};
        std::filesystem::path plugins = config.server.plugin_dir;
        if (plugins.empty()) plugins = default_plugin_dir();
        generation::BuildServices services{instance_services, *copies, metrics,       workers,
                                           query_loop,        plugins, SLUICE_VERSION};
        return generation::build(config, environment, services, 1);
    }

    observability::Metrics metrics;
    plugin::HostInterfaces interfaces;
    net::LoopGroup loops;
    backend::WorkerPool workers;
    plugin::InstanceServices instance_services;
    std::optional<plugin::PrivateCopies> copies;
};

std::string joined(const config::Problems& problems) {
    std::string text;
    for (const config::Problem& problem : problems) text += (text.empty() ? "" : "\n") + problem.text();
    return text;
}

/// Whoever sets a key expects it to be asked for.
void warn_about_unused_keys(const config::Config& config, const config::Environment& environment) {
    if (!config.middleware.empty()) return;
    for (const char* name : {"API_KEY", "API_KEYS"}) {
        if (environment.get(name).value_or("").empty()) continue;
        observability::log(LogLevel::kWarn, "key_not_enforced",
                           "a key is set, but no middleware of the configuration asks for it: every client is served",
                           {{"variable", name}});
    }
}

void warn_if_open(const config::Server& server) {
    bool is_loopback = server.host == "::1" || server.host == "localhost" || server.host.starts_with("127.");
    if (is_loopback) return;
    observability::log(LogLevel::kWarn, "no_key", "listening on a non-loopback address with no API key configured",
                       {{"address", server.host}});
}

}  // namespace

struct Gateway::Parts {
    Parts(const config::Config& config, const config::Environment& environment)
        : shutdown(config.server.timeouts.shutdown),
          state(state_dir(config.server.state_dir, environment)),
          foundation(config, state.folder()),
          cold_routes(foundation.metrics) {
        generation::BuildResult built = foundation.build(config, environment);
        if (!built.generation) throw std::runtime_error(joined(built.problems));
        generations.replace(std::move(built.generation));
        server =
            std::make_unique<net::HttpServer>(config, generations, cold_routes, foundation.metrics, foundation.loops);
        if (config.admin.listen != config::AdminListen::kOff) {
            admin = std::make_unique<net::AdminServer>(config.admin, state.folder() / "admin.sock", cold_routes);
            admin->start();
        }
        // Known before the first request names one: which model belongs to whom.
        auto catalog = generations.get()->catalog;
        catalog->refresh([] {});
        catalog->wait_for_local_lists(std::chrono::seconds(2));
        malloc_trim(0);  // what reading and building took is not needed to serve
        server->start();
    }

    std::chrono::milliseconds shutdown;
    StateLock state;
    Foundation foundation;
    net::ColdRoutes cold_routes;
    generation::CurrentGeneration generations;
    std::unique_ptr<net::HttpServer> server;
    std::unique_ptr<net::AdminServer> admin;
};

Gateway::Gateway(const config::Config& config, const config::Environment& environment)
    : parts_(std::make_unique<Parts>(config, environment)) {
    warn_if_open(config.server);
    warn_about_unused_keys(config, environment);
    observability::log(LogLevel::kInfo, "listening", "listening",
                       {{"address", parts_->server->host()},
                        {"port", parts_->server->port()},
                        {"version", SLUICE_VERSION},
                        {"state_dir", parts_->state.folder().string()}});
    if (parts_->admin && config.admin.listen == config::AdminListen::kTcp) {
        observability::log(LogLevel::kInfo, "admin_listening", "admin listener",
                           {{"address", config.admin.host}, {"port", parts_->admin->port()}});
    }
}

Gateway::~Gateway() = default;

bool Gateway::stop() {
    observability::log(LogLevel::kInfo, "draining", "stopped accepting, waiting for running answers");
    // First the backends: what takes long to answer should end early rather than be cut off at the end of the drain.
    for (const auto& backend : parts_->generations.get()->backends) backend->shut_down();
    bool is_empty = parts_->server->drain(parts_->shutdown);
    parts_->admin.reset();
    parts_->cold_routes.stop();
    if (!is_empty) {
        observability::log(LogLevel::kError, "drain_incomplete", "a backend held on to its call; ending without it");
        return false;
    }
    // Connections and loops go before the plugins they call; the loops stay up until plugins have taken leave of them.
    parts_->server->forget_generation();
    parts_->generations.replace(nullptr);
    parts_.reset();
    observability::log(LogLevel::kInfo, "stopped", "stopped");
    return true;
}

std::vector<std::string> check_generation(const config::Config& config, const config::Environment& environment) {
    std::filesystem::path scratch = std::filesystem::temp_directory_path() / "sluice-check-XXXXXX";
    std::string name = scratch.string();
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a temporary folder like " + name);
    std::vector<std::string> problems;
    {
        Foundation foundation(config, name);
        generation::BuildResult built = foundation.build(config, environment);
        for (const config::Problem& problem : built.problems) problems.push_back(problem.text());
    }
    std::error_code ignored;
    std::filesystem::remove_all(name, ignored);
    return problems;
}

}  // namespace sluice::app
