#pragma once

#include "config/config.hpp"
#include "config/problem.hpp"
#include "generation/builder.hpp"
#include "generation/plugin_plan.hpp"

namespace sluice::reload {

/// Tries a file that is not loaded yet in a process of its own, with the settings of every instance of `config` that
/// uses it. Problems where it must not be loaded. Blocks, at most reload.probe_timeout_ms, or until `stop_descriptor`
/// is readable. [any-thread]
config::Problems try_file(const generation::PlannedFile& file, const config::Config& config,
                          const generation::BuildServices& services, int stop_descriptor);

}  // namespace sluice::reload
