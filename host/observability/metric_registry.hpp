#pragma once

#include "observability/metric_set.hpp"
#include "result.hpp"

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace prometheus {
struct MetricFamily;
}

namespace sluice::observability {

enum class MetricType { kCounter, kGauge, kHistogram };

/// Everything that makes out one series. Names and labels have been checked against Prometheus' rules.
struct SeriesSpec {
    MetricType type;
    std::string name;
    std::string help;
    std::vector<std::pair<std::string, std::string>> labels;  ///< sorted by name
    std::vector<double> bounds;                               ///< of a histogram
};

/// The series of all MetricSets, each counted by its users. Safe from every thread.
class MetricRegistry {
public:
    MetricRegistry();
    ~MetricRegistry();
    MetricRegistry(const MetricRegistry&) = delete;
    MetricRegistry& operator=(const MetricRegistry&) = delete;

    /// Keeps the name of a metric that is not in this registry from being used.
    void reserve(std::string_view name, MetricType type);

    /// The series, made if it is new, with one more user. Fails if the name means something else already.
    Result<Metric*> acquire(const SeriesSpec& spec);

    /// One user less; the last one takes the series off the page.
    void release(Metric* metric) noexcept;

    /// Appends what is in the registry, for the page.
    void collect(std::vector<prometheus::MetricFamily>& into) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::observability
