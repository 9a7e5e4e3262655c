// A clock that a test sets, or the real one.
#pragma once

#include "sluice/ext/clock.h"
#include "sluice/testing/host_parts.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace sluice {
namespace testing {

// Which time a fake host follows.
enum class Time {
    kManual,  // stands still until FakeHost::advance()
    kReal     // the system's
};

// Every thread may read it.
class FakeClock {
public:
    explicit FakeClock(Time time) noexcept : time_(time) {}

    bool is_manual() const noexcept { return time_ == Time::kManual; }
    std::uint64_t monotonic_ns() const noexcept {
        return is_manual() ? manual_ns_.load() : count<std::chrono::nanoseconds>(std::chrono::steady_clock::now());
    }
    std::uint64_t unix_ms() const noexcept {
        return is_manual() ? kStartUnixMs + (manual_ns_.load() - kStartNs) / 1000000u
                           : count<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
    // Of a manual clock; never back.
    void move_to(std::uint64_t monotonic_ns) noexcept { manual_ns_ = monotonic_ns; }

    static const sluice_host_clock& table() noexcept {
        static const sluice_host_clock kTable = {
            sizeof(sluice_host_clock), 0,
            [](const sluice_host* host) noexcept { return parts_of(host).clock->monotonic_ns(); },
            [](const sluice_host* host) noexcept { return parts_of(host).clock->unix_ms(); }};
        return kTable;
    }

    static constexpr std::uint64_t kStartNs = 1000000000u;         // not 0, which reads as "never"
    static constexpr std::uint64_t kStartUnixMs = 1700000000000u;  // 2023-11-14 22:13:20 UTC

private:
    template <class Unit, class Point>
    static std::uint64_t count(Point point) noexcept {
        return static_cast<std::uint64_t>(std::chrono::duration_cast<Unit>(point.time_since_epoch()).count());
    }

    const Time time_;
    std::atomic<std::uint64_t> manual_ns_{kStartNs};
};

}  // namespace testing
}  // namespace sluice
