// How many answers of the store are still to come: who asked lives until there are none.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace sluice::auth {

// Every thread may use it.
class OwedAnswers {
public:
    void add() noexcept {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++count_;
    }
    // The last thing an answer does: who waits goes away then.
    void settle() noexcept {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (--count_ == 0) changed_.notify_all();
    }
    // For destructors.
    void wait() noexcept {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return count_ == 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t count_ = 0;
};

}  // namespace sluice::auth
