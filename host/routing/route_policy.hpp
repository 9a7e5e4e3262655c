#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "http/request.hpp"
#include "routing/failure.hpp"
#include "routing/target.hpp"
#include "routing/target_choice.hpp"
#include "routing/target_health.hpp"

namespace sluice::routing {

/// One of the targets or fallbacks of a route.
struct PolicyTarget {
    Target target;      ///< deadlines are those of one attempt
    std::string name;   ///< the backend, with the model where one is asked for: "openai/gpt-4o"
    std::string model;  ///< asked for in place of the client's; empty: the client's
    std::uint32_t weight = 1;
    std::uint32_t max_concurrent = 0;  ///< 0: no limit
    FailureFilter on;                  ///< of a fallback: what it is taken for
    std::shared_ptr<TargetHealth> health;
};

/// What a route does beyond one attempt at one backend. Immutable; belongs to the router.
struct RoutePolicy {
    std::vector<PolicyTarget> targets;
    std::vector<PolicyTarget> fallbacks;
    ChoicePolicy balance = ChoicePolicy::kWeighted;
    std::string sticky_header;
    std::size_t attempts = 1;  ///< at the targets
    std::uint64_t backoff_ns = 0;
    std::uint64_t max_backoff_ns = 0;
    std::uint32_t max_retry_after_ms = 0;
    RetryLimits retry_limits;
    FailureFilter retried;
    std::optional<BreakerLimits> breaker;
    std::uint64_t check_ns = 0;  ///< how often a target with an open circuit is asked how it is; 0: it is not
    config::OnCut on_cut = config::OnCut::kError;
    std::size_t hold_bytes = 0;
    std::uint64_t hold_ns = 0;
};

/// What is known about the targets of all routes, by their names.
using HealthByName = std::map<std::string, std::shared_ptr<TargetHealth>, std::less<>>;

/// True where a route asks for more than one attempt at one backend as it is.
bool has_policy(const config::Route& route) noexcept;

/// What a request is held to one target by; empty where the policy reads no header or the request has none. Borrowed
/// from the request.
std::string_view sticky_key_of(const RoutePolicy& policy, const http::Request& request) noexcept;

/// The policy of a route with targets. `target`: what all of them have in common. Takes from `health` what is known,
/// and adds what is not there yet.
std::unique_ptr<const RoutePolicy> make_policy(
    const config::Route& route, const Target& target,
    const std::vector<std::shared_ptr<const backend::PluginBackend>>& backends, HealthByName& health);

}  // namespace sluice::routing
