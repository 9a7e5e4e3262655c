#include "isolation/relayed_metrics.hpp"

#include <vector>

#include "isolation/payload.hpp"
#include "isolation/process_metrics.hpp"

namespace sluice::isolation {

RelayedMetrics::RelayedMetrics(const sluice_host* host)
    : host_(host),
      table_(static_cast<const sluice_host_metrics*>(host->get_interface(host, SLUICE_STR(SLUICE_HOST_METRICS_ID)))) {}

bool RelayedMetrics::take(const Frame& frame) {
    return frame.kind == FrameKind::kMetric ? define(frame.payload) : change(frame.payload);
}

bool RelayedMetrics::define(std::string_view payload) {
    PayloadReader in(payload);
    const auto number = in.get<std::uint32_t>();
    const auto type = static_cast<MetricType>(in.get<std::uint8_t>());
    const sluice_str name = in.abi_text();
    const sluice_str help = in.abi_text();
    std::vector<sluice_label> labels(in.count(2 * sizeof(std::uint32_t)));
    for (sluice_label& label : labels) {
        label.name = in.abi_text();
        label.value = in.abi_text();
    }
    std::vector<double> bounds(in.count(sizeof(double)));
    for (double& bound : bounds) bound = in.get<double>();
    if (!in.is_whole() || type > MetricType::kHistogram) return false;
    if (!table_) return true;
    Series& series = series_[number];
    series.is_gauge = type == MetricType::kGauge;
    switch (type) {
        case MetricType::kCounter:
            series.metric = table_->counter(host_, name, help, labels.data(), labels.size());
            break;
        case MetricType::kGauge: series.metric = table_->gauge(host_, name, help, labels.data(), labels.size()); break;
        case MetricType::kHistogram:
            series.metric =
                table_->histogram(host_, name, help, labels.data(), labels.size(), bounds.data(), bounds.size());
            break;
    }
    return true;
}

bool RelayedMetrics::change(std::string_view payload) {
    PayloadReader in(payload);
    while (in.is_good() && !in.is_whole()) {
        const auto number = in.get<std::uint32_t>();
        const auto kind = static_cast<MetricChange>(in.get<std::uint8_t>());
        const auto value = in.get<double>();
        const auto known = series_.find(number);
        if (!in.is_good() || known == series_.end()) continue;
        kind == MetricChange::kAdd ? table_->add(known->second.metric, value)
                                   : table_->set(known->second.metric, value);
    }
    return in.is_good();
}

void RelayedMetrics::forget_process() {
    for (const auto& [number, series] : series_) {
        if (series.is_gauge) table_->set(series.metric, 0);
    }
    series_.clear();
}

}  // namespace sluice::isolation
