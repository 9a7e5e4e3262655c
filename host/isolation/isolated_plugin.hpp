#pragma once

#include <filesystem>
#include <memory>

#include "observability/metrics.hpp"
#include "plugin/plugin_library.hpp"
#include "plugin/private_copy.hpp"
#include "result.hpp"

namespace sluice::isolation {

/// A library whose plugin runs in processes of its own, one for each instance: its tables and its schema are there as
/// with one that is loaded. The file is inspected and copied as always, and looked at in a process that ends at once,
/// so that what crashes when it is loaded does no harm. The error begins with the path. `metrics` outlives the library.
/// Commands of the plugin are not offered. [main-thread]
Result<std::shared_ptr<const plugin::PluginLibrary>> load_isolated(const std::filesystem::path& file,
                                                                   const plugin::PrivateCopies& copies,
                                                                   observability::Metrics& metrics);

}  // namespace sluice::isolation
