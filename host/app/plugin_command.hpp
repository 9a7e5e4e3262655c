#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/environment.hpp"

namespace sluice::app {

/// `sluice <name> ARGUMENT...`: runs the command that a plugin offers, in the gateway that runs on the state folder,
/// else in this process with an instance made for it. Prints what it says and returns the exit code: the command's, 1
/// where it could not be run, 2 where nobody offers it. Throws std::exception where this process cannot stand in for a
/// gateway. [main-thread]
int run_plugin_command(const config::Config& config, const config::Environment& environment, const std::string& name,
                       const std::vector<std::string>& arguments);

}  // namespace sluice::app
