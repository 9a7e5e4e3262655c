// X-RateLimit-Limit, -Remaining and -Reset.
#pragma once

#include <sluice/cpp/clock.hpp>
#include <sluice/cpp/exchange.hpp>

#include <chrono>
#include <cstdint>

namespace sluice::ratelimit {

// How much of a limit is left.
struct Standing {
    std::int64_t limit = 0;
    std::int64_t remaining = 0;
    std::int64_t fitting = 0;           // so many further requests like this one fit
    std::chrono::microseconds wait{0};  // until the next part of what is taken comes back
};

// Sets the headers to this limit's, whatever stands there.
void show(Exchange& exchange, const Standing& standing, Clock clock);
// Sets them only where no other instance of the chain has shown a limit that is as near to exhaustion.
void show_if_nearest(Exchange& exchange, const Standing& standing, Clock clock);

}  // namespace sluice::ratelimit
