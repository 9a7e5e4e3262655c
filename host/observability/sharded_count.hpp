#pragma once

#include "observability/loop_metrics.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::observability {

/// A count to which every loop adds in a cache line of its own; other threads share one. May go down: what is added
/// may be negative. [any-thread]
class ShardedCount {
public:
    /// For threads that are no loop's.
    static constexpr std::uint32_t kNoShard = 0xFFFFFFFF;

    explicit ShardedCount(std::size_t loop_count) : shards_(loop_count) {}

    /// `shard`: the index of the loop on whose thread this is called, else kNoShard.
    void add(std::uint32_t shard, std::int64_t amount) noexcept {
        if (shard < shards_.size()) {
            shards_[shard].tally.add(static_cast<std::uint64_t>(amount));
        } else {
            others_.fetch_add(static_cast<std::uint64_t>(amount), std::memory_order_relaxed);
        }
    }
    std::int64_t total() const noexcept {
        std::uint64_t sum = others_.load(std::memory_order_relaxed);
        for (const Shard& shard : shards_) sum += shard.tally.get();
        return static_cast<std::int64_t>(sum);
    }

private:
    struct alignas(64) Shard {
        Tally tally;
    };
    std::vector<Shard> shards_;
    std::atomic<std::uint64_t> others_{0};
};

}  // namespace sluice::observability
