#include "reload/unload_records.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "observability/log.hpp"

namespace sluice::reload {

namespace {

using observability::MetricLabel;
using plugin::UnloadOutcome;

std::string_view word_of(UnloadOutcome outcome) {
    switch (outcome) {
        case UnloadOutcome::kClosed: return "closed";
        case UnloadOutcome::kResident: return "resident";
        case UnloadOutcome::kKept: break;
    }
    return "kept";
}

}  // namespace

UnloadRecords::UnloadRecords(observability::Metrics& metrics) : metrics_(metrics, "sluice") {}

void UnloadRecords::note(const plugin::UnloadReport& report) {
    const std::lock_guard lock(mutex_);
    const std::array labels{MetricLabel{"plugin", report.name}, MetricLabel{"outcome", word_of(report.outcome)}};
    auto counter =
        metrics_.counter("plugin_unloads_total", "Plugin files that were unloaded, by what became of them.", labels);
    if (counter) (*counter)->add(1);
    if (report.outcome == UnloadOutcome::kResident) resident_.push_back(report);
    drop_gone_locked();
    show_locked(report.name);
}

void UnloadRecords::look_again() {
    const std::lock_guard lock(mutex_);
    drop_gone_locked();
}

void UnloadRecords::drop_gone_locked() {
    auto is_gone = [](const plugin::UnloadReport& report) { return !plugin::is_code_mapped(report.loaded_path); };
    std::vector<plugin::UnloadReport> gone;
    std::copy_if(resident_.begin(), resident_.end(), std::back_inserter(gone), is_gone);
    std::erase_if(resident_, is_gone);
    for (const plugin::UnloadReport& report : gone) {
        observability::log(observability::LogLevel::kInfo, "plugin_closed", "its code is gone after all",
                           {{"plugin", report.name}, {"version", report.version}, {"sha256", report.sha256}});
        std::error_code ignored;
        std::filesystem::remove(report.loaded_path, ignored);
        show_locked(report.name);
    }
}

void UnloadRecords::show_locked(const std::string& name) {
    const std::array labels{MetricLabel{"plugin", name}};
    auto gauge =
        metrics_.gauge("plugins_resident", "Closed versions of a plugin whose code is still in memory.", labels);
    auto is_of_name = [&](const plugin::UnloadReport& report) { return report.name == name; };
    if (gauge) (*gauge)->set(static_cast<double>(std::count_if(resident_.begin(), resident_.end(), is_of_name)));
}

std::size_t UnloadRecords::resident(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(resident_.begin(), resident_.end(), [&](const auto& report) { return report.name == name; }));
}

std::vector<plugin::UnloadReport> UnloadRecords::all_resident() const {
    const std::lock_guard lock(mutex_);
    return resident_;
}

}  // namespace sluice::reload
