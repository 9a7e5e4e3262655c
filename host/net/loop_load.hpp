#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::net {

/// How busy one loop is: how much of the last tenth of a second or so its thread ran. The loop tells; whoever places
/// connections reads. [any-thread] where not said otherwise.
///
/// Rationale: CPU time rather than time not spent waiting. Where other processes want the same cores a loop is seldom
/// idle, yet a second one would only wait for the same cores.
class LoopLoad {
public:
    static constexpr std::uint64_t kWindowNs = 100'000'000;

    /// The loop has stopped waiting. [loop-thread]
    void begin_round() noexcept { is_in_round_.store(true, std::memory_order_relaxed); }
    /// The loop goes to wait. [loop-thread]
    void end_round() noexcept { is_in_round_.store(false, std::memory_order_relaxed); }

    bool is_window_over(std::uint64_t now_ns) const noexcept {
        return now_ns - window_began_ns_.load(std::memory_order_relaxed) >= kWindowNs;
    }
    /// Begins another window; `cpu_ns` is the CPU time of the loop's thread so far. [loop-thread]
    void begin_window(std::uint64_t now_ns, std::uint64_t cpu_ns) noexcept {
        std::uint64_t length_ns = now_ns - window_began_ns_.load(std::memory_order_relaxed);
        auto percent = static_cast<std::uint32_t>((cpu_ns - cpu_at_begin_ns_) * 100 / length_ns);
        percent_.store(percent, std::memory_order_relaxed);
        window_began_ns_.store(now_ns, std::memory_order_relaxed);
        cpu_at_begin_ns_ = cpu_ns;
    }

    /// The load in percent, as of `now_ns`.
    std::uint32_t percent(std::uint64_t now_ns) const noexcept {
        // A loop that has told nothing for long either sleeps or is stuck in one round.
        bool is_silent = now_ns > window_began_ns_.load(std::memory_order_relaxed) + 2 * kWindowNs;
        if (is_silent) return is_in_round_.load(std::memory_order_relaxed) ? 100 : 0;
        return percent_.load(std::memory_order_relaxed);
    }

private:
    std::uint64_t cpu_at_begin_ns_ = 0;
    std::atomic<std::uint64_t> window_began_ns_{0};
    std::atomic<std::uint32_t> percent_{0};
    std::atomic<bool> is_in_round_{false};
};

}  // namespace sluice::net
