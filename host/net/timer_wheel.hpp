#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace sluice::net {

class TimerWheel;

/// A deadline that is moved often and seldom reached. Owned by whoever derives from it, which must not outlive the
/// wheel it was set in. Not copied, not moved. [loop-thread]
class Timer {
public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    virtual ~Timer();

    /// Runs once the deadline has passed, never before it. The timer is not set then; it may be set again, or
    /// destroyed, in here.
    virtual void on_timer() = 0;

private:
    friend class TimerWheel;
    static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

    TimerWheel* wheel_ = nullptr;  ///< while linked
    Timer* previous_ = nullptr;
    Timer* next_ = nullptr;
    std::uint64_t wanted_ns_ = kNever;
    std::uint64_t armed_tick_ = 0;
    std::uint32_t slot_ = 0;
};

/// Deadlines of one event loop with a resolution of about one millisecond.
///
/// Rationale: a request moves its deadline several times and nearly always to a later moment. A later deadline is only
/// noted in the timer; the wheel finds out when the earlier one comes round, and links it anew. So setting and stopping
/// cost a store, and the wheel is touched once per timer and period, not per request.
class TimerWheel {
public:
    explicit TimerWheel(std::uint64_t now_ns);

    /// Fires `timer` at `deadline_ns` (CLOCK_MONOTONIC), replacing an earlier setting.
    void set(Timer& timer, std::uint64_t deadline_ns);
    /// Forgets the setting; cheap.
    void stop(Timer& timer) noexcept { timer.wanted_ns_ = Timer::kNever; }
    /// Fires everything that is due.
    void advance(std::uint64_t now_ns);
    /// Milliseconds until advance() has something to do, rounded up; -1 for never. May be early, never late.
    int milliseconds_to_next(std::uint64_t now_ns) const noexcept;

private:
    friend class Timer;
    static constexpr int kBits = 6;
    static constexpr std::uint32_t kSlots = 1u << kBits;
    static constexpr std::uint32_t kLevels = 5;  // 64^5 ticks: about 13 days
    static constexpr int kTickShift = 20;        // 2^20 ns: 1.05 ms

    void link(Timer& timer, std::uint64_t tick);
    void unlink(Timer& timer) noexcept;
    void cascade(std::uint32_t level);
    void fire_slot(std::uint32_t slot, std::uint64_t now_ns);
    std::uint64_t next_tick_with_work() const noexcept;

    std::uint64_t current_tick_;
    std::array<Timer*, kLevels * kSlots> slots_{};
    std::array<std::uint64_t, kLevels> occupied_{};
};

}  // namespace sluice::net
