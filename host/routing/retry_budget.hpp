#pragma once

#include "routing/sliding_counts.hpp"

#include <cstdint>
#include <mutex>

namespace sluice::routing {

struct RetryLimits {
    double share = 0.2;              ///< retries for each call
    std::uint32_t min_retries = 10;  ///< in each window, however few calls there are

    bool operator==(const RetryLimits&) const = default;
};

/// Bounds what retries add to the load of a target in trouble: of the calls of the last ten seconds, only a share is
/// tried again, but always a few. A call is counted once, however often it is tried. [any-thread]
class RetryBudget {
public:
    static constexpr std::uint64_t kWindowNs = 10000000000;

    /// Counts a call; with its first attempt.
    void call(std::uint64_t now_ns) noexcept;
    /// True if a call may be tried again; that is then counted. Limits may change from call to call.
    bool take_retry(std::uint64_t now_ns, const RetryLimits& limits) noexcept;

    /// Of the window.
    struct Use {
        std::uint64_t calls = 0;
        std::uint64_t retries = 0;
        bool is_spent = false;  ///< take_retry() would say no
    };
    Use use(std::uint64_t now_ns, const RetryLimits& limits) const noexcept;

private:
    SlidingCounts counts_;
    std::mutex mutex_;  ///< of retries
};

}  // namespace sluice::routing
