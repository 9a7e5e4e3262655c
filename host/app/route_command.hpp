#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/environment.hpp"
#include "config/loader.hpp"
#include "generation/generation.hpp"
#include "plugin/plugin_instance.hpp"

namespace sluice::app {

/// `sluice route explain`, without its first word, in the gateway: which route of `serving` (null: the gateway stops)
/// takes the request that the words describe, and why. Exit code 0 where one does, 1 where none does, 2 for wrong
/// words. Changes nothing on the way. [any-thread]
plugin::CommandOutcome explain_route(const generation::Generation* serving, const std::vector<std::string>& words);

/// The same by a configuration alone, of which no plugin is loaded.
plugin::CommandOutcome explain_route(const config::Config& config, const std::vector<std::string>& words);

/// The command itself: reads the file of the request, asks the gateway that runs on the state folder, and judges by
/// `loaded` where none does. Prints the outcome and returns its exit code. [main-thread]
int run_route_command(const config::LoadResult& loaded, const std::filesystem::path& config_file,
                      const config::Environment& environment, const std::vector<std::string>& words);

}  // namespace sluice::app
