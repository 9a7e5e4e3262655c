#include "routing/retry_budget.hpp"

namespace sluice::routing {
namespace {

constexpr std::size_t kCall = 0;
constexpr std::size_t kRetry = 1;

}  // namespace

void RetryBudget::call(std::uint64_t now_ns) noexcept { counts_.add(kCall, now_ns, kWindowNs); }

bool RetryBudget::take_retry(std::uint64_t now_ns, const RetryLimits& limits) noexcept {
    // Between looking and counting no other thread may look. Calls are counted beside that: at worst one more is known.
    const std::lock_guard lock(mutex_);
    const SlidingCounts::Totals counts = counts_.totals(now_ns, kWindowNs);
    const std::uint64_t retries = counts[kRetry] + 1;
    if (retries > limits.min_retries) {
        // Divided, so that a share like 0.29 of 100 is 29 in spite of binary fractions.
        const double share = static_cast<double>(retries) / static_cast<double>(counts[kCall]);
        if (counts[kCall] == 0 || share > limits.share) return false;
    }
    counts_.add(kRetry, now_ns, kWindowNs);
    return true;
}

}  // namespace sluice::routing
