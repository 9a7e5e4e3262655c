#pragma once

#include <prometheus/metric_family.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::observability {

using LabelPair = std::pair<std::string_view, std::string_view>;

/// One metric's part of the page, before it is written.
class FamilyBuilder {
public:
    FamilyBuilder(std::string_view name, std::string_view help, prometheus::MetricType type) {
        family_.name = name;
        family_.help = help;
        family_.type = type;
    }

    /// Adds a series of a counter or gauge.
    void add(std::initializer_list<LabelPair> labels, double value) {
        prometheus::ClientMetric& metric = add(labels);
        if (family_.type == prometheus::MetricType::Counter) {
            metric.counter.value = value;
        } else {
            metric.gauge.value = value;
        }
    }

    /// Adds a series to be filled by the caller; valid until the next one is added.
    prometheus::ClientMetric& add(std::initializer_list<LabelPair> labels) {
        prometheus::ClientMetric& metric = family_.metric.emplace_back();
        for (const auto& [name, value] : labels) {
            metric.label.push_back({std::string(name), std::string(value)});
        }
        return metric;
    }

    prometheus::MetricFamily take() && { return std::move(family_); }

private:
    prometheus::MetricFamily family_;
};

}  // namespace sluice::observability
