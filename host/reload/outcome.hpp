#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/problem.hpp"

namespace sluice::reload {

/// How a reload ended.
struct Outcome {
    enum class Kind { kDone, kUnchanged, kRefused };

    Kind kind = Kind::kUnchanged;
    std::uint64_t generation = 0;      ///< the one that serves now
    std::uint64_t previous = 0;        ///< kDone: the one that served before
    std::vector<std::string> changes;  ///< what differs from what served before, a line each
    std::string step;                  ///< kRefused: config, inspect, probe, load, create or health
    config::Problems problems;         ///< kRefused: why
};

}  // namespace sluice::reload
