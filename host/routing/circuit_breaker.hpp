#pragma once

#include "routing/sliding_counts.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>

namespace sluice::routing {

/// When a circuit opens, and for how long. Shares are above 0; one above 1 is never reached.
struct BreakerLimits {
    double failure_share = 0.5;             ///< of the calls in the window that ended badly
    double slow_share = 1.0;                ///< of the calls in the window that took longer than slow_ns
    std::uint64_t slow_ns = 0;              ///< 0: slow calls are not judged
    std::uint32_t min_calls = 5;            ///< fewer in the window are not judged
    std::uint64_t window_ns = 30000000000;  ///< how far back calls are judged
    std::uint64_t open_ns = 10000000000;    ///< after which a call is let through as a probe

    bool operator==(const BreakerLimits&) const = default;
};

/// Keeps calls away from a target that fails. Closed, it lets all through and counts how they end; a bad or slow end
/// that brings its share of the window to the limit opens it. Open, it refuses all. After a wait it is half-open: one
/// call at a time goes through as a probe. A good probe closes it and empties the window; one that fails or is slow
/// opens it again; one that ends unknown gives its place to the next call.
///
/// Every admitted call and every probe ends once, with end(), at best as soon as its worth is known: a stream with its
/// first token, so that a long one does not keep the only place of a probe. The end of a call admitted before the
/// circuit last opened or closed changes nothing. Limits may change from call to call and hold at once.
///
/// While it is closed, admit() is one atomic load, and the end of a good call a few loads and one add (see
/// SlidingCounts). A lock is taken for bad and slow ends and for changes of state. [any-thread]
class CircuitBreaker {
public:
    enum class State { kClosed, kOpen, kHalfOpen };
    enum class Admission { kAdmitted, kProbe, kRefused };
    /// kUnknown: its client left before that could be seen, or it failed by no fault of the target.
    enum class Verdict { kGood, kBad, kUnknown };
    enum class Change { kNone, kOpened, kClosed };

    Admission admit(std::uint64_t now_ns, const BreakerLimits& limits) noexcept;

    /// `duration_ns`: since admit(), which tells how slow the call was and what it is too late for. Returns what that
    /// did to the circuit, for the log: a probe that fails leaves it as open as it was. Refused calls end in nothing.
    Change end(Admission admission, Verdict verdict, std::uint64_t duration_ns, std::uint64_t now_ns,
               const BreakerLimits& limits) noexcept;

    /// kHalfOpen: a probe is under way, or the next call becomes one.
    State state(std::uint64_t now_ns, const BreakerLimits& limits) const noexcept;

    /// Until the next call may go through; 0 where it may now, or where it depends on the probe that is under way.
    std::uint64_t retry_in_ns(std::uint64_t now_ns, const BreakerLimits& limits) const noexcept;

    /// A check of the target's health at `now_ns` went well. That proves too little to close an open circuit, but ends
    /// the wait: the next call is a probe. A check from before the opening, or beside a probe, says nothing.
    void heard_healthy(std::uint64_t now_ns) noexcept;

private:
    enum class Phase : std::uint8_t { kClosed, kWaiting, kProbing };
    Admission begin_probe(std::uint64_t now_ns, const BreakerLimits& limits) noexcept;
    Change end_probe(Verdict verdict, bool is_slow, std::uint64_t now_ns) noexcept;
    Change add_flawed(std::size_t kind, std::uint64_t duration_ns, std::uint64_t now_ns,
                      const BreakerLimits& limits) noexcept;
    bool is_over_limit(std::uint64_t now_ns, const BreakerLimits& limits) const noexcept;
    bool is_too_late(std::uint64_t duration_ns, std::uint64_t now_ns) const noexcept;
    std::uint64_t wait_left_ns(std::uint64_t now_ns, const BreakerLimits& limits) const noexcept;
    void wait_since(std::uint64_t since_ns) noexcept;

    // Written under mutex_ alone. On a cache line of their own, which stays shared by all threads while nothing
    // changes.
    alignas(64) std::atomic<Phase> phase_{Phase::kClosed};
    std::atomic<std::uint64_t> waits_since_ns_{0};
    std::atomic<std::uint64_t> closed_at_ns_{0};
    alignas(64) SlidingCounts window_;
    std::mutex mutex_;
};

}  // namespace sluice::routing
