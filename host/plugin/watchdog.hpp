#pragma once

#include "plugin/containment_limits.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace sluice::plugin {

/// The thread that watches all others for plugins that hold them (OverrunWatch), from its making to its end.
class Watchdog {
public:
    /// `limits` outlives it. Throws std::system_error if there can be no thread. [main-thread]
    explicit Watchdog(const ContainmentLimits& limits);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

private:
    void run();

    const ContainmentLimits& limits_;
    std::mutex mutex_;
    std::condition_variable is_over_;
    bool is_ending_ = false;  // under mutex_
    std::thread thread_;      // last: everything is there when it starts
};

}  // namespace sluice::plugin
