#include "routing/retry_budget.hpp"

namespace sluice::routing {
namespace {

constexpr std::size_t kCall = 0;
constexpr std::size_t kRetry = 1;

/// True if `retries` are too many for `calls`.
bool is_beyond(std::uint64_t retries, std::uint64_t calls, const RetryLimits& limits) noexcept {
    if (retries <= limits.min_retries) return false;
    // Divided, so that a share like 0.29 of 100 is 29 in spite of binary fractions.
    return calls == 0 || static_cast<double>(retries) / static_cast<double>(calls) > limits.share;
}

}  // namespace

void RetryBudget::call(std::uint64_t now_ns) noexcept { counts_.add(kCall, now_ns, kWindowNs); }

bool RetryBudget::take_retry(std::uint64_t now_ns, const RetryLimits& limits) noexcept {
    // Between looking and counting no other thread may look. Calls are counted beside that: at worst one more is known.
    const std::lock_guard lock(mutex_);
    const SlidingCounts::Totals counts = counts_.totals(now_ns, kWindowNs);
    if (is_beyond(counts[kRetry] + 1, counts[kCall], limits)) return false;
    counts_.add(kRetry, now_ns, kWindowNs);
    return true;
}

RetryBudget::Use RetryBudget::use(std::uint64_t now_ns, const RetryLimits& limits) const noexcept {
    const SlidingCounts::Totals counts = counts_.totals(now_ns, kWindowNs);
    return {counts[kCall], counts[kRetry], is_beyond(counts[kRetry] + 1, counts[kCall], limits)};
}

}  // namespace sluice::routing
