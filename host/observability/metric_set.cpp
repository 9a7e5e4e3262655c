#include "observability/metric_set.hpp"

#include "observability/metric_registry.hpp"
#include "observability/metrics.hpp"
#include "observability/utf8.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <mutex>
#include <vector>

namespace sluice::observability {
namespace {

bool is_name(std::string_view text) {
    const auto is_start = [](char byte) { return (byte >= 'a' && byte <= 'z') || byte == '_'; };
    const auto is_part = [&](char byte) { return is_start(byte) || (byte >= '0' && byte <= '9'); };
    return !text.empty() && is_start(text.front()) && std::all_of(text.begin(), text.end(), is_part);
}

bool is_reserved_label(std::string_view name) {
    return name.starts_with("__") || name == "le" || name == "quantile" || name == "instance";
}

// A scraper refuses the whole page for one value that is not UTF-8.
bool is_printable(std::string_view text) {
    return is_valid_utf8(text) &&
           std::all_of(text.begin(), text.end(), [](char byte) { return static_cast<unsigned char>(byte) >= 0x20; });
}

using Labels = std::vector<std::pair<std::string, std::string>>;

Result<void> check_label(const MetricLabel& label) {
    const std::string name(label.name);
    if (!is_name(label.name) || label.name.size() > MetricSet::kMaxNameBytes) {
        return Unexpected("label \"" + name + "\" does not match [a-z_][a-z0-9_]*");
    }
    if (is_reserved_label(label.name)) {
        return Unexpected("label \"" + name + "\" is reserved");
    }
    if (label.value.size() > MetricSet::kMaxValueBytes || !is_printable(label.value)) {
        return Unexpected("the value of label \"" + name + "\" is longer than " +
                          std::to_string(MetricSet::kMaxValueBytes) + " bytes or no printable UTF-8");
    }
    return {};
}

Result<Labels> checked_labels(std::span<const MetricLabel> labels, std::string_view instance) {
    if (labels.size() > MetricSet::kMaxLabels) {
        return Unexpected(std::to_string(labels.size()) + " labels, at most " + std::to_string(MetricSet::kMaxLabels));
    }
    Labels checked;
    for (const MetricLabel& label : labels) {
        if (auto outcome = check_label(label); !outcome) {
            return Unexpected(std::move(outcome).error());
        }
        checked.emplace_back(label.name, label.value);
    }
    if (!instance.empty()) {
        checked.emplace_back("instance", instance);
    }
    std::sort(checked.begin(), checked.end());
    const auto twice = std::adjacent_find(
        checked.begin(), checked.end(), [](const auto& left, const auto& right) { return left.first == right.first; });
    if (twice != checked.end()) {
        return Unexpected("label \"" + twice->first + "\" is given twice");
    }
    return checked;
}

Result<void> check_bounds(std::span<const double> bounds) {
    if (bounds.empty() || bounds.size() > MetricSet::kMaxBounds) {
        return Unexpected(std::to_string(bounds.size()) + " bounds, expected 1 to " +
                          std::to_string(MetricSet::kMaxBounds));
    }
    for (std::size_t index = 0; index < bounds.size(); ++index) {
        if (!std::isfinite(bounds[index]) || (index > 0 && bounds[index] <= bounds[index - 1])) {
            return Unexpected("bound " + std::to_string(index) + " is not finite or not above the one before it");
        }
    }
    return {};
}

}  // namespace

struct MetricSet::State {
    explicit State(MetricRegistry& metric_registry) : registry(metric_registry) {}

    Result<Metric*> acquire(MetricType type, std::string_view name, std::string_view help,
                            std::span<const MetricLabel> labels, std::span<const double> bounds);

    MetricRegistry& registry;
    std::string prefix;
    std::string instance;
    std::mutex mutex;
    std::map<Metric*, std::size_t> metrics;  // with what each counts against the limit
    std::size_t series = 0;
};

Result<Metric*> MetricSet::State::acquire(MetricType type, std::string_view name, std::string_view help,
                                          std::span<const MetricLabel> labels, std::span<const double> bounds) {
    const std::string full_name = prefix + "_" + std::string(name);
    if (!is_name(name) || full_name.size() > kMaxNameBytes) {
        return Unexpected("metric name \"" + std::string(name) + "\" does not match [a-z_][a-z0-9_]* or is too long");
    }
    auto checked = checked_labels(labels, instance);
    if (!checked) {
        return Unexpected("metric " + full_name + ": " + checked.error());
    }
    const std::size_t cost = type == MetricType::kHistogram ? bounds.size() + 3 : 1;
    const std::lock_guard lock(mutex);
    const std::string shown_help(is_printable(help) ? help : std::string_view());
    const auto metric = registry.acquire(
        {type, full_name, shown_help, std::move(checked).value(), std::vector<double>(bounds.begin(), bounds.end())});
    if (!metric) {
        return metric;
    }
    if (metrics.contains(metric.value())) {
        registry.release(metric.value());
        return metric;
    }
    if (series + cost > kMaxSeries) {
        registry.release(metric.value());
        return Unexpected("metric " + full_name + ": the limit of " + std::to_string(kMaxSeries) +
                          " series is reached");
    }
    series += cost;
    metrics.emplace(metric.value(), cost);
    return metric;
}

MetricSet::MetricSet(Metrics& metrics, std::string_view prefix, std::string_view instance)
    : state_(std::make_unique<State>(metrics.registry())) {
    state_->prefix = prefix;
    std::replace(state_->prefix.begin(), state_->prefix.end(), '-', '_');
    state_->instance = instance;
}

MetricSet::~MetricSet() {
    for (const auto& [metric, cost] : state_->metrics) {
        state_->registry.release(metric);
    }
}

Result<Metric*> MetricSet::counter(std::string_view name, std::string_view help, std::span<const MetricLabel> labels) {
    return state_->acquire(MetricType::kCounter, name, help, labels, {});
}

Result<Metric*> MetricSet::gauge(std::string_view name, std::string_view help, std::span<const MetricLabel> labels) {
    return state_->acquire(MetricType::kGauge, name, help, labels, {});
}

Result<Metric*> MetricSet::histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                                     std::span<const MetricLabel> labels) {
    if (auto outcome = check_bounds(bounds); !outcome) {
        return Unexpected("metric " + std::string(name) + ": " + outcome.error());
    }
    return state_->acquire(MetricType::kHistogram, name, help, labels, bounds);
}

}  // namespace sluice::observability
