#pragma once

#include <cstdint>
#include <vector>

#include "http/request.hpp"
#include "routing/circuit_breaker.hpp"
#include "routing/failure.hpp"
#include "routing/retry_budget.hpp"
#include "routing/route_policy.hpp"

namespace sluice::routing {

/// How things are with one target at a moment.
struct TargetOutlook {
    const PolicyTarget* target = nullptr;  ///< of the policy
    double share = 0;                      ///< how likely it is asked first, from 0 to 1; of a fallback 0
    bool is_usable = true;                 ///< it may be asked now
    bool is_quarantined = false;
    bool serves_path = true;  ///< false: its backend has nothing at this path
    CircuitBreaker::State circuit = CircuitBreaker::State::kClosed;
    std::uint64_t closed_off_ns = 0;   ///< until its circuit lets a call through
    std::uint32_t in_flight = 0;       ///< calls of this gateway
    std::uint64_t first_token_ns = 0;  ///< usual time to it lately; 0: unknown
    RetryBudget::Use budget;
};

/// What a policy would do with a request at a moment.
struct PolicyOutlook {
    bool is_sticky = false;  ///< the request has a value of the policy's header that holds it to one target
    std::vector<TargetOutlook> targets;
    std::vector<TargetOutlook> fallbacks;
    bool is_unavailable = false;                  ///< no target can be asked
    Failure unavailable;                          ///< why
    const PolicyTarget* asked_instead = nullptr;  ///< the fallback that is asked then; null: none
};

/// Asks what an AttemptPlan would, and changes nothing: no call is counted, no probe admitted. `now_ns`: of the
/// monotonic clock. Valid as long as `policy`. [any-thread]
PolicyOutlook outlook_of(const RoutePolicy& policy, const http::Request& request, std::uint64_t now_ns);

}  // namespace sluice::routing
