#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::net {

/// How busy one loop is: the share of the last tenth of a second or so that it did not spend waiting. The loop tells;
/// whoever places connections reads. [any-thread] where not said otherwise.
class LoopLoad {
public:
    static constexpr std::uint64_t kWindowNs = 100'000'000;

    /// The loop has stopped waiting. [loop-thread]
    void begin_round(std::uint64_t now_ns) noexcept {
        close_window(now_ns);
        round_began_ns_ = now_ns;
        is_in_round_.store(true, std::memory_order_relaxed);
    }

    /// The loop goes to wait. [loop-thread]
    void end_round(std::uint64_t now_ns) noexcept {
        busy_ns_ += now_ns - round_began_ns_;
        is_in_round_.store(false, std::memory_order_relaxed);
        close_window(now_ns);
    }

    /// The load in percent, as of `now_ns`.
    std::uint32_t percent(std::uint64_t now_ns) const noexcept {
        // A loop that has told nothing for long either sleeps or is stuck in one round.
        bool is_silent = now_ns > window_began_ns_.load(std::memory_order_relaxed) + 2 * kWindowNs;
        if (is_silent) return is_in_round_.load(std::memory_order_relaxed) ? 100 : 0;
        return percent_.load(std::memory_order_relaxed);
    }

private:
    void close_window(std::uint64_t now_ns) noexcept {
        std::uint64_t began_ns = window_began_ns_.load(std::memory_order_relaxed);
        if (now_ns - began_ns < kWindowNs) return;
        percent_.store(static_cast<std::uint32_t>(busy_ns_ * 100 / (now_ns - began_ns)), std::memory_order_relaxed);
        window_began_ns_.store(now_ns, std::memory_order_relaxed);
        busy_ns_ = 0;
    }

    std::uint64_t round_began_ns_ = 0;
    std::uint64_t busy_ns_ = 0;
    std::atomic<std::uint64_t> window_began_ns_{0};
    std::atomic<std::uint32_t> percent_{0};
    std::atomic<bool> is_in_round_{false};
};

}  // namespace sluice::net
