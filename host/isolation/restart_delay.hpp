#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace sluice::isolation {

/// How long to wait before a process that has ended is started again: not at all the first time, then twice as long
/// each time, up to half a minute. One that ran well ends the row.
/// Rationale: a plugin that answers and now and then dies of a request has to be there for the next one; one that does
/// not get that far is not to keep the machine busy.
class RestartDelay {
public:
    static constexpr std::chrono::milliseconds kFirst{100};
    static constexpr std::chrono::milliseconds kLongest{30000};
    static constexpr std::chrono::seconds kRanWell{60};

    /// The process has ended after `lifetime`; `was_of_use`: it had answered something.
    std::chrono::milliseconds after_death(std::chrono::nanoseconds lifetime, bool was_of_use) noexcept {
        if (was_of_use || lifetime >= kRanWell) deaths_ = 0;
        const std::uint32_t doublings = deaths_++;
        if (doublings == 0) return std::chrono::milliseconds(0);
        return doublings > kMaxDoublings ? kLongest : std::min(kLongest, kFirst * (1 << (doublings - 1)));
    }

private:
    static constexpr std::uint32_t kMaxDoublings = 16;

    std::uint32_t deaths_ = 0;  ///< in a row
};

}  // namespace sluice::isolation
