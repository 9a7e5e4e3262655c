#include "observability/log.hpp"
#include "observability/metric_set.hpp"
#include "plugin/host_tables.hpp"
#include "plugin/plugin_instance.hpp"
#include "plugin/table_checks.hpp"

#include <algorithm>
#include <exception>
#include <span>
#include <string>
#include <vector>

namespace sluice::plugin {
namespace {

using observability::Metric;
using observability::MetricLabel;
using observability::MetricSet;

// One more than is allowed is enough to be refused for it.
std::vector<MetricLabel> labels_of(const sluice_label* labels, std::size_t count) {
    std::vector<MetricLabel> converted;
    for (std::size_t index = 0; labels != nullptr && index < std::min(count, MetricSet::kMaxLabels + 1); ++index) {
        converted.push_back({view_of(labels[index].name), view_of(labels[index].value)});
    }
    return converted;
}

// `ask` takes the instance's metrics and gives a Result<Metric*>.
template <class Ask>
sluice_metric* metric_of(const sluice_host* host, Ask ask) noexcept {
    PluginInstance& instance = PluginInstance::from(host);
    std::string reason;
    try {
        const Result<Metric*> metric = ask(instance.metrics());
        if (metric) {
            return reinterpret_cast<sluice_metric*>(metric.value());
        }
        reason = metric.error();
    } catch (const std::exception& failure) {
        reason = failure.what();
    }
    observability::log(observability::LogLevel::kWarn, "plugin_metric_refused", reason,
                       {{"plugin", instance.library().manifest().name}, {"instance", instance.name()}});
    return nullptr;
}

sluice_metric* counter(const sluice_host* host, sluice_str name, sluice_str help, const sluice_label* labels,
                       std::size_t label_count) noexcept {
    return metric_of(host, [&](MetricSet& metrics) {
        return metrics.counter(view_of(name), view_of(help), labels_of(labels, label_count));
    });
}

sluice_metric* gauge(const sluice_host* host, sluice_str name, sluice_str help, const sluice_label* labels,
                     std::size_t label_count) noexcept {
    return metric_of(host, [&](MetricSet& metrics) {
        return metrics.gauge(view_of(name), view_of(help), labels_of(labels, label_count));
    });
}

sluice_metric* histogram(const sluice_host* host, sluice_str name, sluice_str help, const sluice_label* labels,
                         std::size_t label_count, const double* bounds, std::size_t bound_count) noexcept {
    return metric_of(host, [&](MetricSet& metrics) {
        const std::span<const double> checked(bounds, bounds == nullptr ? 0 : bound_count);
        return metrics.histogram(view_of(name), view_of(help), checked, labels_of(labels, label_count));
    });
}

void add(sluice_metric* metric, double value) noexcept {
    if (metric != nullptr) {
        reinterpret_cast<Metric*>(metric)->add(value);
    }
}

void set(sluice_metric* metric, double value) noexcept {
    if (metric != nullptr) {
        reinterpret_cast<Metric*>(metric)->set(value);
    }
}

constexpr sluice_host_metrics kTable{sizeof(sluice_host_metrics), 0, &counter, &gauge, &histogram, &add, &set};

}  // namespace

const sluice_host_metrics& host_metrics_table() noexcept { return kTable; }

}  // namespace sluice::plugin
