#pragma once

#include <string>
#include <vector>

namespace sluice::app {

/// `sluice plugin inspect FILE`: what can be read from a plugin's file without running any of it. 0 = this program can
/// load it, 1 = it cannot, 2 = wrong arguments. [main-thread]
int run_plugin_inspect(const std::vector<std::string>& words);

}  // namespace sluice::app
