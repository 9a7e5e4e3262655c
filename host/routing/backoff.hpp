#pragma once

#include <cstdint>

namespace sluice::routing {

/// How long to wait after failed attempt number `attempt` (from 1) before the next: exponential with equal jitter. The
/// longest wait doubles from `base_ns` with each attempt up to `max_ns`; half of it is fixed, and `random01`, evenly
/// distributed from 0 to 1, says how much of the other half is added.
///
/// Rationale: the fixed half bounds the attempts in a time whatever the dice say (full jitter may hammer), the random
/// one keeps calls that failed together from coming back together.
std::uint64_t delay_ns(std::uint32_t attempt, std::uint64_t base_ns, std::uint64_t max_ns, double random01) noexcept;

}  // namespace sluice::routing
