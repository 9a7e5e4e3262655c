#pragma once

#include "plugin/containment_limits.hpp"
#include "plugin/watched_thread.hpp"

#include <chrono>

namespace sluice::plugin {

/// Looks at where threads are inside plugins, again and again, and reports what is in one place for too long: by name,
/// while it still is, and again when it has ended. The time a plugin waits for another one that it has led the host
/// into is the other one's. Not for several threads at once.
class OverrunWatch {
public:
    /// `limits` outlives it.
    explicit OverrunWatch(const ContainmentLimits& limits) : limits_(limits) {}

    /// Says how long ago the last looks were; before the looks of one round. `gap`: what counts of it at most, since
    /// more was no plugin's doing: the whole process, or its machine, stood still.
    void begin_round(std::chrono::nanoseconds passed, std::chrono::nanoseconds gap) noexcept;
    void look_at(Watched& thread) const;

private:
    bool is_over(const Watched& thread, SeenFrame& seen) const noexcept;
    void report(const Watched& thread, SeenFrame& seen) const;
    void count_time(std::uint64_t frame) const;

    const ContainmentLimits& limits_;
    std::chrono::nanoseconds passed_{0};
};

}  // namespace sluice::plugin
