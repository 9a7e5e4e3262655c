// Whether the store answers: a metric, and one line of the log for a row of failures.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "sluice/cpp/host.hpp"

namespace sluice::auth {

// Every thread may use it.
class StoreHealth {
public:
    explicit StoreHealth(Host host)
        : log_(host.log()),
          failures_(host.metrics().counter("store_failures_total", "Questions that the store did not answer")) {}

    void note_failure(std::string_view reason) {
        failures_.add();
        if (is_failing_.exchange(true)) return;
        log_.warn("the store fails: keys already known go on working for stale_ms (" + std::string(reason) + ")");
    }
    void note_answer() {
        if (is_failing_.load(std::memory_order_relaxed) && is_failing_.exchange(false)) {
            log_.info("the store answers again");
        }
    }

private:
    Log log_;
    Counter failures_;
    std::atomic<bool> is_failing_{false};
};

}  // namespace sluice::auth
