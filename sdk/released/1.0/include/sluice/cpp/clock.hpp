// The time, as the host sees it.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/ext/clock.h"

#include <chrono>

namespace sluice {
inline namespace v1 {

// The host's clock, which a test may set; the system's with a host that has none. Every thread may use it.
class Clock {
public:
    explicit Clock(const sluice_host* host) noexcept
        : host_(host),
          table_(static_cast<const sluice_host_clock*>(host->get_interface(host, to_str(SLUICE_HOST_CLOCK_ID)))) {}

    // Since some fixed moment. Never goes back; for measuring and deadlines.
    std::chrono::nanoseconds monotonic() const noexcept {
        using std::chrono::steady_clock;
        return table_ != nullptr ? std::chrono::nanoseconds(table_->monotonic_ns(host_))
                                 : std::chrono::nanoseconds(steady_clock::now().time_since_epoch());
    }
    // Since 1970-01-01 UTC; may jump.
    std::chrono::milliseconds unix_time() const noexcept {
        using std::chrono::system_clock;
        return table_ != nullptr
                   ? std::chrono::milliseconds(table_->unix_ms(host_))
                   : std::chrono::duration_cast<std::chrono::milliseconds>(system_clock::now().time_since_epoch());
    }

private:
    const sluice_host* host_;
    const sluice_host_clock* table_;
};

}  // namespace v1
}  // namespace sluice
