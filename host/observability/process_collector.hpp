#pragma once

#include <prometheus/collectable.h>

#include <vector>

namespace sluice::observability {

/// What the system knows about this process, under the names Prometheus clients agree on: memory, descriptors, threads,
/// processor time, start time. A number that cannot be read is left out.
class ProcessCollector final : public prometheus::Collectable {
public:
    // prometheus::Collectable
    std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace sluice::observability
