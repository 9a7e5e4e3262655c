#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::test {

/// What happened on the threads of the gateway, for the thread of the test to wait for. [any-thread]
class Journal {
public:
    void note(std::string entry) {
        std::lock_guard lock(mutex_);
        entries_.push_back(std::move(entry));
        has_changed_.notify_all();
    }
    /// True once `entry` was noted `times` times; false if that takes longer than anything here should.
    bool waits_for(std::string_view entry, std::size_t times = 1) {
        std::unique_lock lock(mutex_);
        return has_changed_.wait_for(lock, std::chrono::seconds(10), [&] { return count_locked(entry) >= times; });
    }
    std::size_t count(std::string_view entry) {
        std::lock_guard lock(mutex_);
        return count_locked(entry);
    }
    std::vector<std::string> entries() {
        std::lock_guard lock(mutex_);
        return entries_;
    }

private:
    std::size_t count_locked(std::string_view entry) const {
        return static_cast<std::size_t>(std::count(entries_.begin(), entries_.end(), entry));
    }
    std::mutex mutex_;
    std::condition_variable has_changed_;
    std::vector<std::string> entries_;
};

}  // namespace sluice::test
