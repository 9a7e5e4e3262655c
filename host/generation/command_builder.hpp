#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "generation/builder.hpp"

namespace sluice::generation {

/// The instance that a command is for, or, where there is none, why.
struct CommandSearch {
    std::unique_ptr<plugin::PluginInstance> instance;
    /// What the plugins that were looked at offer; all of them, where none offers the command.
    std::vector<std::string> offered;
    /// Of the instance, or, where no plugin offers the command, of those that could not be looked at.
    config::Problems problems;
};

/// Makes the first instance of the configuration whose plugin offers the command `name`, and no other: for a command
/// without a gateway. Plugins before it are loaded, but not used. The loops run already. [main-thread]
CommandSearch build_for_command(const config::Config& config, const config::Environment& environment,
                                const BuildServices& services, std::string_view name);

}  // namespace sluice::generation
