// Something that somebody has to wait for.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace sluice::ratelimit {

// Counts what has begun and not ended. [any-thread]
class Outstanding {
public:
    void begin() noexcept {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++count_;
    }
    // Notified under the lock: who waits may destroy this object as soon as it gets it.
    void end() noexcept {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (--count_ == 0) changed_.notify_all();
    }
    // Not on a loop's thread.
    void wait_for_none() noexcept {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return count_ == 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t count_ = 0;
};

}  // namespace sluice::ratelimit
