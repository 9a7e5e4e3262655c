#pragma once

#include "observability/metric_registry.hpp"
#include "observability/plugin_metrics.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::observability {

/// The counts of all plugin instances by name, kept for the life of the process, and their part of the page.
class PluginCollector {
public:
    explicit PluginCollector(std::size_t loop_count) : loop_count_(loop_count) {}

    /// The counts of an instance; beyond kMaxInstances names all further ones share one, labelled "other". [any-thread]
    PluginMetrics& find_or_make(std::string_view plugin, std::string_view instance);
    static constexpr std::size_t kMaxInstances = 256;

    /// The names on the page, so that no plugin takes them.
    static std::vector<std::pair<std::string_view, MetricType>> names();
    void collect(std::vector<prometheus::MetricFamily>& into) const;

private:
    std::size_t loop_count_;
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<PluginMetrics>> instances_;
};

}  // namespace sluice::observability
