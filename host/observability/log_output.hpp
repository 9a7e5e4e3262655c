#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string_view>

namespace sluice::observability {

/// The descriptor that whole lines are written to, by any thread. It may block, for instance when nobody reads a pipe.
class LogOutput {
public:
    /// Does not own the descriptor.
    explicit LogOutput(int descriptor);

    /// Writes all of `lines`, waiting as long as it takes; after give_up_at() has passed it drops them and returns
    /// false, as it does when the descriptor fails for good. [any-thread, may block]
    bool write(std::string_view lines) noexcept;

    /// From then on writing waits no longer.
    void give_up_at(std::chrono::steady_clock::time_point time) noexcept;

private:
    bool wait_writable() const noexcept;

    int descriptor_;
    bool takes_whole_writes_;
    std::mutex mutex_;
    std::atomic<std::chrono::steady_clock::rep> give_up_at_;
};

}  // namespace sluice::observability
