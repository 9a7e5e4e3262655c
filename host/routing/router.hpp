#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/plugin_backend.hpp"
#include "config/config.hpp"
#include "http/error_table.hpp"
#include "http/request.hpp"
#include "routing/model_catalog.hpp"

namespace sluice::routing {

/// Deadlines of the requests of one route, in nanoseconds; 0 = none.
struct Deadlines {
    std::uint64_t request_ns = 0;
    std::uint64_t first_event_ns = 0;
    std::uint64_t event_gap_ns = 0;
};

/// Where a request goes: to a backend, or to an error that the route itself gives.
struct Target {
    const backend::PluginBackend* backend = nullptr;
    std::string mode;   ///< X-Backend-Mode; empty where no backend was chosen
    std::string label;  ///< of the route, for the log: "routes[3]"
    Deadlines deadlines;
    bool injects_usage = false;
    std::optional<http::WireError> error;
};

/// The routes of one generation: first match wins. Immutable.
class Router {
public:
    /// `config` passed the checks of the loader, so every backend it names is in `backends`.
    Router(const config::Config& config, const ModelCatalog::Backends& backends, std::shared_ptr<ModelCatalog> catalog);

    /// The error for a header with a closed set of values that has another one, an empty one or two different ones.
    std::optional<http::WireError> check_headers(const http::Request& request) const;

    /// The target of a request. Valid as long as the router. A request that no route takes gets backend_unavailable.
    const Target& route(const http::Request& request) const;

private:
    struct Rule {
        config::RouteMatch match;
        bool asks_catalog = false;
        Target target;
        std::vector<Target> lister_targets;  ///< of a route to the only lister: one for each backend
    };
    static void add_lister_targets(Rule& rule, const ModelCatalog::Backends& backends);
    bool matches(const Rule& rule, const http::Request& request) const;

    std::vector<config::RequestHeader> request_headers_;
    std::vector<Rule> rules_;
    std::shared_ptr<ModelCatalog> catalog_;
    Target no_route_;
};

}  // namespace sluice::routing
