// Metrics whose values a test reads.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/ext/metrics.h"
#include "sluice/testing/breaches.hpp"
#include "sluice/testing/host_parts.hpp"

#include <cstddef>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
namespace testing {

// Every thread may use it. Metrics are named as the plugin names them, without prefix and `instance` label.
class FakeMetrics {
public:
    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

    // Of a counter or a gauge; 0 where there is none of this name and labels.
    double value(std::string_view name, Labels labels = {}) const {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = metrics_.find(key(name, labels));
        return found == metrics_.end() ? 0 : found->second.value;
    }
    // What a histogram was given, in order.
    std::vector<double> observations(std::string_view name, Labels labels = {}) const {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = metrics_.find(key(name, labels));
        return found == metrics_.end() ? std::vector<double>() : found->second.observations;
    }
    bool has(std::string_view name, Labels labels = {}) const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return metrics_.count(key(name, labels)) != 0;
    }

    static const sluice_host_metrics& table() noexcept {
        static const sluice_host_metrics kTable = {
            sizeof(sluice_host_metrics),
            0,
            [](const sluice_host* host, sluice_str name, sluice_str, const sluice_label* labels,
               std::size_t count) noexcept { return make(host, Kind::kCounter, name, labels, count); },
            [](const sluice_host* host, sluice_str name, sluice_str, const sluice_label* labels,
               std::size_t count) noexcept { return make(host, Kind::kGauge, name, labels, count); },
            [](const sluice_host* host, sluice_str name, sluice_str, const sluice_label* labels, std::size_t count,
               const double* bounds, std::size_t bound_count) noexcept {
                check_bounds(host, name, bounds, bound_count);
                return make(host, Kind::kHistogram, name, labels, count);
            },
            &add,
            &set};
        return kTable;
    }

    static constexpr std::size_t kMaxSeries = 1000;

private:
    enum class Kind { kCounter, kGauge, kHistogram };
    struct Metric {
        FakeMetrics* owner = nullptr;
        Breaches* breaches = nullptr;
        std::string name;
        Kind kind = Kind::kCounter;
        double value = 0;
        std::vector<double> observations;
    };

    static std::string key(std::string_view name, Labels labels) {
        std::vector<sluice_label> list;
        for (const auto& label : labels) {
            list.push_back(sluice_label{to_str(label.first), to_str(label.second)});
        }
        return key(name, list.data(), list.size());
    }
    static std::string key(std::string_view name, const sluice_label* labels, std::size_t count) {
        std::map<std::string, std::string> sorted;
        for (std::size_t i = 0; i < count; ++i) {
            sorted[std::string(to_view(labels[i].name))] = std::string(to_view(labels[i].value));
        }
        std::string text(name);
        for (const auto& label : sorted) {
            text += '\n' + label.first + '=' + label.second;
        }
        return text;
    }
    // [a-z_][a-z0-9_]*
    static bool fits_prometheus(std::string_view name) noexcept {
        for (std::size_t i = 0; i < name.size(); ++i) {
            const bool is_letter = (name[i] >= 'a' && name[i] <= 'z') || name[i] == '_';
            const bool is_digit = name[i] >= '0' && name[i] <= '9';
            if (!is_letter && !(is_digit && i > 0)) {
                return false;
            }
        }
        return !name.empty();
    }
    static void check_bounds(const sluice_host* host, sluice_str name, const double* bounds, std::size_t count) {
        for (std::size_t i = 1; i < count; ++i) {
            if (!(bounds[i - 1] < bounds[i])) {
                parts_of(host).breaches->add("the bounds of histogram \"" + std::string(to_view(name)) +
                                             "\" do not ascend");
            }
        }
    }
    static sluice_metric* make(const sluice_host* host, Kind kind, sluice_str name, const sluice_label* labels,
                               std::size_t count) noexcept {
        FakeMetrics& self = *parts_of(host).metrics;
        Breaches& breaches = *parts_of(host).breaches;
        bool fits = fits_prometheus(to_view(name));
        for (std::size_t i = 0; i < count; ++i) {
            fits = fits && fits_prometheus(to_view(labels[i].name));
        }
        if (!fits) {
            breaches.add("metric \"" + std::string(to_view(name)) + "\" or one of its labels does not fit Prometheus");
            return nullptr;
        }
        const std::lock_guard<std::mutex> lock(self.mutex_);
        const std::string wanted = key(to_view(name), labels, count);
        const auto found = self.metrics_.find(wanted);
        if (found != self.metrics_.end()) {
            if (found->second.kind != kind) {
                breaches.add("metric \"" + found->second.name + "\" was asked for as two kinds");
            }
            return reinterpret_cast<sluice_metric*>(&found->second);
        }
        if (self.metrics_.size() == kMaxSeries) {
            return nullptr;
        }
        Metric& metric = self.metrics_[wanted];
        metric = Metric{&self, &breaches, std::string(to_view(name)), kind, 0, {}};
        return reinterpret_cast<sluice_metric*>(&metric);
    }
    static void add(sluice_metric* raw, double value) noexcept {
        if (raw == nullptr) {
            return;
        }
        Metric& metric = *reinterpret_cast<Metric*>(raw);
        const std::lock_guard<std::mutex> lock(metric.owner->mutex_);
        if (metric.kind == Kind::kHistogram || (metric.kind == Kind::kCounter && value < 0)) {
            metric.breaches->add("metric \"" + metric.name + "\" cannot be added " + std::to_string(value));
            return;
        }
        metric.value += value;
    }
    static void set(sluice_metric* raw, double value) noexcept {
        if (raw == nullptr) {
            return;
        }
        Metric& metric = *reinterpret_cast<Metric*>(raw);
        const std::lock_guard<std::mutex> lock(metric.owner->mutex_);
        if (metric.kind == Kind::kCounter) {
            metric.breaches->add("counter \"" + metric.name + "\" cannot be set");
        } else if (metric.kind == Kind::kGauge) {
            metric.value = value;
        } else {
            metric.observations.push_back(value);
        }
    }

    mutable std::mutex mutex_;
    std::map<std::string, Metric> metrics_;  // a map, so that a metric stays where it is
};

}  // namespace testing
}  // namespace sluice
