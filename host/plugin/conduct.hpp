#pragma once

#include "observability/plugin_metrics.hpp"
#include "observability/sharded_count.hpp"
#include "plugin/containment_limits.hpp"
#include "plugin/quarantine.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace sluice::plugin {

/// Whether a call or exchange may enter an instance.
enum class Admission { kGranted, kTrial, kRefused };

/// How one instance behaves: what is counted about it, and whether it is in quarantine. New code starts with a clean
/// one; an instance that a reload keeps keeps it. [any-thread]
class Conduct : public std::enable_shared_from_this<Conduct> {
public:
    /// `counts` and `limits` outlive it. `code`: the path its plugin's code was loaded from.
    static std::shared_ptr<Conduct> make(observability::PluginMetrics& counts, const ContainmentLimits& limits,
                                         std::string code);
    ~Conduct();
    Conduct(const Conduct&) = delete;
    Conduct& operator=(const Conduct&) = delete;

    /// Never 0, and never the same for two instances of the process (but see kIdBits).
    std::uint32_t id() const noexcept { return id_; }
    static constexpr unsigned kIdBits = 24;
    const std::string& plugin() const noexcept { return counts_.plugin(); }
    const std::string& instance() const noexcept { return counts_.instance(); }
    observability::PluginMetrics& counts() noexcept { return counts_; }
    const ContainmentLimits& limits() const noexcept { return limits_; }

    /// Whether a call may go in now. kTrial: end_trial() follows. `shard`: as for ShardedCount.
    Admission admit(std::uint32_t shard) noexcept {
        if (!is_quarantined()) {
            admitted_.add(shard, 1);
            return Admission::kGranted;
        }
        return try_out();
    }
    bool is_quarantined() const noexcept { return is_quarantined_.load(std::memory_order_relaxed); }
    void end_trial(CallOutcome outcome) noexcept;
    /// After which time a refused client may ask again.
    std::chrono::milliseconds retry_after() const noexcept;

    /// Counts what it did wrong, which may put it into quarantine.
    void misbehaved(observability::Misbehaviour reason) noexcept;

    /// The living one of that id, or null.
    static std::shared_ptr<Conduct> find(std::uint32_t id);
    /// The instance that a function belongs to, or null where that cannot be said: none, or several of one plugin.
    static std::shared_ptr<Conduct> owner_of(const void* function);

private:
    Conduct(observability::PluginMetrics& counts, const ContainmentLimits& limits, std::string code);
    Admission try_out() noexcept;
    void log_quarantine(observability::Misbehaviour reason) const noexcept;

    const std::uint32_t id_;
    observability::PluginMetrics& counts_;
    const ContainmentLimits& limits_;
    const std::string code_;
    observability::ShardedCount admitted_;
    std::atomic<bool> is_quarantined_{false};
    mutable std::mutex mutex_;
    Quarantine quarantine_;  // under mutex_
};

}  // namespace sluice::plugin
