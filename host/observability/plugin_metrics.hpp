#pragma once

#include "observability/loop_metrics.hpp"
#include "observability/plugin_function.hpp"
#include "observability/sharded_count.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice::observability {

/// What is counted about one configured use of a plugin. Belongs to its name: counts go on after a reload, and two
/// instances that overlap in one count together. [any-thread]
class PluginMetrics {
public:
    PluginMetrics(std::string plugin, std::string instance, std::size_t loop_count)
        : plugin_(std::move(plugin)), instance_(std::move(instance)), held_bytes_(loop_count), shards_(loop_count) {}

    std::size_t loop_count() const noexcept { return shards_.size(); }
    const std::string& plugin() const noexcept { return plugin_; }
    const std::string& instance() const noexcept { return instance_; }

    /// `shard`: as for ShardedCount.
    void called(PluginFunction function, std::uint32_t shard, std::uint64_t times = 1) noexcept {
        const auto index = static_cast<std::size_t>(function);
        if (shard < shards_.size()) {
            shards_[shard].calls[index].add(times);
        } else {
            other_calls_[index].fetch_add(times, std::memory_order_relaxed);
        }
    }
    /// What the host keeps on the plugin's behalf, more or less by `bytes`.
    void held(std::int64_t bytes, std::uint32_t shard) noexcept { held_bytes_.add(shard, bytes); }
    void failed(Misbehaviour reason) noexcept { add(failures_[static_cast<std::size_t>(reason)], 1); }
    void overran(PluginFunction function) noexcept { add(overruns_[static_cast<std::size_t>(function)], 1); }
    void spent(PluginFunction function, std::chrono::nanoseconds time) noexcept {
        add(spent_ns_[static_cast<std::size_t>(function)], static_cast<std::uint64_t>(time.count()));
    }
    /// Instances of this name that are in quarantine, more or less by `change`.
    void quarantined(std::int32_t change) noexcept { quarantined_.fetch_add(change, std::memory_order_relaxed); }

    std::uint64_t calls(PluginFunction function) const noexcept {
        const auto index = static_cast<std::size_t>(function);
        std::uint64_t sum = other_calls_[index].load(std::memory_order_relaxed);
        for (const Shard& shard : shards_) sum += shard.calls[index].get();
        return sum;
    }
    std::int64_t held_bytes() const noexcept { return held_bytes_.total(); }
    std::uint64_t failures(Misbehaviour reason) const noexcept {
        return failures_[static_cast<std::size_t>(reason)].load(std::memory_order_relaxed);
    }
    std::uint64_t overruns(PluginFunction function) const noexcept {
        return overruns_[static_cast<std::size_t>(function)].load(std::memory_order_relaxed);
    }
    std::chrono::nanoseconds spent(PluginFunction function) const noexcept {
        return std::chrono::nanoseconds(spent_ns_[static_cast<std::size_t>(function)].load(std::memory_order_relaxed));
    }
    std::int32_t quarantined() const noexcept { return quarantined_.load(std::memory_order_relaxed); }

private:
    using Count = std::atomic<std::uint64_t>;
    static constexpr std::size_t kFunctions = kPluginFunctionNames.size();
    struct alignas(64) Shard {
        std::array<Tally, kFunctions> calls;
    };
    static void add(Count& count, std::uint64_t amount) noexcept { count.fetch_add(amount, std::memory_order_relaxed); }

    std::string plugin_;
    std::string instance_;
    ShardedCount held_bytes_;
    std::vector<Shard> shards_;  ///< one for each loop
    std::array<Count, kFunctions> other_calls_{};
    std::array<Count, kFunctions> overruns_{};
    std::array<Count, kFunctions> spent_ns_{};
    std::array<Count, kMisbehaviourNames.size()> failures_{};
    std::atomic<std::int32_t> quarantined_{0};
};

}  // namespace sluice::observability
