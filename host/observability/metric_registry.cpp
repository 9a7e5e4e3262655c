#include "observability/metric_registry.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cmath>
#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <variant>

namespace sluice::observability {
namespace {

using FamilyPointer = std::variant<prometheus::Family<prometheus::Counter>*, prometheus::Family<prometheus::Gauge>*,
                                   prometheus::Family<prometheus::Histogram>*>;

class CounterMetric final : public Metric {
public:
    explicit CounterMetric(prometheus::Counter& counter) : counter_(counter) {}
    void add(double value) noexcept override {
        if (std::isfinite(value) && value >= 0) {
            counter_.Increment(value);
        }
    }
    void set(double) noexcept override {}

private:
    prometheus::Counter& counter_;
};

class GaugeMetric final : public Metric {
public:
    explicit GaugeMetric(prometheus::Gauge& gauge) : gauge_(gauge) {}
    void add(double value) noexcept override { gauge_.Increment(value); }
    void set(double value) noexcept override { gauge_.Set(value); }

private:
    prometheus::Gauge& gauge_;
};

class HistogramMetric final : public Metric {
public:
    explicit HistogramMetric(prometheus::Histogram& histogram) : histogram_(histogram) {}
    void add(double) noexcept override {}
    void set(double value) noexcept override {
        if (std::isfinite(value)) {
            histogram_.Observe(value);
        }
    }

private:
    prometheus::Histogram& histogram_;
};

std::string_view type_name(MetricType type) {
    switch (type) {
        case MetricType::kCounter: return "counter";
        case MetricType::kGauge: return "gauge";
        case MetricType::kHistogram: return "histogram";
    }
    return "metric";
}

// A histogram occupies more names on the page than its own.
std::vector<std::string> exposed_names(const std::string& name, MetricType type) {
    if (type != MetricType::kHistogram) {
        return {name};
    }
    return {name, name + "_bucket", name + "_sum", name + "_count"};
}

std::string series_key(const SeriesSpec& spec) {
    std::string key = spec.name;
    for (const auto& [name, value] : spec.labels) {
        key += '\0';
        key += name;
        key += '\0';
        key += value;
    }
    return key;
}

}  // namespace

struct MetricRegistry::State {
    struct Family {
        MetricType type;
        FamilyPointer pointer;
        std::size_t series = 0;
    };
    struct Series {
        std::string family;
        std::unique_ptr<Metric> metric;
        std::function<void()> remove;
        std::size_t users = 0;
    };

    Result<Family*> family_of(const SeriesSpec& spec);
    FamilyPointer make_family(const SeriesSpec& spec);
    Series make_series(const SeriesSpec& spec, Family& family);
    void drop_family(const std::string& name);

    mutable std::mutex mutex;
    prometheus::Registry registry;
    std::map<std::string, Family> families;
    std::map<std::string, std::string> owners;  // exposed name -> name of its family
    std::map<std::string, Series> series;       // by series_key()
    std::map<Metric*, std::string> keys;
};

FamilyPointer MetricRegistry::State::make_family(const SeriesSpec& spec) {
    switch (spec.type) {
        case MetricType::kCounter:
            return &prometheus::BuildCounter().Name(spec.name).Help(spec.help).Register(registry);
        case MetricType::kGauge: return &prometheus::BuildGauge().Name(spec.name).Help(spec.help).Register(registry);
        case MetricType::kHistogram: break;
    }
    return &prometheus::BuildHistogram().Name(spec.name).Help(spec.help).Register(registry);
}

Result<MetricRegistry::State::Family*> MetricRegistry::State::family_of(const SeriesSpec& spec) {
    const auto known = families.find(spec.name);
    if (known != families.end()) {
        if (known->second.type != spec.type) {
            return Unexpected("metric " + spec.name + " is a " + std::string(type_name(known->second.type)) +
                              " already, asked for as a " + std::string(type_name(spec.type)));
        }
        return &known->second;
    }
    const std::vector<std::string> names = exposed_names(spec.name, spec.type);
    for (const std::string& name : names) {
        if (const auto owner = owners.find(name); owner != owners.end()) {
            return Unexpected("metric name " + name + " is taken by " + owner->second);
        }
    }
    Family& family = families.try_emplace(spec.name, Family{spec.type, make_family(spec), 0}).first->second;
    for (const std::string& name : names) {
        owners.emplace(name, spec.name);
    }
    return &family;
}

MetricRegistry::State::Series MetricRegistry::State::make_series(const SeriesSpec& spec, Family& family) {
    const prometheus::Labels labels(spec.labels.begin(), spec.labels.end());
    Series made;
    made.family = spec.name;
    switch (spec.type) {
        case MetricType::kCounter: {
            auto* owner = std::get<prometheus::Family<prometheus::Counter>*>(family.pointer);
            auto& counter = owner->Add(labels);
            made.metric = std::make_unique<CounterMetric>(counter);
            made.remove = [owner, &counter] { owner->Remove(&counter); };
            break;
        }
        case MetricType::kGauge: {
            auto* owner = std::get<prometheus::Family<prometheus::Gauge>*>(family.pointer);
            auto& gauge = owner->Add(labels);
            made.metric = std::make_unique<GaugeMetric>(gauge);
            made.remove = [owner, &gauge] { owner->Remove(&gauge); };
            break;
        }
        case MetricType::kHistogram: {
            auto* owner = std::get<prometheus::Family<prometheus::Histogram>*>(family.pointer);
            auto& histogram = owner->Add(labels, prometheus::Histogram::BucketBoundaries(spec.bounds));
            made.metric = std::make_unique<HistogramMetric>(histogram);
            made.remove = [owner, &histogram] { owner->Remove(&histogram); };
            break;
        }
    }
    return made;
}

void MetricRegistry::State::drop_family(const std::string& name) {
    const auto found = families.find(name);
    std::visit([this](auto* family) { registry.Remove(*family); }, found->second.pointer);
    for (const std::string& exposed : exposed_names(name, found->second.type)) {
        owners.erase(exposed);
    }
    families.erase(found);
}

MetricRegistry::MetricRegistry() : state_(std::make_unique<State>()) {}
MetricRegistry::~MetricRegistry() = default;

void MetricRegistry::reserve(std::string_view name, MetricType type) {
    const std::lock_guard lock(state_->mutex);
    for (const std::string& exposed : exposed_names(std::string(name), type)) {
        state_->owners.emplace(exposed, "the host");
    }
}

Result<Metric*> MetricRegistry::acquire(const SeriesSpec& spec) {
    const std::lock_guard lock(state_->mutex);
    try {
        const auto family = state_->family_of(spec);
        if (!family) {
            return Unexpected(family.error());
        }
        const std::string key = series_key(spec);
        auto found = state_->series.find(key);
        if (found == state_->series.end()) {
            found = state_->series.emplace(key, state_->make_series(spec, *family.value())).first;
            state_->keys.emplace(found->second.metric.get(), key);
            ++family.value()->series;
        }
        ++found->second.users;
        return found->second.metric.get();
    } catch (const std::exception& failure) {
        return Unexpected("metric " + spec.name + ": " + failure.what());
    }
}

void MetricRegistry::release(Metric* metric) noexcept {
    const std::lock_guard lock(state_->mutex);
    const auto key = state_->keys.find(metric);
    const auto found = state_->series.find(key->second);
    if (--found->second.users > 0) {
        return;
    }
    found->second.remove();
    const std::string family = std::move(found->second.family);
    state_->series.erase(found);
    state_->keys.erase(key);
    if (--state_->families.find(family)->second.series == 0) {
        state_->drop_family(family);
    }
}

void MetricRegistry::collect(std::vector<prometheus::MetricFamily>& into) const {
    auto collected = state_->registry.Collect();
    into.insert(into.end(), std::make_move_iterator(collected.begin()), std::make_move_iterator(collected.end()));
}

}  // namespace sluice::observability
