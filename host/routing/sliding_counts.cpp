#include "routing/sliding_counts.hpp"

#include <algorithm>

namespace sluice::routing {
namespace {

std::uint64_t width_of(std::uint64_t window_ns, std::size_t buckets) noexcept {
    return std::max<std::uint64_t>(1, window_ns / buckets);
}

}  // namespace

// Memory order: a bucket is emptied before its new start is released, and whoever acquired that start adds afterwards,
// so nothing counted for the new time is emptied away. The counts themselves guard nothing and are relaxed. A thread
// that is held up between the two steps of add() for a whole window counts one event too late, which is accepted.

void SlidingCounts::add(std::size_t kind, std::uint64_t now_ns, std::uint64_t window_ns) noexcept {
    const std::uint64_t width = width_of(window_ns, kBuckets);
    const std::uint64_t start = now_ns - now_ns % width;
    Bucket& bucket = buckets_[now_ns / width % kBuckets];
    // A later start is of a thread whose clock is ahead, or of another width: never turned back.
    if (bucket.start_ns.load(std::memory_order_acquire) < start) turn_over(bucket, start);
    bucket.counts[kind].fetch_add(1, std::memory_order_relaxed);
}

SlidingCounts::Totals SlidingCounts::totals(std::uint64_t now_ns, std::uint64_t window_ns) const noexcept {
    const std::uint64_t span = width_of(window_ns, kBuckets) * kBuckets;
    Totals sums{};
    for (const Bucket& bucket : buckets_) {
        const std::uint64_t start = bucket.start_ns.load(std::memory_order_acquire);
        if (start <= now_ns && now_ns - start >= span) continue;
        for (std::size_t kind = 0; kind < kKinds; ++kind) {
            sums[kind] += bucket.counts[kind].load(std::memory_order_relaxed);
        }
    }
    return sums;
}

void SlidingCounts::clear() noexcept {
    const std::lock_guard lock(mutex_);
    for (Bucket& bucket : buckets_) {
        for (auto& count : bucket.counts) count.store(0, std::memory_order_relaxed);
    }
}

void SlidingCounts::turn_over(Bucket& bucket, std::uint64_t start_ns) noexcept {
    const std::lock_guard lock(mutex_);
    if (bucket.start_ns.load(std::memory_order_relaxed) >= start_ns) return;
    for (auto& count : bucket.counts) count.store(0, std::memory_order_relaxed);
    bucket.start_ns.store(start_ns, std::memory_order_release);
}

}  // namespace sluice::routing
