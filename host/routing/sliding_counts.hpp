#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace sluice::routing {

/// How often something of each of a few kinds happened in the last while: a window of ten buckets, of which the oldest
/// is forgotten as a whole. Counting takes one load and one add, and a lock only for the first in each bucket.
/// All times are of one monotonic clock; threads may differ a little in what they take for now. [any-thread]
class SlidingCounts {
public:
    static constexpr std::size_t kKinds = 4;
    using Totals = std::array<std::uint64_t, kKinds>;

    /// `kind`: below kKinds. `window_ns` may change from call to call: what was counted is kept, but a bucket that both
    /// lengths use may lose what it had.
    void add(std::size_t kind, std::uint64_t now_ns, std::uint64_t window_ns) noexcept;
    /// What happened in the last `window_ns`, give or take a tenth.
    Totals totals(std::uint64_t now_ns, std::uint64_t window_ns) const noexcept;
    /// Forgets everything. What other threads add meanwhile may stay.
    void clear() noexcept;

private:
    static constexpr std::size_t kBuckets = 10;
    struct alignas(32) Bucket {
        std::atomic<std::uint64_t> start_ns{0};
        std::array<std::atomic<std::uint32_t>, kKinds> counts{};
    };
    void turn_over(Bucket& bucket, std::uint64_t start_ns) noexcept;

    std::array<Bucket, kBuckets> buckets_;
    std::mutex mutex_;  ///< of emptying buckets
};

}  // namespace sluice::routing
