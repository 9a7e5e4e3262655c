#pragma once

#include "observability/loop_metrics.hpp"
#include "observability/metric_registry.hpp"

#include <prometheus/collectable.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::observability {

using LoopShards = std::vector<std::unique_ptr<LoopMetrics>>;

/// Adds up the counts of all loops whenever the page is asked for.
class LoopCollector final : public prometheus::Collectable {
public:
    /// `loops` outlives it; `backend_names` gives the names of the slots in use, from slot 0 on. [any-thread]
    LoopCollector(const LoopShards& loops, std::function<std::vector<std::string>()> backend_names)
        : loops_(loops), backend_names_(std::move(backend_names)) {}

    /// The names on the page, so that no plugin takes them.
    static std::vector<std::pair<std::string_view, MetricType>> names();

    // prometheus::Collectable
    std::vector<prometheus::MetricFamily> Collect() const override;

private:
    const LoopShards& loops_;
    std::function<std::vector<std::string>()> backend_names_;
};

}  // namespace sluice::observability
