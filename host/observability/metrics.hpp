#pragma once

#include "observability/loop_metrics.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::observability {

class MetricRegistry;
class PluginMetrics;

/// All metrics of the process: the counts of the loops, those of plugins and of other parts of the host (MetricSet),
/// and what the system knows about the process.
class Metrics {
public:
    /// `version` is shown in sluice_build_info.
    Metrics(std::size_t loop_count, std::string_view version);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// The counts of loop `index` < loop_count; only that loop's thread may write to them. Lives as long as this
    /// object.
    LoopMetrics& loop(std::size_t index) noexcept;
    std::size_t loop_count() const noexcept;

    /// The slot of a backend instance; the same name gives the same slot for ever, so that counts go on after a reload.
    /// When all slots are given away, further names share the last one, labelled "other". [any-thread]
    BackendSlot backend_slot(std::string_view instance_name);

    /// The counts of a plugin instance, by the same rule; live as long as this object. [any-thread]
    PluginMetrics& plugin(std::string_view plugin_name, std::string_view instance_name);

    /// The page in Prometheus' text format, content type kContentType. Blocks no loop. [any-thread]
    std::string expose() const;
    static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// For MetricSet.
    MetricRegistry& registry() noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::observability
