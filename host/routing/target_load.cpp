#include "routing/target_load.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::routing {
namespace {

/// What is left of 1 after that time.
double rest_after(std::uint64_t time_ns) noexcept {
    return std::exp2(-static_cast<double>(time_ns) / static_cast<double>(TargetLoad::kHalfLifeNs));
}

}  // namespace

bool TargetLoad::try_enter(std::uint32_t limit) noexcept {
    // Relaxed: the count guards nothing but itself.
    std::uint32_t count = in_flight_.load(std::memory_order_relaxed);
    do {
        if (limit != 0 && count >= limit) return false;
    } while (!in_flight_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed));
    return true;
}

void TargetLoad::leave() noexcept { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

void TargetLoad::note_first_token(std::uint64_t taken_ns, std::uint64_t now_ns) noexcept {
    const std::lock_guard lock(mutex_);
    const std::uint64_t last_ns = answered_at_ns_.load(std::memory_order_relaxed);
    const std::uint64_t since_ns = now_ns - std::min(now_ns, last_ns);
    weight_ = since_ns < kForgetAfterNs ? weight_ * rest_after(since_ns) + 1 : 1;
    const double average = static_cast<double>(average_ns_.load(std::memory_order_relaxed));
    const double updated = average + (static_cast<double>(taken_ns) - average) / weight_;
    // Never 0, which stands for unknown.
    average_ns_.store(static_cast<std::uint64_t>(std::max(1.0, updated)), std::memory_order_relaxed);
    answered_at_ns_.store(std::max(now_ns, last_ns), std::memory_order_relaxed);
}

std::uint64_t TargetLoad::recent_first_token_ns(std::uint64_t now_ns) const noexcept {
    const std::uint64_t average = average_ns_.load(std::memory_order_relaxed);
    const std::uint64_t last_ns = answered_at_ns_.load(std::memory_order_relaxed);
    const std::uint64_t since_ns = now_ns - std::min(now_ns, last_ns);
    if (average == 0 || since_ns >= kForgetAfterNs) return 0;
    return static_cast<std::uint64_t>(std::max(1.0, static_cast<double>(average) * rest_after(since_ns)));
}

}  // namespace sluice::routing
