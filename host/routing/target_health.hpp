#pragma once

#include "routing/circuit_breaker.hpp"
#include "routing/retry_budget.hpp"
#include "routing/target_load.hpp"

namespace sluice::routing {

/// What is known about one target from the calls to it. Shared by the routes that name it, and by generations: a reload
/// forgets nothing. [any-thread]
struct TargetHealth {
    CircuitBreaker breaker;
    RetryBudget budget;
    TargetLoad load;
};

}  // namespace sluice::routing
