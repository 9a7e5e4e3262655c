#include "routing/circuit_breaker.hpp"

#include <algorithm>
#include <limits>

namespace sluice::routing {
namespace {

/// In the place of the time a wait began: it is over, whatever its length.
constexpr std::uint64_t kWaitIsOver = std::numeric_limits<std::uint64_t>::max();

/// The kinds of ends in the window: a bit for bad and a bit for slow, so that each end is counted once.
constexpr std::size_t kGoodEnd = 0;
constexpr std::size_t kBadBit = 1;
constexpr std::size_t kSlowBit = 2;

double share(std::uint64_t part, std::uint64_t whole) noexcept {
    return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

// Memory order: phase_ is released after the times that belong to it, and acquired before they are read, so a thread
// never judges by the times of an older phase. That costs nothing on the way of a good call: where the phase is closed,
// an acquiring load is a plain one on the machines that matter. Whatever a thread concludes without the lock may be out
// of date by the time it acts, and is harmless then: a call is admitted in the moment of the opening, or refused in
// that of the closing; a good end is counted in a window that has just been emptied. What opens, closes or grants a
// probe is decided again under the lock.

CircuitBreaker::Admission CircuitBreaker::admit(std::uint64_t now_ns, const BreakerLimits& limits) noexcept {
    const Phase phase = phase_.load(std::memory_order_acquire);
    if (phase == Phase::kClosed) return Admission::kAdmitted;
    if (phase == Phase::kProbing || wait_left_ns(now_ns, limits) > 0) return Admission::kRefused;
    return begin_probe(now_ns, limits);
}

CircuitBreaker::Change CircuitBreaker::end(Admission admission, Verdict verdict, std::uint64_t duration_ns,
                                           std::uint64_t now_ns, const BreakerLimits& limits) noexcept {
    const bool is_slow = limits.slow_ns > 0 && duration_ns > limits.slow_ns;
    if (admission == Admission::kProbe) return end_probe(verdict, is_slow, now_ns);
    if (admission == Admission::kRefused || verdict == Verdict::kUnknown) return Change::kNone;
    const std::size_t kind = (verdict == Verdict::kBad ? kBadBit : 0) | (is_slow ? kSlowBit : 0);
    if (is_too_late(duration_ns, now_ns)) return Change::kNone;
    if (kind != kGoodEnd) return add_flawed(kind, duration_ns, now_ns, limits);
    window_.add(kind, now_ns, limits.window_ns);
    return Change::kNone;
}

CircuitBreaker::State CircuitBreaker::state(std::uint64_t now_ns, const BreakerLimits& limits) const noexcept {
    const Phase phase = phase_.load(std::memory_order_acquire);
    if (phase == Phase::kClosed) return State::kClosed;
    return phase == Phase::kProbing || wait_left_ns(now_ns, limits) == 0 ? State::kHalfOpen : State::kOpen;
}

std::uint64_t CircuitBreaker::retry_in_ns(std::uint64_t now_ns, const BreakerLimits& limits) const noexcept {
    return phase_.load(std::memory_order_acquire) == Phase::kWaiting ? wait_left_ns(now_ns, limits) : 0;
}

void CircuitBreaker::heard_healthy(std::uint64_t now_ns) noexcept {
    if (phase_.load(std::memory_order_relaxed) != Phase::kWaiting) return;
    const std::lock_guard lock(mutex_);
    if (phase_.load(std::memory_order_relaxed) != Phase::kWaiting) return;
    if (now_ns < waits_since_ns_.load(std::memory_order_relaxed)) return;
    wait_since(kWaitIsOver);
}

CircuitBreaker::Admission CircuitBreaker::begin_probe(std::uint64_t now_ns, const BreakerLimits& limits) noexcept {
    const std::lock_guard lock(mutex_);
    const Phase phase = phase_.load(std::memory_order_relaxed);
    if (phase == Phase::kClosed) return Admission::kAdmitted;
    if (phase == Phase::kProbing || wait_left_ns(now_ns, limits) > 0) return Admission::kRefused;
    phase_.store(Phase::kProbing, std::memory_order_release);
    return Admission::kProbe;
}

CircuitBreaker::Change CircuitBreaker::end_probe(Verdict verdict, bool is_slow, std::uint64_t now_ns) noexcept {
    const std::lock_guard lock(mutex_);
    if (phase_.load(std::memory_order_relaxed) != Phase::kProbing) return Change::kNone;
    if (verdict == Verdict::kUnknown) {
        wait_since(kWaitIsOver);
        return Change::kNone;
    }
    if (verdict == Verdict::kBad || is_slow) {
        wait_since(now_ns);
        return Change::kNone;
    }
    window_.clear();
    closed_at_ns_.store(now_ns, std::memory_order_relaxed);
    phase_.store(Phase::kClosed, std::memory_order_release);
    return Change::kClosed;
}

CircuitBreaker::Change CircuitBreaker::add_flawed(std::size_t kind, std::uint64_t duration_ns, std::uint64_t now_ns,
                                                  const BreakerLimits& limits) noexcept {
    const std::lock_guard lock(mutex_);
    if (is_too_late(duration_ns, now_ns)) return Change::kNone;
    window_.add(kind, now_ns, limits.window_ns);
    if (!is_over_limit(now_ns, limits)) return Change::kNone;
    wait_since(now_ns);
    return Change::kOpened;
}

bool CircuitBreaker::is_over_limit(std::uint64_t now_ns, const BreakerLimits& limits) const noexcept {
    const SlidingCounts::Totals ends = window_.totals(now_ns, limits.window_ns);
    const std::uint64_t bad = ends[kBadBit] + ends[kBadBit | kSlowBit];
    const std::uint64_t slow = ends[kSlowBit] + ends[kBadBit | kSlowBit];
    const std::uint64_t calls = ends[kGoodEnd] + ends[kSlowBit] + bad;
    if (calls == 0 || calls < limits.min_calls) return false;
    return share(bad, calls) >= limits.failure_share || (limits.slow_ns > 0 && share(slow, calls) >= limits.slow_share);
}

bool CircuitBreaker::is_too_late(std::uint64_t duration_ns, std::uint64_t now_ns) const noexcept {
    if (phase_.load(std::memory_order_acquire) != Phase::kClosed) return true;
    return now_ns - std::min(now_ns, duration_ns) < closed_at_ns_.load(std::memory_order_relaxed);
}

std::uint64_t CircuitBreaker::wait_left_ns(std::uint64_t now_ns, const BreakerLimits& limits) const noexcept {
    const std::uint64_t since = waits_since_ns_.load(std::memory_order_relaxed);
    if (since == kWaitIsOver) return 0;
    const std::uint64_t waited = now_ns - std::min(now_ns, since);
    return limits.open_ns - std::min(limits.open_ns, waited);
}

void CircuitBreaker::wait_since(std::uint64_t since_ns) noexcept {
    waits_since_ns_.store(since_ns, std::memory_order_relaxed);
    phase_.store(Phase::kWaiting, std::memory_order_release);
}

}  // namespace sluice::routing
