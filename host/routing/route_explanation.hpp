#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "routing/route_condition.hpp"
#include "routing/target.hpp"

namespace sluice::routing {

/// A route before the one that takes a request, and the first of its conditions that the request does not meet.
struct PassedRoute {
    std::size_t index = 0;
    ConditionFact reason;
    bool is_undecided =
        false;  ///< it takes the request if exactly one backend lists the model, which nobody knows here
};

/// Which route takes a request, and why none before it does. See Router::explain().
struct RouteExplanation {
    const Target* target = nullptr;    ///< never null; the error of no route where `index` is nothing. The router's
    std::optional<std::size_t> index;  ///< of the route that takes it
    std::vector<ConditionFact> met;    ///< all conditions of that route
    std::vector<PassedRoute> passed;   ///< the first ones only
    std::size_t passed_count = 0;      ///< all, the undecided included
    std::size_t undecided_count = 0;
    std::optional<std::size_t> first_undecided;
};

}  // namespace sluice::routing
