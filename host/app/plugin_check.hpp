#pragma once

#include <string>
#include <vector>

namespace sluice::app {

/// `sluice plugin check FILE`: whether a plugin keeps to the contract, tried in processes of their own. A line for each
/// check on the standard output. 0 = all hold, 1 = some do not, 2 = wrong arguments. [main-thread]
int run_plugin_check(const std::vector<std::string>& words);

}  // namespace sluice::app
