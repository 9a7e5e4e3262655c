// Whether the store answers.
#pragma once

#include <sluice/cpp/host.hpp>

#include <atomic>
#include <string_view>

namespace sluice::ratelimit {

// Counts failures of the store, and writes one line for a row of them and one when it works again. [any-thread]
class StoreHealth {
public:
    StoreHealth(Host host, bool refuses_when_failing);

    void failed(std::string_view reason) noexcept;
    void worked() noexcept {
        if (is_failing_.load(std::memory_order_relaxed)) recovered();
    }

private:
    void recovered() noexcept;

    const Log log_;
    const Counter failures_;
    const bool refuses_;
    std::atomic<bool> is_failing_{false};
};

}  // namespace sluice::ratelimit
