#pragma once

#include <chrono>
#include <cstdint>

namespace sluice::bench {

/// The clock of all time stamps. CLOCK_MONOTONIC is the same in every process of a machine, so a stamp
/// written by the upstream can be compared with the time at which the client reads it.
std::chrono::nanoseconds monotonic_now();

}  // namespace sluice::bench
