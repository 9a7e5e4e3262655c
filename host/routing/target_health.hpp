#pragma once

#include <atomic>
#include <memory>

#include "routing/circuit_breaker.hpp"
#include "routing/retry_budget.hpp"
#include "routing/target_load.hpp"
#include "routing/target_metrics.hpp"

namespace sluice::routing {

/// What is known about one target from the calls to it. Shared by the routes that name it, and by generations: a reload
/// forgets nothing. [any-thread]
struct TargetHealth {
    CircuitBreaker breaker;
    RetryBudget budget;
    TargetLoad load;
    /// Set before the first call, or never.
    std::unique_ptr<TargetMetrics> metrics;
    /// While its circuit is open and somebody asks it how it is.
    std::atomic<bool> is_checked{false};
};

}  // namespace sluice::routing
