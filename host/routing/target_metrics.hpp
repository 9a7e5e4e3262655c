#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "observability/metric_set.hpp"
#include "routing/failure.hpp"

namespace sluice::routing {

/// What operators see of one target: how its attempts ended, and whether it is left alone. [any-thread]
class TargetMetrics {
public:
    /// `target`: its name, cut where a label cannot hold it. `metrics` outlives this.
    TargetMetrics(observability::Metrics& metrics, std::string_view target);

    void succeeded() noexcept { add(kSucceeded); }
    void failed(FailureKind kind) noexcept { add(static_cast<std::size_t>(kind)); }
    /// Nobody waited for its end, and it was not to blame.
    void cancelled() noexcept { add(kCancelled); }
    void set_circuit(bool is_open) noexcept;

private:
    static constexpr std::size_t kSucceeded = kFailureKinds;
    static constexpr std::size_t kCancelled = kFailureKinds + 1;
    void add(std::size_t outcome) noexcept;

    observability::MetricSet set_;
    std::array<observability::Metric*, kFailureKinds + 2> attempts_{};  ///< null where there was no room for one
    observability::Metric* circuit_ = nullptr;
};

}  // namespace sluice::routing
