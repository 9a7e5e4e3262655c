#pragma once

#include <string>
#include <vector>

#include "config/environment.hpp"

namespace sluice::app {

/// `sluice reload` and its like: asks the gateway that runs on the state folder. `configured_state_dir` is what the
/// configuration says of it; empty: nothing. Prints what it says and returns the exit code: the command's, or 1 where
/// no gateway runs. [main-thread]
int run_gateway_command(const std::string& configured_state_dir, const config::Environment& environment,
                        const std::string& name, const std::vector<std::string>& arguments);

}  // namespace sluice::app
