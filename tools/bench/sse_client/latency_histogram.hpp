#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::bench {

/// Durations in buckets of at most 1/32 of their value, so that quantiles of millions of samples cost
/// little memory.
class LatencyHistogram {
public:
    LatencyHistogram();

    void add(std::chrono::nanoseconds duration);

    /// The duration below which `share` (0 to 1) of the samples lie; 0 without samples.
    std::chrono::nanoseconds quantile(double share) const;
    std::chrono::nanoseconds longest() const { return longest_; }

private:
    std::vector<std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
    std::chrono::nanoseconds longest_{0};
};

}  // namespace sluice::bench
