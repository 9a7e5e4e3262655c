#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "plugin/plugin_instance.hpp"

namespace sluice::net {

/// Runs a command of a plugin in the gateway whose admin socket this is. Nothing where nobody listens there. What goes
/// wrong on the way is an outcome too; a command that nobody offers has the exit code 2. [main-thread]
std::optional<plugin::CommandOutcome> run_in_gateway(const std::filesystem::path& socket_path, const std::string& name,
                                                     const std::vector<std::string>& arguments,
                                                     std::chrono::milliseconds timeout);

}  // namespace sluice::net
