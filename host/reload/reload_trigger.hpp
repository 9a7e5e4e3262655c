#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "reload/reloader.hpp"

namespace sluice::reload {

/// A thread that reloads when it is asked to, for those who cannot wait for it. Asked again while it is at work, it
/// reloads once more afterwards. [any-thread]
class ReloadTrigger {
public:
    /// The reloader outlives this.
    explicit ReloadTrigger(Reloader& reloader);
    ~ReloadTrigger();
    ReloadTrigger(const ReloadTrigger&) = delete;
    ReloadTrigger& operator=(const ReloadTrigger&) = delete;

    /// Returns at once; how it ends is in the log.
    void request(std::string cause);
    /// Waits for the reload that is under way, and begins no other.
    void stop();

private:
    void run();

    Reloader& reloader_;
    std::mutex mutex_;
    std::condition_variable has_changed_;
    std::string cause_;  // under mutex_; empty: nobody has asked
    bool is_ending_ = false;
    std::thread thread_;
};

}  // namespace sluice::reload
