#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "backend/plugin_backend.hpp"
#include "http/error_table.hpp"

namespace sluice::routing {

struct RoutePolicy;

/// Deadlines of the requests of one route, in nanoseconds; 0 = none.
struct Deadlines {
    std::uint64_t request_ns = 0;
    std::uint64_t first_event_ns = 0;
    std::uint64_t event_gap_ns = 0;
    std::uint64_t head_ns = 0;  ///< until an answer begins, of whatever kind
};

/// Where a request goes: to a backend, to one of several by a policy, or to an error that the route itself gives.
struct Target {
    const backend::PluginBackend* backend = nullptr;
    std::string mode;   ///< X-Backend-Mode; empty where no backend was chosen
    std::string label;  ///< of the route, for the log: "routes[3]"
    Deadlines deadlines;
    bool injects_usage = false;
    std::optional<http::WireError> error;
    const RoutePolicy* policy = nullptr;  ///< of the route; null where there is one backend and one attempt
};

}  // namespace sluice::routing
