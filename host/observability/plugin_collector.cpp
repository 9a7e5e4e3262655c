#include "observability/plugin_collector.hpp"

#include "observability/family_builder.hpp"

#include <algorithm>

namespace sluice::observability {
namespace {

using prometheus::MetricType::Counter;
using prometheus::MetricType::Gauge;
using Instances = std::vector<std::unique_ptr<PluginMetrics>>;

constexpr std::string_view kCalls = "sluice_plugin_calls_total";
constexpr std::string_view kErrors = "sluice_plugin_errors_total";
constexpr std::string_view kOverruns = "sluice_plugin_overruns_total";
constexpr std::string_view kSeconds = "sluice_plugin_seconds_total";
constexpr std::string_view kHeldBytes = "sluice_plugin_held_bytes";
constexpr std::string_view kQuarantined = "sluice_plugin_quarantined";

/// A family with a series for each instance and function of which `value_of` gives more than 0.
template <class ValueOf>
prometheus::MetricFamily by_function(const Instances& instances, std::string_view name, std::string_view help,
                                     ValueOf value_of) {
    FamilyBuilder family(name, help, Counter);
    for (std::size_t cell = 0; cell < instances.size() * kPluginFunctionNames.size(); ++cell) {
        const PluginMetrics& instance = *instances[cell / kPluginFunctionNames.size()];
        const auto function = static_cast<PluginFunction>(cell % kPluginFunctionNames.size());
        const double value = value_of(instance, function);
        if (value <= 0) continue;
        family.add({{"plugin", instance.plugin()},
                    {"instance", instance.instance()},
                    {"function", plugin_function_name(function)}},
                   value);
    }
    return std::move(family).take();
}

prometheus::MetricFamily errors_of(const Instances& instances) {
    FamilyBuilder family(kErrors, "What plugins did wrong of themselves, by reason; not errors of their upstreams.",
                         Counter);
    for (std::size_t cell = 0; cell < instances.size() * kMisbehaviourNames.size(); ++cell) {
        const PluginMetrics& instance = *instances[cell / kMisbehaviourNames.size()];
        const auto reason = static_cast<Misbehaviour>(cell % kMisbehaviourNames.size());
        const std::uint64_t count = instance.failures(reason);
        if (count == 0) continue;
        family.add(
            {{"plugin", instance.plugin()}, {"instance", instance.instance()}, {"reason", misbehaviour_name(reason)}},
            static_cast<double>(count));
    }
    return std::move(family).take();
}

template <class ValueOf>
prometheus::MetricFamily by_instance(const Instances& instances, std::string_view name, std::string_view help,
                                     ValueOf value_of) {
    FamilyBuilder family(name, help, Gauge);
    for (const auto& instance : instances) {
        family.add({{"plugin", instance->plugin()}, {"instance", instance->instance()}}, value_of(*instance));
    }
    return std::move(family).take();
}

}  // namespace

PluginMetrics& PluginCollector::find_or_make(std::string_view plugin, std::string_view instance) {
    const std::lock_guard lock(mutex_);
    const auto known = std::find_if(instances_.begin(), instances_.end(), [&](const auto& each) {
        return each->plugin() == plugin && each->instance() == instance;
    });
    if (known != instances_.end()) return **known;
    if (instances_.size() == kMaxInstances) return *instances_.back();
    if (instances_.size() == kMaxInstances - 1) plugin = instance = "other";
    instances_.push_back(std::make_unique<PluginMetrics>(std::string(plugin), std::string(instance), loop_count_));
    return *instances_.back();
}

std::vector<std::pair<std::string_view, MetricType>> PluginCollector::names() {
    return {{kCalls, MetricType::kCounter},   {kErrors, MetricType::kCounter},  {kOverruns, MetricType::kCounter},
            {kSeconds, MetricType::kCounter}, {kHeldBytes, MetricType::kGauge}, {kQuarantined, MetricType::kGauge}};
}

void PluginCollector::collect(std::vector<prometheus::MetricFamily>& into) const {
    const std::lock_guard lock(mutex_);
    into.push_back(by_function(instances_, kCalls, "Times the host entered a plugin, by function.",
                               [](const PluginMetrics& instance, PluginFunction function) {
                                   return static_cast<double>(instance.calls(function));
                               }));
    into.push_back(by_function(instances_, kOverruns,
                               "Times a plugin held an event loop, or a worker after its call had ended, too long.",
                               [](const PluginMetrics& instance, PluginFunction function) {
                                   return static_cast<double>(instance.overruns(function));
                               }));
    into.push_back(by_function(instances_, kSeconds,
                               "Wall time inside a plugin on loops and workers, sampled: a look at every thread each "
                               "few milliseconds counts the time since the last look.",
                               [](const PluginMetrics& instance, PluginFunction function) {
                                   return std::chrono::duration<double>(instance.spent(function)).count();
                               }));
    into.push_back(errors_of(instances_));
    into.push_back(
        by_instance(instances_, kHeldBytes,
                    "Bytes the host keeps for calls of a backend that have not ended: request bodies, and "
                    "what synchronous ones have written that is not in the client's queue yet.",
                    [](const PluginMetrics& instance) { return static_cast<double>(instance.held_bytes()); }));
    into.push_back(by_instance(instances_, kQuarantined, "1 while the instance is kept out for its failures.",
                               [](const PluginMetrics& instance) { return instance.quarantined() > 0 ? 1.0 : 0.0; }));
}

}  // namespace sluice::observability
