#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "observability/metric_set.hpp"
#include "plugin/plugin_library.hpp"

namespace sluice::reload {

/// What became of the libraries that were closed: counted in the metrics, and which of them are still in memory.
/// [any-thread]
class UnloadRecords {
public:
    explicit UnloadRecords(observability::Metrics& metrics);

    /// For plugin::LoadOptions.
    void note(const plugin::UnloadReport& report);

    /// Looks again at what was still there: the loader gives up code that a thread's variables had kept only when it
    /// closes the next library after that thread's end.
    void look_again();

    /// Closed versions of the plugin `name` that are still in memory.
    std::size_t resident(const std::string& name) const;
    std::vector<plugin::UnloadReport> all_resident() const;

private:
    void drop_gone_locked();
    void show_locked(const std::string& name);

    mutable std::mutex mutex_;
    std::vector<plugin::UnloadReport> resident_;
    observability::MetricSet metrics_;
};

}  // namespace sluice::reload
