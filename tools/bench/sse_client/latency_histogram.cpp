#include "sse_client/latency_histogram.hpp"

#include <algorithm>
#include <bit>

namespace sluice::bench {
namespace {

// Values below 64 have a bucket each; each power of two above is cut into 32 equal buckets.
constexpr unsigned kExactBits = 6;
constexpr std::uint64_t kExactValues = 1U << kExactBits;
constexpr std::uint64_t kBucketsPerOctave = kExactValues / 2;
constexpr std::size_t kOctaves = 64 - kExactBits;

std::size_t bucket_of(std::uint64_t value) {
    if (value < kExactValues) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - kExactBits;
    return kExactValues + (shift - 1) * kBucketsPerOctave + ((value >> shift) - kBucketsPerOctave);
}

std::uint64_t lower_bound_of(std::size_t bucket) {
    if (bucket < kExactValues) return bucket;
    const auto shift = (bucket - kExactValues) / kBucketsPerOctave + 1;
    return ((bucket - kExactValues) % kBucketsPerOctave + kBucketsPerOctave) << shift;
}

}  // namespace

LatencyHistogram::LatencyHistogram() : buckets_(kExactValues + kOctaves * kBucketsPerOctave) {}

void LatencyHistogram::add(std::chrono::nanoseconds duration) {
    buckets_[bucket_of(static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count())))]++;
    count_++;
    longest_ = std::max(longest_, duration);
}

std::chrono::nanoseconds LatencyHistogram::quantile(double share) const {
    if (count_ == 0) return std::chrono::nanoseconds(0);
    const auto rank = static_cast<std::uint64_t>(share * static_cast<double>(count_ - 1));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); bucket++) {
        seen += buckets_[bucket];
        if (seen > rank) return std::chrono::nanoseconds(lower_bound_of(bucket));
    }
    return longest_;
}

}  // namespace sluice::bench
