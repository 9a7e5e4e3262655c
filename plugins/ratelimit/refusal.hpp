// What a client is told whose request is not let through.
#pragma once

#include <sluice/cpp/error.hpp>

#include <chrono>
#include <cstdint>

#include "limit.hpp"

namespace sluice::ratelimit {

// Why a limit refuses a request.
enum class Cause {
    kReached,    // nothing is left of it
    kTimedOut,   // no slot became free while the request waited
    kQueueFull,  // too many wait already
};

// `wait` is the time until another try may succeed; it is given as whole seconds, at least one.
Error limit_reached(const Limit& limit, const Measure& measure, std::chrono::microseconds wait, Cause cause);
// The request alone is beyond the limit.
Error never_fits(const Limit& limit, const Measure& measure, std::int64_t estimate);
Error store_failed();

}  // namespace sluice::ratelimit
