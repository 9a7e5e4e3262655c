#pragma once

#include <string>
#include <vector>

namespace sluice::app {

/// `sluice plugin bench FILE`: what calls, events and hooks cost through the ABI, measured in a process of its own.
/// 0 = measured, 1 = could not be, 2 = wrong arguments. [main-thread]
int run_plugin_bench(const std::vector<std::string>& words);

}  // namespace sluice::app
