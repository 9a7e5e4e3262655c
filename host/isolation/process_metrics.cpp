#include "isolation/process_metrics.hpp"

#include <utility>

namespace sluice::isolation {

namespace {

/// As many as the gateway would take, and more than it has buckets for between two times of sending.
constexpr std::size_t kMaxProcessSeries = 1000;
constexpr std::size_t kMaxObservations = 65536;

ProcessMetrics* the_metrics = nullptr;

template <class Make>
sluice_metric* guarded_metric(Make&& make) noexcept {
    try {
        return make();
    } catch (...) {
        return nullptr;  // without memory there is one series less
    }
}

constexpr sluice_host_metrics kTable{
    sizeof(sluice_host_metrics),
    0,
    [](const sluice_host*, sluice_str name, sluice_str help, const sluice_label* labels, std::size_t count) noexcept {
        return guarded_metric(
            [&] { return the_metrics->metric(MetricType::kCounter, name, help, labels, count, nullptr, 0); });
    },
    [](const sluice_host*, sluice_str name, sluice_str help, const sluice_label* labels, std::size_t count) noexcept {
        return guarded_metric(
            [&] { return the_metrics->metric(MetricType::kGauge, name, help, labels, count, nullptr, 0); });
    },
    [](const sluice_host*, sluice_str name, sluice_str help, const sluice_label* labels, std::size_t count,
       const double* bounds, std::size_t bound_count) noexcept {
        return guarded_metric([&] {
            return the_metrics->metric(MetricType::kHistogram, name, help, labels, count, bounds, bound_count);
        });
    },
    [](sluice_metric* metric, double value) noexcept {
        if (metric) the_metrics->change(metric, MetricChange::kAdd, value);
    },
    [](sluice_metric* metric, double value) noexcept {
        if (metric) the_metrics->change(metric, MetricChange::kSet, value);
    },
};

}  // namespace

struct ProcessMetrics::Series {
    std::uint32_t number = 0;
    MetricType type{};
    bool is_marked = false;
    bool is_set = false;  ///< a gauge: `set` comes before `added`
    double set = 0;
    double added = 0;
    std::vector<double> observations;
};

ProcessMetrics::ProcessMetrics(std::function<void()> on_change) : on_change_(std::move(on_change)) {
    the_metrics = this;
}

ProcessMetrics::~ProcessMetrics() = default;

void ProcessMetrics::offer(plugin::HostInterfaces& interfaces) { interfaces.offer(SLUICE_HOST_METRICS_ID, &kTable); }

sluice_metric* ProcessMetrics::metric(MetricType type, sluice_str name, sluice_str help, const sluice_label* labels,
                                      std::size_t label_count, const double* bounds, std::size_t bound_count) {
    std::string definition;
    PayloadWriter out(definition);
    out.put(static_cast<std::uint8_t>(type)).put(name).put(help).put(static_cast<std::uint32_t>(label_count));
    for (std::size_t i = 0; i < label_count; ++i) out.put(labels[i].name).put(labels[i].value);
    out.put(static_cast<std::uint32_t>(bound_count));
    for (std::size_t i = 0; i < bound_count; ++i) out.put(bounds[i]);
    const std::lock_guard lock(mutex_);
    if (const auto known = series_.find(definition); known != series_.end()) {
        return reinterpret_cast<sluice_metric*>(known->second.get());
    }
    if (series_.size() >= kMaxProcessSeries) return nullptr;
    auto series = std::make_unique<Series>();
    series->number = static_cast<std::uint32_t>(series_.size());
    series->type = type;
    std::string payload;
    PayloadWriter(payload).put(series->number).put_rest({definition.data(), definition.size()});
    definitions_.push_back(std::move(payload));
    Series* const made = series_.emplace(std::move(definition), std::move(series)).first->second.get();
    if (!std::exchange(is_told_, true)) on_change_();
    return reinterpret_cast<sluice_metric*>(made);
}

void ProcessMetrics::change(sluice_metric* metric, MetricChange change, double value) {
    Series& series = *reinterpret_cast<Series*>(metric);
    const std::lock_guard lock(mutex_);
    if (change == MetricChange::kAdd) {
        series.added += value;
    } else if (series.type == MetricType::kGauge) {
        series.is_set = true;
        series.set = value;
        series.added = 0;
    } else if (series.observations.size() < kMaxObservations) {
        series.observations.push_back(value);
    }
    mark_locked(series);
}

void ProcessMetrics::mark_locked(Series& series) {
    if (!std::exchange(series.is_marked, true)) changed_.push_back(&series);
    if (!std::exchange(is_told_, true)) on_change_();
}

ProcessMetrics::Batch ProcessMetrics::take() {
    const std::lock_guard lock(mutex_);
    is_told_ = false;
    Batch batch{std::exchange(definitions_, {}), {}};
    PayloadWriter out(batch.changes);
    const auto put = [&out](const Series& series, MetricChange change, double value) {
        out.put(series.number).put(static_cast<std::uint8_t>(change)).put(value);
    };
    for (Series* const series : std::exchange(changed_, {})) {
        if (std::exchange(series->is_set, false)) put(*series, MetricChange::kSet, series->set);
        if (series->added != 0) put(*series, MetricChange::kAdd, std::exchange(series->added, 0));
        for (const double value : std::exchange(series->observations, {})) put(*series, MetricChange::kSet, value);
        series->is_marked = false;
    }
    return batch;
}

}  // namespace sluice::isolation
