// What is counted of turns and processes.
#pragma once

#include <sluice/cpp/metrics.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

#include "process/process_pool.hpp"

namespace sluice::claude_code {

enum class TurnOutcome { kDone, kLength, kToolCalls, kFailed, kCancelled };

class TurnMetrics {
public:
    explicit TurnMetrics(const Metrics& metrics);

    // [any-thread]
    void ended(TurnOutcome outcome) const noexcept { turns_[static_cast<std::size_t>(outcome)].add(); }
    void first_token(std::chrono::milliseconds since_begin) const noexcept {
        first_token_.observe(std::chrono::duration<double>(since_begin).count());
    }
    // The state of the pool, as it is now. [home-loop]
    void show(const PoolFigures& figures) noexcept;

private:
    std::array<Counter, 5> turns_;
    Histogram first_token_;
    std::array<Gauge, 6> processes_;
    Gauge queued_;
    Gauge resident_bytes_;
    Counter started_;
    Counter crashed_;
    PoolFigures shown_;
};

}  // namespace sluice::claude_code
