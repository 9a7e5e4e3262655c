#pragma once

#include "config/config.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>

namespace sluice::plugin {

/// What plugins may do before they are reported and kept out; see the section `containment` of the configuration. One
/// for the process: a reload sets it anew, and instances that stay go by the new limits. [any-thread]
class ContainmentLimits {
public:
    ContainmentLimits() noexcept { set({}); }
    explicit ContainmentLimits(const config::Containment& values) noexcept { set(values); }

    void set(const config::Containment& values) noexcept {
        hook_ms_ = values.hook.count();
        cancel_ms_ = values.cancel.count();
        window_ms_ = values.window.count();
        retry_ms_ = values.retry.count();
        failures_ = values.failures;
    }
    /// 0: there is no limit.
    std::chrono::milliseconds hook() const noexcept { return read(hook_ms_); }
    std::chrono::milliseconds cancel() const noexcept { return read(cancel_ms_); }
    std::chrono::milliseconds window() const noexcept { return read(window_ms_); }
    std::chrono::milliseconds retry() const noexcept { return read(retry_ms_); }
    /// 0: there is no quarantine.
    std::size_t failures() const noexcept { return failures_.load(std::memory_order_relaxed); }

private:
    using Count = std::chrono::milliseconds::rep;
    static std::chrono::milliseconds read(const std::atomic<Count>& value) noexcept {
        return std::chrono::milliseconds(value.load(std::memory_order_relaxed));
    }

    std::atomic<Count> hook_ms_{0};
    std::atomic<Count> cancel_ms_{0};
    std::atomic<Count> window_ms_{0};
    std::atomic<Count> retry_ms_{0};
    std::atomic<std::size_t> failures_{0};
};

}  // namespace sluice::plugin
