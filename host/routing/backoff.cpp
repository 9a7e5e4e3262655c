#include "routing/backoff.hpp"

#include <algorithm>

namespace sluice::routing {

std::uint64_t delay_ns(std::uint32_t attempt, std::uint64_t base_ns, std::uint64_t max_ns, double random01) noexcept {
    const std::uint32_t doublings = attempt == 0 ? 0 : attempt - 1;
    // Compared by shifting down the limit: shifting up the base could lose its highest bits.
    const bool is_at_limit = doublings >= 64 || base_ns > max_ns >> doublings;
    const std::uint64_t longest = is_at_limit ? max_ns : base_ns << doublings;
    const std::uint64_t fixed = longest / 2;
    const std::uint64_t rest = longest - fixed;
    const double share = random01 > 0 ? std::min(random01, 1.0) : 0.0;  // what is no number is 0
    // Of values that a double cannot hold exactly, the product may be above the whole.
    return fixed + std::min(rest, static_cast<std::uint64_t>(share * static_cast<double>(rest)));
}

}  // namespace sluice::routing
