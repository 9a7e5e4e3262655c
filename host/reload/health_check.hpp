#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "backend/query.hpp"
#include "config/problem.hpp"
#include "generation/generation.hpp"

namespace sluice::reload {

/// Asks the backends that are new in `next` how they are, and waits at most `patience` for all of them. A problem for
/// each that is down, or says nothing, while the one of the same name that serves is not down: then the change broke
/// it. One that is new, or was down before, is only logged: its upstream may come back. [main-thread]
config::Problems check_health(const generation::Generation& next, const generation::Generation& running,
                              const backend::QueryLoop& loop, std::chrono::milliseconds patience);

}  // namespace sluice::reload
