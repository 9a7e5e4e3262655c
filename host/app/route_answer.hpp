#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/route_question.hpp"
#include "config/config.hpp"
#include "http/error_table.hpp"
#include "http/request.hpp"
#include "routing/policy_outlook.hpp"
#include "routing/route_explanation.hpp"
#include "routing/router.hpp"

namespace sluice::app {

/// Who judges a request.
struct RouteSource {
    const routing::Router& router;
    const config::Config& config;  ///< that the router was made of
    std::uint64_t generation = 0;  ///< 0: no gateway runs, so nothing is known of the targets
    std::uint64_t now_ns = 0;      ///< of the monotonic clock
};

/// What becomes of a request. Valid as long as the router.
struct RouteAnswer {
    std::string method;
    std::string path;  ///< without query, where secrets may be
    std::string model;
    bool is_live = false;  ///< the running gateway's; else a configuration's alone
    std::uint64_t generation = 0;
    std::string_view answered_by;          ///< "health", "models" or "metrics": by the gateway itself, without routes
    std::optional<http::WireError> error;  ///< that the client gets before any route is asked
    std::optional<routing::RouteExplanation> explanation;  ///< nothing where no route is asked
    const config::Route* route = nullptr;                  ///< that takes it; the configuration's. Null: none
    std::optional<routing::PolicyOutlook> outlook;         ///< of a route with a policy
    std::optional<http::WireError> backend_error;  ///< of a backend without a policy that has nothing at this path
    bool is_quarantined = false;                   ///< that backend, now

    bool is_taken() const noexcept { return route != nullptr; }
};

/// Goes the way of a request up to its target, in the order of the gateway, but for the middleware, which is not asked;
/// changes nothing on it. [any-thread]
RouteAnswer answer_of(const RouteQuestion& question, const RouteSource& source);

/// For people, and as one JSON object with the same facts. Both end with a line break; without secrets.
std::string route_answer_text(const RouteAnswer& answer);
std::string route_answer_json(const RouteAnswer& answer);

}  // namespace sluice::app
