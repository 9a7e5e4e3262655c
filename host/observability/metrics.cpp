#include "observability/metrics.hpp"

#include "observability/family_builder.hpp"
#include "observability/log.hpp"
#include "observability/loop_collector.hpp"
#include "observability/metric_registry.hpp"
#include "observability/plugin_collector.hpp"
#include "observability/process_collector.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <sstream>
#include <vector>

namespace sluice::observability {
namespace {

constexpr std::string_view kDroppedLines = "sluice_log_lines_dropped_total";
constexpr std::string_view kBuildInfo = "sluice_build_info";

void append(std::vector<prometheus::MetricFamily>& into, std::vector<prometheus::MetricFamily> more) {
    into.insert(into.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// The registry keeps series in hash order; a page that stays in order is easier to compare.
void sort_page(std::vector<prometheus::MetricFamily>& families) {
    std::sort(families.begin(), families.end(),
              [](const auto& left, const auto& right) { return left.name < right.name; });
    for (prometheus::MetricFamily& family : families) {
        std::sort(family.metric.begin(), family.metric.end(),
                  [](const auto& left, const auto& right) { return left.label < right.label; });
    }
}

}  // namespace

struct Metrics::State {
    State(std::size_t loop_count, std::string_view version_text)
        : version(version_text), collector(loops, [this] { return backend_names(); }), plugins(loop_count) {
        loops.reserve(loop_count);
        for (std::size_t index = 0; index < loop_count; ++index) {
            loops.push_back(std::make_unique<LoopMetrics>());
        }
    }

    std::vector<std::string> backend_names() {
        const std::lock_guard lock(mutex);
        return backends;
    }

    std::string version;
    LoopShards loops;
    std::mutex mutex;
    std::vector<std::string> backends{"none"};  // by slot
    MetricRegistry registry;
    LoopCollector collector;
    PluginCollector plugins;
    ProcessCollector process;
};

Metrics::Metrics(std::size_t loop_count, std::string_view version)
    : state_(std::make_unique<State>(loop_count, version)) {
    for (const auto& [name, type] : LoopCollector::names()) {
        state_->registry.reserve(name, type);
    }
    for (const auto& [name, type] : PluginCollector::names()) {
        state_->registry.reserve(name, type);
    }
    state_->registry.reserve(kDroppedLines, MetricType::kCounter);
    state_->registry.reserve(kBuildInfo, MetricType::kGauge);
}

Metrics::~Metrics() = default;

LoopMetrics& Metrics::loop(std::size_t index) noexcept { return *state_->loops[index]; }

std::size_t Metrics::loop_count() const noexcept { return state_->loops.size(); }

BackendSlot Metrics::backend_slot(std::string_view instance_name) {
    const std::lock_guard lock(state_->mutex);
    auto& names = state_->backends;
    const auto known = std::find(names.begin(), names.end(), instance_name);
    if (known != names.end()) {
        return static_cast<BackendSlot>(known - names.begin());
    }
    if (names.size() < LoopMetrics::kBackendSlots) {
        const bool is_last = names.size() == LoopMetrics::kBackendSlots - 1;
        names.emplace_back(is_last ? std::string_view("other") : instance_name);
    }
    return static_cast<BackendSlot>(names.size() - 1);
}

PluginMetrics& Metrics::plugin(std::string_view plugin_name, std::string_view instance_name) {
    return state_->plugins.find_or_make(plugin_name, instance_name);
}

std::string Metrics::expose() const {
    std::vector<prometheus::MetricFamily> families = state_->collector.Collect();
    append(families, state_->process.Collect());
    state_->plugins.collect(families);
    state_->registry.collect(families);

    FamilyBuilder dropped(kDroppedLines, "Log lines dropped because the output was too slow.",
                          prometheus::MetricType::Counter);
    dropped.add({{"log", "event"}}, static_cast<double>(dropped_event_lines()));
    dropped.add({{"log", "access"}}, static_cast<double>(dropped_access_lines()));
    families.push_back(std::move(dropped).take());

    FamilyBuilder build(kBuildInfo, "The version that is running.", prometheus::MetricType::Gauge);
    build.add({{"version", state_->version}}, 1);
    families.push_back(std::move(build).take());

    std::erase_if(families, [](const auto& family) { return family.metric.empty(); });
    sort_page(families);
    std::ostringstream page;
    prometheus::TextSerializer().Serialize(page, families);
    return std::move(page).str();
}

MetricRegistry& Metrics::registry() noexcept { return state_->registry; }

}  // namespace sluice::observability
