#include "app/gateway.hpp"

#include <malloc.h>
#include <stdlib.h>

#include <stdexcept>
#include <string>

#include "app/foundation.hpp"
#include "app/installation.hpp"
#include "app/state_lock.hpp"
#include "generation/builder.hpp"
#include "net/admin_server.hpp"
#include "net/cold_routes.hpp"
#include "net/http_server.hpp"
#include "observability/log.hpp"

namespace sluice::app {

namespace {

using observability::LogLevel;

std::string joined(const config::Problems& problems) {
    std::string text;
    for (const config::Problem& problem : problems) text += (text.empty() ? "" : "\n") + problem.text();
    return text;
}

bool is_loopback(const std::string& host) { return host == "::1" || host == "localhost" || host.starts_with("127."); }

/// Who sets a key expects it to be asked for, and nobody expects strangers to be served.
void warn_if_unguarded(const config::Config& config, const config::Environment& environment) {
    for (const char* name : {"API_KEY", "API_KEYS"}) {
        if (environment.get(name).value_or("").empty()) continue;
        observability::log(LogLevel::kWarn, "key_not_enforced",
                           "a key is set, but no middleware of the configuration asks for it: every client is served",
                           {{"variable", name}});
    }
    if (is_loopback(config.server.host)) return;
    observability::log(LogLevel::kWarn, "no_key", "listening on a non-loopback address with no API key configured",
                       {{"address", config.server.host}});
}

}  // namespace

struct Gateway::Parts {
    Parts(const config::Config& config, const config::Environment& environment)
        : shutdown(config.server.timeouts.shutdown),
          state(state_dir(config.server.state_dir, environment)),
          foundation(config, state.folder()),
          cold_routes(foundation.metrics) {
        generation::BuildResult built = generation::build(config, environment, foundation.services(config), 1);
        if (!built.generation) throw std::runtime_error(joined(built.problems));
        generations.replace(std::move(built.generation));
        server =
            std::make_unique<net::HttpServer>(config, generations, cold_routes, foundation.metrics, foundation.loops);
        if (config.admin.listen != config::AdminListen::kOff) {
            admin = std::make_unique<net::AdminServer>(config.admin, state.folder() / "admin.sock", cold_routes,
                                                       generations);
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
    if (!parts_->generations.get()->chain.is_guarding()) warn_if_unguarded(config, environment);
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
    if (parts_->admin && !parts_->admin->stop(parts_->shutdown)) {
        observability::log(LogLevel::kError, "drain_incomplete", "a command goes on; ending without it");
        return false;
    }
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
        // What the real store holds is none of the check's business, and is not to be changed by it.
        config::Config checked = config;
        checked.store.sqlite_file.clear();
        for (auto& [space, kind] : checked.store.namespaces) {
            if (kind == config::StoreKind::kRedis) kind = config::StoreKind::kSqlite;
        }
        Foundation foundation(checked, name);
        generation::BuildResult built = generation::build(checked, environment, foundation.services(checked), 1);
        for (const config::Problem& problem : built.problems) problems.push_back(problem.text());
    }
    std::error_code ignored;
    std::filesystem::remove_all(name, ignored);
    return problems;
}

}  // namespace sluice::app
