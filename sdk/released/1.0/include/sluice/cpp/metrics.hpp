// Counters, gauges and histograms in the host's Prometheus page.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/ext/metrics.h"

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
inline namespace v1 {

// Name and value, ("endpoint", "chat").
using Label = std::pair<std::string_view, std::string_view>;
using Labels = std::initializer_list<Label>;

// One metric: a small value. An empty one (a refused name, a host without metrics) ignores what it is given.
// Every thread may use it, several at once.
class Counter {
public:
    Counter() noexcept = default;
    Counter(const sluice_host_metrics* table, sluice_metric* metric) noexcept : table_(table), metric_(metric) {}

    explicit operator bool() const noexcept { return metric_ != nullptr; }
    // `value` is not negative.
    void add(double value = 1) const noexcept {
        if (metric_ != nullptr) {
            table_->add(metric_, value);
        }
    }

private:
    const sluice_host_metrics* table_ = nullptr;
    sluice_metric* metric_ = nullptr;
};

class Gauge {
public:
    Gauge() noexcept = default;
    Gauge(const sluice_host_metrics* table, sluice_metric* metric) noexcept : table_(table), metric_(metric) {}

    explicit operator bool() const noexcept { return metric_ != nullptr; }
    void add(double value) const noexcept {
        if (metric_ != nullptr) {
            table_->add(metric_, value);
        }
    }
    void set(double value) const noexcept {
        if (metric_ != nullptr) {
            table_->set(metric_, value);
        }
    }

private:
    const sluice_host_metrics* table_ = nullptr;
    sluice_metric* metric_ = nullptr;
};

class Histogram {
public:
    Histogram() noexcept = default;
    Histogram(const sluice_host_metrics* table, sluice_metric* metric) noexcept : table_(table), metric_(metric) {}

    explicit operator bool() const noexcept { return metric_ != nullptr; }
    void observe(double value) const noexcept {
        if (metric_ != nullptr) {
            table_->set(metric_, value);
        }
    }

private:
    const sluice_host_metrics* table_ = nullptr;
    sluice_metric* metric_ = nullptr;
};

// Makes metrics. Fetch them in the constructor and keep them. The host completes a name to `sluice_<plugin>_<name>`,
// adds the label `instance` and gives the same metric for the same name and labels.
class Metrics {
public:
    explicit Metrics(const sluice_host* host) noexcept
        : host_(host),
          table_(static_cast<const sluice_host_metrics*>(host->get_interface(host, to_str(SLUICE_HOST_METRICS_ID)))) {}

    Counter counter(std::string_view name, std::string_view help, Labels labels = {}) const {
        if (table_ == nullptr) {
            return {};
        }
        const std::vector<sluice_label> list = to_abi(labels);
        return {table_, table_->counter(host_, to_str(name), to_str(help), list.data(), list.size())};
    }
    Gauge gauge(std::string_view name, std::string_view help, Labels labels = {}) const {
        if (table_ == nullptr) {
            return {};
        }
        const std::vector<sluice_label> list = to_abi(labels);
        return {table_, table_->gauge(host_, to_str(name), to_str(help), list.data(), list.size())};
    }
    // `bounds` are the upper bounds of the buckets, ascending.
    Histogram histogram(std::string_view name, std::string_view help, const std::vector<double>& bounds,
                        Labels labels = {}) const {
        if (table_ == nullptr) {
            return {};
        }
        const std::vector<sluice_label> list = to_abi(labels);
        return {table_, table_->histogram(host_, to_str(name), to_str(help), list.data(), list.size(), bounds.data(),
                                          bounds.size())};
    }

private:
    static std::vector<sluice_label> to_abi(Labels labels) {
        std::vector<sluice_label> list;
        list.reserve(labels.size());
        for (const Label& label : labels) {
            list.push_back(sluice_label{to_str(label.first), to_str(label.second)});
        }
        return list;
    }

    const sluice_host* host_;
    const sluice_host_metrics* table_;
};

}  // namespace v1
}  // namespace sluice
