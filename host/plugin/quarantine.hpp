#pragma once

#include "plugin/containment_limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace sluice::plugin {

/// How a trial call went. kUnknown: its client left before that could be seen.
enum class CallOutcome { kUnknown, kEnded };

/// Decides when an instance is kept out, and when it is tried again. In quarantine once its last `failures` failures
/// lie within `window` and are at least half of the calls since the first of them; then one call at a time on trial,
/// the first after `retry`. A trial that ends without a failure releases. Not for several threads at once.
class Quarantine {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// `limits` outlives it.
    explicit Quarantine(const ContainmentLimits& limits) : limits_(limits) {}

    bool is_closed() const noexcept { return is_closed_; }
    /// Notes a failure; `calls`: how many calls there have been. True if it is what begins a quarantine.
    bool add_failure(Time now, std::uint64_t calls);
    /// True if a call may go in on trial; end_trial() follows.
    bool begin_trial(Time now) noexcept;
    /// True if that ends the quarantine.
    bool end_trial(Time now, CallOutcome outcome) noexcept;
    /// Until the next trial may begin.
    std::chrono::milliseconds until_trial(Time now) const noexcept;

private:
    struct Failure {
        Time time;
        std::uint64_t calls;
    };

    const ContainmentLimits& limits_;
    std::deque<Failure> last_failures_;  ///< at most as many as begin a quarantine
    bool is_closed_ = false;
    bool is_trying_ = false;
    bool has_trial_failed_ = false;
    Time next_trial_{};
};

}  // namespace sluice::plugin
